#pragma once

// The far end of links: what others meet when they meet a replica. It is the
// vector of a hub; of a replica that steps, a published copy: a copy for the
// others, which the replica brings up to date whenever it comes to rest. So
// nobody writes into a vector while workers walk on it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "actors/sync/gate/gate.hpp"
#include "actors/wire/signal.hpp"
#include "kernels/exchange/exchange_rule.hpp"
#include "kernels/step/optimizer.hpp"

namespace sounder::actors {

/// A meeting at its far end: the same for all stretches of the vector.
struct terms {
  float step = 1.0F;  // size, of who comes
  bool needs_v = false;
  bool needs_u = false;
  std::uint64_t number = 0;  // far_end::number
};

/// What a replica brings to a round.
struct arrival {
  float* payload = nullptr;
  float step = 1.0F;              // size
  bool before_optimizer = false;  // near_end::g
};

/// Threads: any, as the disciplines below say.
class target {
 public:
  /// `parameters` outlive the target; `arrivals` links end here. A sharded
  /// hub holds the coordinates from `offset` on.
  target(std::span<float> parameters, std::size_t arrivals,
         std::size_t offset = 0, std::unique_ptr<gate> entrance = nullptr);

  std::span<float> parameters() const noexcept { return parameters_; }

  /// A meeting by the rule begins. When gradients come that no optimizer has
  /// seen, it is a step of the hub's.
  terms begin(const kernels::exchange_rule& rule, float step,
              bool before_optimizer);
  kernels::far_end at(std::size_t first, std::size_t n, const terms& of);

  /// Updates served so far, all links together.
  std::uint64_t version() const noexcept { return version_.load(); }
  void count_update() noexcept { version_.fetch_add(1); }

  /// One at a time, for locked disciplines and for a published copy while it is
  /// brought up to date: held from one call to another, perhaps of another
  /// thread. Whoever tries first after it was let go of has it: who comes
  /// often may come before who has waited.
  bool try_hold() noexcept { return !is_held_.exchange(true); }
  void let_go() noexcept {
    is_held_.store(false);
    changed.notify();
  }
  bool is_held() const noexcept { return is_held_.load(); }
  signal changed;

  // The discipline, whose gate it is; see gate.hpp. Without one it is open.
  bool admits(std::size_t rank, errand what);
  void served(std::size_t rank, errand what);

  /// The rank comes no more before the others have come as often.
  void rests(std::size_t rank);

  /// For a sync: the payload has come. Then whoever finds that the round is
  /// due serves it, until admits(); in between all wait for changed until
  /// may_go_on(), or round_due().
  void come(std::size_t rank, const arrival& brought);
  bool may_go_on(std::size_t rank);
  bool is_round_due();
  moment round_due();
  /// What came to a round that is due, for whoever asked to serve and then
  /// to open the round; none while there is none.
  std::vector<arrival> begin_round();
  void open_round();

  /// Set once. Without a clock, as in a deterministic run, no time passes.
  bool has_clock = true;

  std::size_t arrivals() const noexcept { return arrived_.size(); }

  /// All that changes of it but the parameters, when nobody meets it.
  void keep(state_archive& all);

 private:
  moment now() const noexcept {
    return has_clock ? std::chrono::steady_clock::now() : moment();
  }

  template <class Ask>
  auto ask_gate(const Ask& ask);
  template <class Tell>
  void tell_gate(const Tell& tell);
  void keep_made(state_archive& all, std::once_flag& made,
                 std::vector<float>& values);

  std::span<float> parameters_;
  std::size_t offset_;
  std::atomic<bool> is_held_{false};
  std::atomic<std::uint64_t> version_{0};
  std::mutex gate_lock_;
  std::unique_ptr<gate> gate_;
  std::once_flag v_made_;
  std::once_flag u_made_;
  kernels::optimizer_state state_;  // its vectors are made on first use
  std::vector<arrival> arrived_;    // by rank
};

}  // namespace sounder::actors

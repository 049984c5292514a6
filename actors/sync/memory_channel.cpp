#include "actors/sync/memory_channel.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "actors/sync/served_link.hpp"
#include "kernels/exchange/overwrite.hpp"
#include "kernels/shared_vector.hpp"

namespace sounder::actors {

namespace {

using buffer = std::array<float, local_end::block>;

/// Calls visit(first, n) for the blocks of a vector. The links of an end begin
/// at blocks far from each other's, lest those who meet it at once write into
/// the same cache lines all the way.
template <class Visit>
void for_each_block(std::size_t size, const memory_link& link,
                    const Visit& visit) {
  const std::size_t blocks = (size + local_end::block - 1) / local_end::block;
  const std::size_t links = std::max<std::size_t>(link.far->arrivals(), 1);
  const std::size_t begin = link.rank * blocks / links;
  for (std::size_t k = 0; k < blocks; ++k) {
    const std::size_t first = (begin + k) % blocks * local_end::block;
    visit(first, std::min(local_end::block, size - first));
  }
}

/// Runs an errand block by block, with everything held or nothing.
class memory_channel : public channel {
 public:
  explicit memory_channel(memory_link link)
      : link_(std::move(link)),
        far_({link_.rule, link_.far, link_.rank,
              link_.hold_far ? held_for::errand : held_for::nothing}) {}

  bool run(errand what, local_end& own, const step_context& now) override {
    return what == errand::sync ? sync(own, now) : meet(what, own, now);
  }

  void wait(errand what) override { far_.wait(what); }

  void rest() override { far_.rests(); }

  void keep(state_archive& all) override {
    all.require_rest(!has_come_);
    all(link_.snapshot, seen_version_, far_);
  }

  traffic take_traffic() override {
    const std::uint64_t since = std::exchange(seen_version_, far_.version());
    return {std::exchange(bytes_, 0),
            seen_version_ - since - std::exchange(own_updates_, 0)};
  }

  const local_link& link() const override { return link_; }

 private:
  bool meet(errand what, local_end& own, const step_context& now) {
    if (!own.try_hold()) {
      return false;
    }
    if (!far_.try_begin(what, now.step, own.has_gradient())) {
      own.let_go();
      return false;
    }
    buffer payload;
    start_pass(own);
    for_each_block(size(), link_, [&](std::size_t first, std::size_t n) {
      meet(what, link_.open(own, now, first, n), first, payload.data());
      link_.close(own, first, n);
    });
    end_pass(own);
    end(what != errand::pull);
    own.let_go();
    bytes_ += (what == errand::trade ? 2 : 1) * vector_bytes();
    return true;
  }

  /// A block: of a trade ask, serve, take; of a push ask and serve, s <- w; of
  /// a pull the far end's parameters.
  void meet(errand what, const kernels::near_end& near, std::size_t first,
            float* payload) const {
    const kernels::exchange_rule& rule = *link_.rule;
    if (what != errand::pull) {
      rule.ask(near, payload);
    }
    far_.serve(first, near.n, payload);
    if (what == errand::trade) {
      rule.take(near, payload, near.w);  // held: nobody has moved it
    } else if (what == errand::push) {
      kernels::relaxed::copy(near.w, near.n, near.s);
    } else {
      kernels::overwrite().take(near, payload, nullptr);
    }
  }

  void end(bool is_update) {
    far_.end();
    if (far_.is_dropped()) {
      link_.meter->dropped.fetch_add(1, std::memory_order_relaxed);
    } else if (is_update) {
      ++own_updates_;
    }
  }

  /// Comes with a payload, and goes on with the answer when all have come. The
  /// published copy is free in between.
  bool sync(local_end& own, const step_context& now) {
    if (!has_come_) {
      if (!own.try_hold()) {
        return false;
      }
      come(own, now);
    }
    if (!far_.is_round_over() || !own.try_hold()) {
      return false;
    }
    for_each_block(size(), link_, [&](std::size_t first, std::size_t n) {
      link_.take(errand::sync, own, now, first, n, payload_.data() + first);
    });
    end_pass(own);
    own.let_go();
    has_come_ = false;
    end(true);
    bytes_ += 2 * vector_bytes();
    return true;
  }

  void come(local_end& own, const step_context& now) {
    payload_.resize(size());
    start_pass(own);
    for_each_block(size(), link_, [&](std::size_t first, std::size_t n) {
      link_.ask(errand::sync, own, now, first, n, payload_.data() + first);
    });
    end_pass(own);
    own.let_go();
    has_come_ = true;
    far_.come({payload_.data(), now.step, own.has_gradient()});
  }

  /// Around a pass over the link's coordinates. What others of the vector
  /// need is done before where these are not all.
  void start_pass(local_end& own) const noexcept {
    if (size() != own.size()) {
      own.open_all();
    }
  }
  void end_pass(local_end& own) const noexcept {
    if (size() == own.size()) {
      own.pass_done();
    }
  }

  std::size_t size() const noexcept { return link_.snapshot.size(); }
  std::uint64_t vector_bytes() const noexcept { return size() * sizeof(float); }

  memory_link link_;
  served_link far_;

  // Of this occasion.
  std::uint64_t bytes_ = 0;
  std::uint64_t own_updates_ = 0;

  std::uint64_t seen_version_ = 0;  // of the far end, after the last occasion

  // Of a sync.
  std::vector<float> payload_;
  bool has_come_ = false;
};

}  // namespace

std::unique_ptr<meeting> meet_in_memory(memory_link link) {
  return meet_over(std::make_unique<memory_channel>(std::move(link)));
}

}  // namespace sounder::actors

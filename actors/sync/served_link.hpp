#pragma once

// The far end of one link: lets its errands in as the discipline says, and
// serves them at the target. It cannot tell where the near end is: in this
// process, where a stretch is a block in the cache, or behind a stream, where
// it is a packet.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "actors/sync/errand.hpp"
#include "actors/sync/target.hpp"
#include "kernels/exchange/exchange_rule.hpp"
#include "kernels/exchange/packer.hpp"

namespace sounder::actors {

/// What a link has the target for itself for.
enum class held_for { nothing, errand, stretch };

/// Where a link ends.
struct link_end {
  std::shared_ptr<const kernels::exchange_rule> rule;
  std::shared_ptr<target> far;
  std::size_t rank = 0;  // among the links that end there
  held_for held = held_for::nothing;
};

/// One errand after another:
///
///   trade, push, pull                 a sync
///
///          away                             away
///     try_begin()  admits? holds         come()       brings its payload
///         begun                             come
///       serve()    each stretch        is_round_over()  serves it, if last
///         begun                             over
///        end()     counts, lets go         end()      counts
///          away                             away
///
/// Threads: one at a time.
class served_link {
 public:
  explicit served_link(link_end at) : at_(std::move(at)) {}
  ~served_link() { abandon(); }
  served_link(const served_link&) = delete;
  served_link& operator=(const served_link&) = delete;

  /// False while the discipline, or who holds the target, does not let it in.
  /// `brings_gradient`: one that no optimizer has seen.
  bool try_begin(errand what, float step, bool brings_gradient);
  /// Merges what came up and writes what goes down over it; of a pull, and of
  /// an update that is too old, only the latter.
  void serve(std::size_t first, std::size_t n, float* payload) const;
  /// Of what was served last, the part that the way down has lost: not made.
  void take_back(std::size_t first, std::size_t n, const float* lost) const {
    kernels::take_back(at_.far->at(first, n, terms_), lost);
  }
  /// After all stretches.
  void end();
  /// The near end is lost: others go on.
  void abandon() noexcept;

  /// Around serve() where each stretch is held for itself.
  bool try_open() noexcept {
    return at_.held != held_for::stretch || at_.far->try_hold();
  }
  void close() noexcept {
    if (at_.held == held_for::stretch) {
      at_.far->let_go();
    }
  }

  /// The payload is the caller's, who finds the answer in it when the round is
  /// over.
  void come(const arrival& brought);
  bool is_round_over();

  /// Blocks for some milliseconds at most, until what has returned false last
  /// may not: try_begin(what), is_round_over(), or to hold the target.
  void wait(errand what);

  /// The near end comes no more before the others have come as often.
  void rests() { at_.far->rests(at_.rank); }

  /// All that changes of it, between two errands.
  void keep(state_archive& all) {
    all.require_rest(stage_ == stage::away);
    all(read_version_);
  }

  /// Whether the update of the errand at hand, or the last one, is too old.
  bool is_dropped() const noexcept { return is_dropped_; }
  /// The target's when the last errand was over.
  std::uint64_t version() const noexcept { return version_; }
  const link_end& at() const noexcept { return at_; }

 private:
  enum class stage { away, begun, come, over };

  void serve_round();

  link_end at_;
  std::uint64_t version_ = 0;       // of the target, after the last errand
  std::uint64_t read_version_ = 0;  // when last read

  // Of the errand at hand.
  stage stage_ = stage::away;
  errand what_ = errand::trade;
  terms terms_;
  std::uint64_t age_ = 0;
  bool is_dropped_ = false;
};

}  // namespace sounder::actors

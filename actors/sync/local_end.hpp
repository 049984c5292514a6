#pragma once

// A replica at rest: its vector, its published copy for others, its inboxes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "actors/plan/link_record.hpp"
#include "actors/sync/errand.hpp"
#include "actors/sync/inbox.hpp"
#include "actors/sync/target.hpp"
#include "kernels/exchange/exchange_rule.hpp"
#include "topology/discipline.hpp"

namespace sounder::actors {

/// What a meeting has to know of the moment.
struct step_context {
  float step = 1.0F;   // step size
  float decay = 1.0F;  // step size over that of the start
};

/// The own end of a replica's links. With workers at rest it can be opened
/// block by block: opening folds the scale that the steps have left, and
/// brings what the steps have moved into the published copy; closing takes the
/// published copy over into the vector.
///
/// Threads: the one who found all workers at rest; published copy and
/// inboxes: any.
class local_end {
 public:
  /// Coordinates that a meeting in memory handles at a time: its arrays stay
  /// in the first-level cache.
  static constexpr std::size_t block = 2048;

  /// With a published copy when others meet this replica: who may, is said by
  /// its gate.
  local_end(std::span<float> vector, bool is_published, std::size_t arrivals,
            std::unique_ptr<gate> entrance = nullptr);

  std::size_t size() const noexcept { return vector_.size(); }
  const std::shared_ptr<target>& published() const noexcept {
    return published_;
  }
  const std::shared_ptr<inbox>& inbox_for(update_kind kind) const noexcept {
    return inboxes_[static_cast<std::size_t>(kind)];
  }

  /// The workers have come to rest; true parameters are scale * vector.
  void rest(float scale) noexcept;

  /// Meetings stand before the optimizer as long as there is a gradient: that
  /// of the batch, followed by its step size. The parameters are those that it
  /// is to step on; without a gradient, what the steps have come to.
  bool has_gradient() const noexcept { return !gradient_.empty(); }
  std::span<float> gradient() const noexcept { return gradient_; }
  void set_gradient(std::span<float> found) noexcept { gradient_ = found; }

  /// Coordinates [first, first + n), folded and merged.
  float* open(std::size_t first, std::size_t n) noexcept;
  void close(std::size_t first, std::size_t n) noexcept;

  /// Ends a pass in which every coordinate was opened and closed.
  void pass_done() noexcept;

  /// Opens and closes what no meeting has opened since rest(). False when
  /// somebody else holds the published copy just now.
  bool settle() noexcept;

  /// What others see; to be settled first.
  float* parameters() noexcept {
    return published_ ? published_parameters_.data() : vector_.data();
  }
  /// A copy of that. Others may be moving it.
  std::vector<float> snapshot() const;
  /// Takes `values` over; between try_hold() and let_go().
  void assign(const float* values) noexcept;
  /// Likewise, where they were `asked` and others may have met them since.
  void move(const float* asked, const float* wanted) noexcept;
  /// Opens and closes everything; between try_hold() and let_go().
  void open_all() noexcept;

  /// Takes the published copy for a meeting; true at once without one.
  bool try_hold() noexcept { return !published_ || published_->try_hold(); }
  void let_go() noexcept;
  /// Takes all of the published copy over into the vector; likewise.
  void close_all() noexcept;

  /// All that changes of it besides the vector and the target, when settled.
  void keep(state_archive& all);

 private:
  std::span<float> vector_;
  std::span<float> gradient_;
  std::vector<float> published_parameters_;
  std::vector<float> base_;  // the published copy when last taken over
  std::shared_ptr<target> published_;
  std::array<std::shared_ptr<inbox>, update_kinds> inboxes_;
  float scale_ = 1.0F;
  bool merged_ = true;
};

/// A link at its near end, as all kinds of meetings have it.
struct local_link {
  std::shared_ptr<const kernels::exchange_rule> rule;
  std::size_t first = 0;        // coordinate of the far end
  std::vector<float> snapshot;  // w after the last meeting, for the far end's
  std::shared_ptr<link_meter> meter;
  topology::discipline discipline{};

  /// The far end's coordinates [at, at + n), opened and as the rule sees them.
  kernels::near_end open(local_end& own, const step_context& now,
                         std::size_t at, std::size_t n) {
    return {own.open(first + at, n),
            snapshot.data() + at,
            n,
            now.step,
            now.decay,
            first + at,
            own.has_gradient() ? own.gradient().data() + first + at : nullptr};
  }
  void close(local_end& own, std::size_t at, std::size_t n) const noexcept {
    own.close(first + at, n);
  }

  /// Where others may meet this end between ask and take: a stretch opened and
  /// closed by each. What goes up for it.
  void ask(errand what, local_end& own, const step_context& now, std::size_t at,
           std::size_t n, float* up);
  /// What came down for it. What others have moved since it was asked stays,
  /// whatever the rule makes of the rest; and so does `lost`, of what went up,
  /// where something is.
  void take(errand what, local_end& own, const step_context& now,
            std::size_t at, std::size_t n, const float* down,
            const float* lost = nullptr);

  std::vector<float> asked{};  // w when asked, where others may move it
};

}  // namespace sounder::actors

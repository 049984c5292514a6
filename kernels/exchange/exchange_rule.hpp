#pragma once

// The rules by which two parameter vectors meet. Every rule works coordinate
// by coordinate, so a meeting can go through the vectors block by block: in
// one process a block in the cache at a time, across processes a message at a
// time. A rule cannot tell which.

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

/// A stretch of the end that starts the meeting, at rest while it lasts.
struct near_end {
  float* w;               // parameters
  float* s;               // parameters after the last meeting
  std::size_t n;          // coordinates
  float step = 1.0F;      // step size of the local steps
  float decay = 1.0F;     // step size over that of the start (HOGWILD++'s g)
  std::size_t first = 0;  // the stretch's first coordinate in the whole vector
  /// The gradient of a batch that the optimizer has not seen, where the meeting
  /// stands before it; null where it stands after the step.
  const float* g = nullptr;
};

/// The same stretch of the end that is met. Others may be reading and writing
/// it: accesses are relaxed (shared_vector.hpp).
struct far_end {
  float* c;  // parameters
  float* v;  // state of the hub's optimizer; zeros at first
  std::size_t n;
  float step = 1.0F;      // step size of who comes
  std::size_t first = 0;  // the stretch's first coordinate in the whole vector
  /// Updates that this end has taken since who comes last read it.
  std::uint64_t age = 0;
  float* u = nullptr;  // more of that state, for has_second_state()
  /// Where gradients come up that no optimizer has seen (near_end::g): the
  /// number of the step that the hub makes of them, from 1 on; else 0.
  std::uint64_t number = 0;
};

/// What w becomes that was `asked` and is to be `wanted`, unless others have
/// moved it since: then their part stays.
inline float moved(float now, float asked, float wanted) noexcept {
  return now == asked ? wanted : now + (wanted - asked);
}

/// What a payload is for, which decides how its compression makes up for what
/// it loses (packer.hpp).
enum class payload {
  differences,  // add up at the other end
  parameters,   // replace those sent before
  pulls,        // what c has been moved by, and w will be, the other way
};

/// What two ends do. A meeting is ask, serve, take; with a barrier serve_all
/// stands for the serve of everybody who has come.
///
/// Threads: const members may run from many threads at once, on ends that
/// the caller keeps apart as the discipline says. Cost: one pass each.
class exchange_rule {
 public:
  virtual ~exchange_rule() = default;

  /// What goes up: n floats.
  virtual void ask(const near_end& e, float* up) const noexcept = 0;

  /// Merges what came up into the far end and writes what goes down over it.
  virtual void serve(const far_end& e, float* payload) const noexcept = 0;

  /// Merges what came down. `asked` is what w was when ask() saw it: others
  /// may have met this end in between.
  virtual void take(const near_end& e, const float* down,
                    const float* asked) const noexcept = 0;

  /// Serves all that came to a barrier, each from the same c. By default one
  /// after the other.
  virtual void serve_all(const far_end& e,
                         std::span<float* const> payloads) const noexcept {
    for (float* const payload : payloads) {
      serve(e, payload);
    }
  }

  /// What a pull finds: n floats.
  virtual void show(const far_end& e, float* down) const noexcept {
    relaxed::copy(e.c, e.n, down);
  }

  /// What ask() sends up, and what serve() and serve_all() send down.
  virtual payload goes_up() const noexcept { return payload::parameters; }
  virtual payload goes_down() const noexcept { return payload::parameters; }

  /// What a move of w by 1 is in what goes up, where differences do: what a
  /// rounding of w becomes there. 0 where they are not made from w.
  virtual float up_rate(float /*step*/, bool /*has_gradient*/) const noexcept {
    return 1.0F;
  }

  /// After a meeting over a link that compresses: `lost` is the part of all
  /// ups that has not travelled yet, and will with the next one. Where ups are
  /// differences, moves w and s as c would have been moved by it, so that the
  /// replica goes on from what it has found itself.
  virtual void keep(const near_end& /*e*/,
                    const float* /*lost*/) const noexcept {}

  /// Whether an update of that age is served; else who comes takes this end's
  /// parameters over.
  virtual bool accepts(std::uint64_t /*age*/) const noexcept { return true; }

  /// Whether serve() and serve_all() need far_end::v; and u as well.
  virtual bool has_state() const noexcept { return false; }
  virtual bool has_second_state() const noexcept { return false; }

  /// Whether serve_all() must see the far end's vector as a whole, for what it
  /// does in one place depends on others.
  virtual bool takes_whole() const noexcept { return false; }
};

/// Whether a meeting moves both ends by one difference: then what goes up and
/// what comes down cannot be apart.
inline bool moves_both(const exchange_rule& rule) noexcept {
  return rule.goes_down() == payload::pulls;
}

}  // namespace sounder::kernels

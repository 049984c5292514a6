#include "kernels/exchange/optimized_gradient.hpp"

namespace sounder::kernels {

void optimized_gradient::serve(const far_end& e,
                               float* payload) const noexcept {
  if (e.number == 0) {
    gradient::serve(e, payload);
    return;
  }
  step(rule_, blocks_, e.step, payload, e.number, {e.c, e.v, e.u, e.n});
  show(e, payload);
}

void optimized_gradient::show(const far_end& e, float* down) const noexcept {
  look_ahead(rule_, {e.c, e.v, e.u, e.n}, down);
}

/// A gradient that has not travelled yet has moved nothing.
void optimized_gradient::keep(const near_end& e,
                              const float* lost) const noexcept {
  if (e.g == nullptr) {
    gradient::keep(e, lost);
  }
}

}  // namespace sounder::kernels

#pragma once

#include "kernels/exchange/exchange_rule.hpp"

namespace sounder::kernels {

/// w takes the far end's place; nothing goes up.
///
///   s <- c + (s - w);  w <- c
///
/// What w has moved since it last pushed stays in s - w, to be pushed later
/// (Downpour's fetch: Dean et al. 2012, section 4.1). Where nothing is
/// pending, s = w = c.
class overwrite : public exchange_rule {
 public:
  void ask(const near_end& e, float* up) const noexcept override;
  void serve(const far_end& e, float* payload) const noexcept override;
  void take(const near_end& e, const float* down,
            const float* asked) const noexcept override;
  payload goes_up() const noexcept override { return payload::differences; }
};

}  // namespace sounder::kernels

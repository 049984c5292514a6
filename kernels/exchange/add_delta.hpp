#pragma once

#include "kernels/exchange/exchange_rule.hpp"

namespace sounder::kernels {

/// The hub adds what the replica has moved; the replica goes on from the hub.
///
///   up = w - s;  c <- c + up;  w <- s <- c
///
/// Source:  HOGWILD-STAR, after Noel and Osindero, "Dogwild! - Distributed
///          Hogwild for CPU & GPU", 2014.
class add_delta : public exchange_rule {
 public:
  void ask(const near_end& e, float* up) const noexcept override;
  void serve(const far_end& e, float* payload) const noexcept override;
  void take(const near_end& e, const float* down,
            const float* asked) const noexcept override;
  /// c <- c + sum of all ups; everybody gets the same c.
  void serve_all(const far_end& e,
                 std::span<float* const> payloads) const noexcept override;
  payload goes_up() const noexcept override { return payload::differences; }
  void keep(const near_end& e, const float* lost) const noexcept override;
};

}  // namespace sounder::kernels

#pragma once

// Exchanges that need no answer: what a replica tells its neighbours, and what
// it makes of what they tell. All on vectors at rest.

#include <cstddef>
#include <span>

namespace sounder::kernels {

/// delta = w - s;  s = w. What goes to every neighbour in the all-to-all
/// wiring (Declety, Gauchoux, Abouzaid: distributed SGD).
void take_delta(float* delta, const float* w, float* s, std::size_t n) noexcept;

/// delta = share (w - s);  w <- s <- s + delta: where replicas' moves are to be
/// averaged rather than added, one of N with a share of 1 / N
/// (averaged_tail.hpp).
void take_share(float* delta, float* w, float* s, float share,
                std::size_t n) noexcept;

/// w += delta;  s += delta: a neighbour's update, which is not to be told on.
void apply_delta(float* w, float* s, const float* delta,
                 std::size_t n) noexcept;

/// What one vector weighs in a mean.
struct weighed {
  float weight;
  const float* values;
};

/// w <- (w - s) + own_weight s + sum_j weight_j s_j;  s <- w
///
/// with s_j the neighbours' s: neighbour averaging with the local steps, taken
/// from before it, on top.
/// Source: D-PSGD, Lian et al., NeurIPS 2017, Algorithm 1:
/// x <- sum_j W_ij x_j - gamma g(x_i). The mean over all replicas moves by the
/// mean of the local steps when W is doubly stochastic.
void mix_neighbours(float* w, float* s, float own_weight,
                    std::span<const weighed> others, std::size_t n) noexcept;

/// Push-sum: x and weight are what the replica holds, w = x / weight is what
/// it steps.
///
///   x <- x + mass (w - s)               the local steps
///   share = 1 / (out-degree + 1);  x <- share x     (as much for each)
///
/// In lockstep mass is 1, as in the source. Where each gives by its own clock,
/// it is the replica's weight, so that w is what the steps have made it: a
/// weight may be small there, and x / weight would move by a multiple of them.
/// Source: SGP, Assran et al., ICML 2019, Algorithm 1, with uniform weights;
/// with the weight, GoSGD, Blot, Picard, Cord, Thome 2016, Algorithm 3.
void push_sum_split(float* x, const float* w, const float* s, float mass,
                    float share, std::size_t n) noexcept;

/// x <- x + arrived
void push_sum_gather(float* x, const float* arrived, std::size_t n) noexcept;

/// w <- s <- x / weight
void push_sum_read(float* w, float* s, const float* x, double weight,
                   std::size_t n) noexcept;

}  // namespace sounder::kernels

#pragma once

#include <memory>

#include "kernels/exchange/add_delta.hpp"

namespace sounder::kernels {

/// A rule for the first coordinates of a vector, and the far end as a running
/// mean for the others: of N replicas that meet it each moves it by an N-th.
///
///   j < from:  the rule's own
///   j >= from: up = (w - s) / N;  c <- c + up;  w <- s <- c
///              with -g for w - s before the optimizer, which replaces
///              statistics by s - g
///
/// For the statistics behind a network's parameters (objective::trainable).
/// Late moves do not add up: with e the far end's distance from the data and p
/// the share of the way that a replica goes between meetings,
/// e_{t+1} = e_t - (p / N) e_{t-N+1}, which dies out for every p <= 1, since
/// 1 / N < 2 sin(pi / (4 N - 2)).
///
/// Threads: as the rule. Cost: that of the rule.
class averaged_tail : public exchange_rule {
 public:
  averaged_tail(std::shared_ptr<const exchange_rule> head, std::size_t from,
                std::size_t replicas)
      : head_(std::move(head)),
        from_(from),
        share_(1.0F / static_cast<float>(replicas)) {}

  void ask(const near_end& e, float* up) const noexcept override;
  void serve(const far_end& e, float* payload) const noexcept override;
  void take(const near_end& e, const float* down,
            const float* asked) const noexcept override;
  void serve_all(const far_end& e,
                 std::span<float* const> payloads) const noexcept override;
  void show(const far_end& e, float* down) const noexcept override;
  payload goes_up() const noexcept override { return head_->goes_up(); }
  payload goes_down() const noexcept override { return head_->goes_down(); }
  float up_rate(float step, bool has_gradient) const noexcept override {
    return head_->up_rate(step, has_gradient);
  }
  void keep(const near_end& e, const float* lost) const noexcept override;
  bool accepts(std::uint64_t age) const noexcept override {
    return head_->accepts(age);
  }
  bool has_state() const noexcept override { return head_->has_state(); }
  bool has_second_state() const noexcept override {
    return head_->has_second_state();
  }
  bool takes_whole() const noexcept override { return head_->takes_whole(); }

 private:
  std::shared_ptr<const exchange_rule> head_;
  add_delta tail_;
  std::size_t from_;
  float share_;
};

}  // namespace sounder::kernels

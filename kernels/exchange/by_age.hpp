#pragma once

#include <memory>

#include "kernels/exchange/exchange_rule.hpp"

namespace sounder::kernels {

/// Another rule, whose ups are differences, by the age of each update.
///
/// Threads: as the rule. Cost: that of the rule; scaling, a pass more.
class by_age : public exchange_rule {
 public:
  explicit by_age(std::shared_ptr<const exchange_rule> rule)
      : rule_(std::move(rule)) {}

  void ask(const near_end& e, float* up) const noexcept override {
    rule_->ask(e, up);
  }
  void serve(const far_end& e, float* payload) const noexcept override {
    rule_->serve(e, payload);
  }
  void take(const near_end& e, const float* down,
            const float* asked) const noexcept override {
    rule_->take(e, down, asked);
  }
  void serve_all(const far_end& e,
                 std::span<float* const> payloads) const noexcept override {
    rule_->serve_all(e, payloads);
  }
  payload goes_up() const noexcept override { return rule_->goes_up(); }
  payload goes_down() const noexcept override { return rule_->goes_down(); }
  float up_rate(float step, bool has_gradient) const noexcept override {
    return rule_->up_rate(step, has_gradient);
  }
  void keep(const near_end& e, const float* lost) const noexcept override {
    rule_->keep(e, lost);
  }
  void show(const far_end& e, float* down) const noexcept override {
    rule_->show(e, down);
  }
  bool has_state() const noexcept override { return rule_->has_state(); }
  bool has_second_state() const noexcept override {
    return rule_->has_second_state();
  }
  bool takes_whole() const noexcept override { return rule_->takes_whole(); }

 private:
  std::shared_ptr<const exchange_rule> rule_;
};

/// Updates older than a bound are dropped.
///
/// Source:  Maranjyan, Tyurin, Richtarik, "Ringmaster ASGD: The first
///          asynchronous SGD with optimal time complexity", ICML 2025.
class dropping : public by_age {
 public:
  dropping(std::shared_ptr<const exchange_rule> rule, std::uint64_t older_than)
      : by_age(std::move(rule)), older_than_(older_than) {}

  bool accepts(std::uint64_t age) const noexcept override {
    return age <= older_than_;
  }

 private:
  std::uint64_t older_than_;
};

/// up <- up / (1 + age); before an optimizer, which may not care how long a
/// gradient is, step <- step / (1 + age)
///
/// Source:  Zhang, Gupta, Lian, Liu, "Staleness-aware Async-SGD for distributed
///          deep learning", IJCAI 2016 (arXiv 2015): step / age, where the
///          paper counts from 1.
class scaling : public by_age {
 public:
  using by_age::by_age;

  void serve(const far_end& e, float* payload) const noexcept override {
    const float share = 1.0F / (1.0F + static_cast<float>(e.age));
    if (e.number != 0) {
      far_end slower = e;
      slower.step *= share;
      by_age::serve(slower, payload);
      return;
    }
#pragma omp simd
    for (std::size_t j = 0; j < e.n; ++j) {
      payload[j] *= share;
    }
    by_age::serve(e, payload);
  }
};

}  // namespace sounder::kernels

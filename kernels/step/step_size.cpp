#include "kernels/step/step_size.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sounder::kernels {

step_size_rule constant_step(double initial) {
  return [=](double) { return initial; };
}

step_size_rule decaying_step(double initial, double factor) {
  return [=](double epoch) {
    return initial * std::pow(factor, std::floor(epoch));
  };
}

step_size_rule polynomial_step(double initial, double epochs, double power) {
  return [=](double epoch) {
    return initial * std::pow(std::max(0.0, 1.0 - epoch / epochs), power);
  };
}

step_size_rule multi_step(double initial, double factor,
                          std::vector<double> milestones) {
  return [initial, factor, milestones = std::move(milestones)](double epoch) {
    const auto passed = std::count_if(milestones.begin(), milestones.end(),
                                      [=](double m) { return epoch >= m; });
    return initial * std::pow(factor, static_cast<double>(passed));
  };
}

step_size_rule inverse_time_step(double initial, double rate) {
  return [=](double epoch) { return initial / (1.0 + rate * epoch); };
}

step_size_rule annealed_step(double initial, double epochs, double rate) {
  return [=](double epoch) {
    return initial * std::max(0.0, 1.0 - epoch / epochs) / (1.0 + rate * epoch);
  };
}

step_size_rule two_stage_step(step_size_rule first, double epochs,
                              step_size_rule then) {
  return
      [first = std::move(first), epochs, then = std::move(then)](double epoch) {
        return epoch < epochs ? first(epoch) : then(epoch);
      };
}

step_size_rule warm_up(step_size_rule rule, double epochs, double start) {
  return [rule = std::move(rule), epochs, start](double epoch) {
    const double risen = epochs > 0.0 ? std::min(1.0, epoch / epochs) : 1.0;
    return rule(epoch) * (start + (1.0 - start) * risen);
  };
}

}  // namespace sounder::kernels

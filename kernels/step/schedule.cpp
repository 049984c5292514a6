#include "kernels/step/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sounder::kernels {

learning_rate_schedule constant_step(double initial) {
  return [=](double) { return initial; };
}

learning_rate_schedule decaying_step(double initial, double factor) {
  return [=](double epoch) {
    return initial * std::pow(factor, std::floor(epoch));
  };
}

learning_rate_schedule polynomial_step(double initial, double epochs,
                                       double power) {
  return [=](double epoch) {
    return initial * std::pow(std::max(0.0, 1.0 - epoch / epochs), power);
  };
}

learning_rate_schedule multi_step(double initial, double factor,
                                  std::vector<double> milestones) {
  return [initial, factor, milestones = std::move(milestones)](double epoch) {
    const auto passed = std::count_if(milestones.begin(), milestones.end(),
                                      [=](double m) { return epoch >= m; });
    return initial * std::pow(factor, static_cast<double>(passed));
  };
}

learning_rate_schedule inverse_time_step(double initial, double rate) {
  return [=](double epoch) { return initial / (1.0 + rate * epoch); };
}

learning_rate_schedule annealed_step(double initial, double epochs,
                                     double rate) {
  return [=](double epoch) {
    return initial * std::max(0.0, 1.0 - epoch / epochs) / (1.0 + rate * epoch);
  };
}

learning_rate_schedule two_stage_step(learning_rate_schedule first,
                                      double epochs,
                                      learning_rate_schedule then) {
  return
      [first = std::move(first), epochs, then = std::move(then)](double epoch) {
        return epoch < epochs ? first(epoch) : then(epoch);
      };
}

learning_rate_schedule warm_up(learning_rate_schedule rule, double epochs,
                               double start) {
  return [rule = std::move(rule), epochs, start](double epoch) {
    const double risen = epochs > 0.0 ? std::min(1.0, epoch / epochs) : 1.0;
    return rule(epoch) * (start + (1.0 - start) * risen);
  };
}

}  // namespace sounder::kernels

#include "actors/plan/learning_defaults.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <variant>

#include "actors/plan/meeting_times.hpp"

namespace sounder::actors {

namespace {

namespace p = topology;

/// Features of dense samples, such as pixels, hang together: the last percents
/// take longer.
double least_epochs(const kernels::dataset& data) {
  return data.is_sparse() ? 10.0 : 50.0;
}

bool sums_gradients_at_barrier(const p::link& link) {
  return p::is_synchronous(link.discipline) &&
         p::steps(link.discipline).value_or(1) == 1 &&
         (p::has_exchange<p::all_reduce>(link) ||
          p::has_exchange<p::gradient>(link));
}

/// What of a replica's move the others get by way of the link, times the
/// replicas.
double growth_over(const p::link& link, double replicas) {
  const auto momentum = [](double m) { return std::max(1.0 - m, 0.01); };
  if (const auto* g = std::get_if<p::gradient>(&link.exchange)) {
    const bool together = p::is_synchronous(link.discipline);
    const bool averages = together && g->how == p::combine::mean;
    return (averages ? replicas : 1.0) * momentum(g->momentum);
  }
  if (const auto* outer = std::get_if<p::outer_step>(&link.exchange)) {
    const double speed = outer->rate / momentum(outer->momentum);
    return std::max(replicas / std::max(speed, 1e-6), 1.0);
  }
  return traits_of(link.exchange).averages ? replicas : 1.0;
}

/// Whether moves that were made side by side are added up.
bool adds_moves(const p::graph& wiring) {
  const auto workers = [](const p::replica& r) { return r.workers > 1; };
  return std::any_of(wiring.replicas.begin(), wiring.replicas.end(), workers) ||
         (!wiring.links.empty() && step_growth(wiring) <= 1.0);
}

std::size_t steps_apart_on(const p::graph& wiring,
                           const kernels::objective& objective,
                           const kernels::dataset& data,
                           const learning_defaults& found) {
  training_plan plan;
  plan.graph = wiring;
  plan.objective = {std::shared_ptr<void>(), &objective};
  plan.batch_size = found.batch_size;
  return std::max<std::size_t>(steps_apart(plan, data_shape::of(data)), 2);
}

}  // namespace

unsigned usual_epochs(const p::graph& wiring,
                      const kernels::dataset& data) noexcept {
  constexpr double values = 25e6;
  constexpr double most = 1000.0;
  const double epoch = std::max(static_cast<double>(data.nonzeros()), 1.0);
  const auto replicas = static_cast<double>(p::stepping_replicas(wiring));
  double growth = 1.0;
  for (const p::link& link : wiring.links) {
    growth = std::max(growth, traits_of(link.exchange).more_epochs * replicas);
  }
  return static_cast<unsigned>(std::ceil(
      std::clamp(std::ceil(values / epoch), least_epochs(data), most) *
      growth));
}

double step_growth(const p::graph& wiring) {
  const auto replicas = static_cast<double>(p::stepping_replicas(wiring));
  double growth = replicas;
  for (const p::link& link : wiring.links) {
    growth = std::min(growth, growth_over(link, replicas));
  }
  return wiring.links.empty() ? 1.0 : growth;
}

learning_defaults find_defaults(const p::graph& wiring,
                                const kernels::objective& objective,
                                const kernels::dataset& data,
                                std::size_t batch_size) {
  constexpr std::size_t rows_at_barrier = 16;
  learning_defaults found;
  const bool sums_gradients = std::any_of(
      wiring.links.begin(), wiring.links.end(), sums_gradients_at_barrier);
  if (batch_size > 0) {
    found.batch_size = batch_size;
  } else if (sums_gradients) {
    const std::size_t replicas =
        std::max<std::size_t>(p::stepping_replicas(wiring), 1);
    found.batch_size = std::clamp<std::size_t>(
        std::min(rows_at_barrier, data.rows()) / replicas, 1, rows_at_barrier);
  }
  const kernels::usual_steps steps = objective.find_usual_steps(data);
  if (steps.alone == 0.0) {
    return found;
  }
  found.epochs = usual_epochs(wiring, data);
  // An evaluation brings replicas to rest, and a token back to its start.
  const bool has_token = p::has_exchange<p::token_merge>(wiring);
  const unsigned most_evaluations = has_token ? 5 : 25;
  found.evaluate_every =
      static_cast<unsigned>(ratio_up(found.epochs, most_evaluations));
  const double growth =
      step_growth(wiring) * static_cast<double>(found.batch_size);
  const bool slope_is_bounded = steps.most > steps.alone;
  constexpr double calm = 4.0;  // a sum of gradients is less noisy than any
  const double most =
      sums_gradients && slope_is_bounded ? calm * steps.most : steps.most;
  found.step = std::min(growth * steps.alone, most);
  if (adds_moves(wiring) && !slope_is_bounded) {
    found.step = std::min(found.step, 2.0 * steps.alone /
                                          static_cast<double>(steps_apart_on(
                                              wiring, objective, data, found)));
  }
  // Bottou's rule, halved for the fall to nothing that comes on top.
  const double shrinking = 1.0 - objective.shrink(steps.alone);
  found.decay_rate = 0.5 * shrinking * static_cast<double>(data.rows());
  if (has_token) {
    // What is handed on falls with the square of the step size: the line to
    // nothing is enough, from half as high.
    found.step *= 0.5;
    found.decay_rate = 0.0;
  }
  return found;
}

}  // namespace sounder::actors

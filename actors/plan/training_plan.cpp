#include "actors/plan/training_plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "actors/plan/meeting_times.hpp"

namespace sounder::actors {

namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

void check_steps(const training_plan& plan,
                 std::vector<std::string>& problems) {
  for_each_checked_step(plan, [&](double epoch, double step) {
    if (!(std::isfinite(step) && step >= 0.0)) {
      problems.push_back("the step size of epoch " +
                         number(std::floor(epoch) + 1) + " is " + number(step) +
                         "; it must be finite and not negative");
      return false;
    }
    const double rate = plan.objective ? plan.objective->shrinking_rate() : 0.0;
    if (step * rate >= 1.0) {
      problems.push_back("step size " + number(step) +
                         " times the penalty's rate " + number(rate) +
                         " is 1 or more, so a step would turn weights round; "
                         "make the step size or the l2 strength smaller");
      return false;
    }
    return true;
  });
}

/// Lars at a hub asks for norms over the whole vector.
void check_parts(const training_plan& plan,
                 std::vector<std::string>& problems) {
  const auto is_in_parts = [&](const topology::link& l) {
    return l.to < plan.graph.replicas.size() &&
           plan.graph.replicas[l.to].holds.parts > 1 &&
           meets_before_optimizer(plan, l,
                                  topology::steps(l.discipline).value_or(1));
  };
  const auto& links = plan.graph.links;
  if (kernels::steps_by_block(plan.optimizer.kind) &&
      std::any_of(links.begin(), links.end(), is_in_parts)) {
    problems.push_back(
        std::string(kernels::name(plan.optimizer.kind)) +
        " needs all parameters of a layer in one place, so synchronous "
        "gradients cannot go to a hub in several parts; have one hub");
  }
}

void check_gd_stage(const training_plan& plan,
                    std::vector<std::string>& problems) {
  const gd_stage& gd = plan.gd;
  if (gd.epochs > plan.epochs) {
    problems.push_back("the stage of gradient descent has " +
                       std::to_string(gd.epochs) + " epochs, the plan " +
                       std::to_string(plan.epochs));
  }
  if (gd.epochs > most_gd_epochs) {
    problems.push_back("the stage of gradient descent has " +
                       std::to_string(gd.epochs) + " epochs; " +
                       std::to_string(most_gd_epochs) + " are the most");
  }
  if (gd.batch_size == 0U) {
    problems.emplace_back(
        "the stage of gradient descent starts with batch size 0; 1 is the "
        "least");
  }
  if (gd.batch_size > plan.batch_size) {
    problems.push_back("the stage of gradient descent starts with batch size " +
                       std::to_string(*gd.batch_size) +
                       "; it must not exceed the plan's, " +
                       std::to_string(plan.batch_size));
  }
}

}  // namespace

std::size_t batch_of(const training_plan& plan, unsigned epoch) {
  const gd_stage& gd = plan.gd;
  if (epoch >= gd.epochs) {
    return plan.batch_size;
  }
  const auto last = static_cast<double>(plan.batch_size);
  const double first = gd.batch_size ? static_cast<double>(*gd.batch_size)
                                     : last / (gd.epochs + 1.0);
  const double size = first + (last - first) * epoch / gd.epochs;
  return std::max<std::size_t>(static_cast<std::size_t>(std::lround(size)), 1);
}

void for_each_checked_step(const training_plan& plan,
                           const std::function<bool(double, double)>& check) {
  constexpr unsigned an_epoch = 8;
  constexpr unsigned most = 8192;
  const unsigned epochs = std::min(plan.epochs, most / an_epoch);
  for (unsigned k = 0; k < epochs * an_epoch; ++k) {
    const double epoch = static_cast<double>(k) / an_epoch;
    if (!check(epoch, plan.schedule(epoch))) {
      return;
    }
  }
}

std::vector<std::string> size_problems(const training_plan& plan,
                                       std::size_t rows, std::size_t replicas,
                                       std::size_t epoch_rows) {
  std::vector<std::string> problems;
  if (rows < replicas) {
    problems.push_back("the training set has " + std::to_string(rows) +
                       " samples, fewer than the " + std::to_string(replicas) +
                       " replicas");
  }
  if (plan.batch_size > epoch_rows) {
    problems.push_back("the batch size " + std::to_string(plan.batch_size) +
                       " exceeds the " + std::to_string(epoch_rows) +
                       " training samples");
  }
  return problems;
}

std::vector<std::string> validate(const training_plan& plan,
                                  const kernels::dataset& train_set,
                                  const kernels::dataset& test_set) {
  std::vector<std::string> problems = topology::validate(plan.graph);
  for (const topology::link& link : plan.graph.links) {
    const auto* own = std::get_if<topology::custom>(&link.exchange);
    if (own != nullptr && !plan.exchanges.contains(own->name)) {
      problems.push_back("the plan has no exchange rule called '" + own->name +
                         "'; put one into its exchanges");
    }
  }
  // Nodes may have other samples: see deploy().
  if (!train_set.empty() && !topology::has_nodes(plan.graph)) {
    const std::size_t rows = train_set.rows();
    const std::size_t stepping = topology::stepping_replicas(plan.graph);
    for (std::string& problem : size_problems(plan, rows, stepping, rows)) {
      problems.push_back(std::move(problem));
    }
  }
  if (plan.deterministic && topology::has_nodes(plan.graph)) {
    problems.emplace_back(
        "a deterministic run is in one process; leave the nodes out");
  }
  if (!plan.objective) {
    problems.emplace_back("the plan has no objective");
  }
  if (train_set.empty()) {
    problems.emplace_back("the training set is empty");
  }
  if (train_set.rows() >= (std::size_t{1} << 32U)) {
    problems.emplace_back("the training set has 2^32 samples or more");
  }
  if (!test_set.empty() && test_set.features() > train_set.features()) {
    problems.push_back(
        "the test set has " + std::to_string(test_set.features()) +
        " features, the training set " + std::to_string(train_set.features()));
  }
  if (!test_set.empty() && test_set.layout() != train_set.layout()) {
    problems.emplace_back(
        "the training set and the test set are laid out "
        "differently");
  }
  if (plan.epochs == 0) {
    problems.emplace_back("the plan has 0 epochs; 1 is the least");
  }
  if (plan.batch_size == 0) {
    problems.emplace_back("the batch size is 0; 1 is the least");
  }
  if (plan.chunk_rows == 0U) {
    problems.emplace_back("chunks of 0 rows; 1 is the least");
  }
  if (plan.objective && !plan.start.empty() &&
      plan.start.size() != plan.objective->dimension()) {
    problems.push_back("the start has " + std::to_string(plan.start.size()) +
                       " parameters, the objective " +
                       std::to_string(plan.objective->dimension()));
  }
  if (!plan.schedule) {
    problems.emplace_back("the plan has no schedule");
  } else {
    check_steps(plan, problems);
  }
  if (plan.stop.target_error && plan.objective &&
      !plan.objective->classifies()) {
    problems.emplace_back(
        "the target error is for models that classify; this one has a loss "
        "only: stop at a loss change or after some patience");
  }
  check_gd_stage(plan, problems);
  check_parts(plan, problems);
  if (plan.max_lag && !(*plan.max_lag > 0.0 && *plan.max_lag <= 1e9)) {
    problems.push_back("replicas may be " + number(*plan.max_lag) +
                       " epochs ahead; more than 0 and at most 1e9 are "
                       "possible");
  }
  if (plan.objective) {
    try {
      kernels::check(plan.optimizer);
    } catch (const std::invalid_argument& problem) {
      problems.emplace_back(problem.what());
    }
  }
  if (plan.stall_deadline.count() <= 0) {
    problems.push_back("the stall deadline is " +
                       std::to_string(plan.stall_deadline.count()) +
                       " ms; it must be positive");
  }
  if (plan.stop.wall_clock) {
    const double limit = plan.stop.wall_clock->count();
    if (!(limit > 0.0 && limit < 1e9)) {
      problems.push_back("the wall-clock limit is " + number(limit) +
                         " s; it must be positive and below 1e9");
    }
  }
  return problems;
}

void refuse(const std::vector<std::string>& problems) {
  std::string all;
  for (const std::string& problem : problems) {
    all += (all.empty() ? "" : "\n") + problem;
  }
  if (!all.empty()) {
    throw std::invalid_argument(all);
  }
}

}  // namespace sounder::actors

#include "apps/sounder/training_run.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "actors/plan/learning_defaults.hpp"
#include "apps/sounder/options.hpp"
#include "apps/sounder/plan_options.hpp"
#include "apps/sounder/table.hpp"
#include "apps/sounder/terminal.hpp"
#include "kernels/data/parallel.hpp"

namespace sounder::app {

namespace {

/// Test samples of classes that training did not have: errors that the
/// evaluation does not see.
class unseen_errors {
 public:
  explicit unseen_errors(const workload& work)
      : known_(static_cast<double>(work.test.rows())),
        unseen_(static_cast<double>(work.unseen)) {}

  void add_to(actors::epoch_record& record) const {
    if (record.test_error && unseen_ > 0.0) {
      record.test_error =
          (*record.test_error * known_ + unseen_) / (known_ + unseen_);
    }
  }

  /// The error without them at which that with them reaches `target`.
  double target_without(double target) const {
    return unseen_ > 0.0 ? (target * (known_ + unseen_) - unseen_) / known_
                         : target;
  }

 private:
  double known_;
  double unseen_;
};

/// One run, to its end.
actors::run_report attempt(const actors::training_plan& given,
                           const workload& work, const std::string& title,
                           progress& out, metrics_file& metrics) {
  const unseen_errors unseen(work);
  actors::training_plan plan = given;
  if (plan.stop.target_error) {
    plan.stop.target_error = unseen.target_without(*plan.stop.target_error);
  }
  out.start(title, plan.epochs);
  actors::run_report report;
  try {
    report = actors::train(plan, work.train, work.test,
                           [&](actors::epoch_record record) {
                             unseen.add_to(record);
                             out.epoch(record);
                             metrics.epoch(record);
                           });
  } catch (const std::invalid_argument& e) {
    std::string problems = e.what();
    for (std::size_t at = 0; (at = problems.find('\n', at)) != problems.npos;) {
      problems.replace(at, 1, "; ");
    }
    throw usage_error(problems);
  }
  for (actors::epoch_record& record : report.epochs) {
    unseen.add_to(record);
  }
  out.finish();
  return report;
}

}  // namespace

actors::run_report run_training(actors::training_plan plan,
                                const workload& work, const std::string& title,
                                progress& out, metrics_file& metrics) {
  constexpr int most_halvings = 10;
  for (int halvings = 0;; ++halvings) {
    actors::run_report report = attempt(plan, work, title, out, metrics);
    if (report.stop_reason != actors::stop_reason::diverged ||
        !plan.halts_above_start || halvings == most_halvings) {
      metrics.end(report);
      return report;
    }
    plan.schedule = [whole = plan.schedule](double epoch) {
      return 0.5 * whole(epoch);
    };
    out.note(fmt::format("{}; again with half the step", report.message));
    metrics.restart(plan.schedule(0.0));
  }
}

std::string fit_to_data(const settings& values, const workload& work,
                        actors::training_plan& plan) {
  using clock = std::chrono::steady_clock;
  const auto began = clock::now();
  const auto batch = values.optional_number<std::size_t>("batch", 1);
  const actors::learning_defaults usual = actors::find_defaults(
      plan.graph, *plan.objective, work.train, batch.value_or(0));
  adopt_defaults(values, usual, plan);
  const std::chrono::duration<double> took = clock::now() - began;
  if (usual.step == 0.0 || !finds_step(values)) {
    return "";
  }
  return fmt::format(
      "step size {:.3g} by the rows (found in {}), {} epochs; --step and "
      "--epochs say otherwise",
      plan.schedule(0.0), seconds(took.count()), plan.epochs);
}

int exit_code(actors::stop_reason reason) {
  using actors::stop_reason;
  switch (reason) {
    case stop_reason::epochs_done:
    case stop_reason::target_reached:
    case stop_reason::loss_settled:
    case stop_reason::patience_spent:
    case stop_reason::time_spent:
      return 0;
    case stop_reason::diverged:
      return 1;
    case stop_reason::peer_lost:
      return 4;
    case stop_reason::stalled:
      return 5;
    case stop_reason::interrupted:
      return 130;
  }
  return 1;
}

std::string complaint(const actors::run_report& report) {
  if (exit_code(report.stop_reason) == 0) {
    return "";
  }
  const std::string reason(actors::name(report.stop_reason));
  return report.message.empty() ? reason : reason + ": " + report.message;
}

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
      std::fflush(stdout) != 0) {
    if (errno != EPIPE) {
      throw std::system_error(errno, std::generic_category(),
                              "cannot write to standard output");
    }
  }
}

void print_text(const std::string& text) {
  const auto columns = terminal_columns(STDOUT_FILENO);
  print(columns ? fold(text, *columns) : text);
}

std::string oversubscription_note(unsigned workers) {
  const unsigned cores = kernels::thread_count(0);
  return workers <= cores
             ? ""
             : fmt::format(
                   "{} workers on {} processors take turns "
                   "(oversubscribed): expect no speed-up beyond {}",
                   workers, cores, cores);
}

}  // namespace sounder::app

#include "apps/sounder/training_run.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "actors/plan/learning_defaults.hpp"
#include "actors/wire/peer_error.hpp"
#include "apps/sounder/checkpoint_options.hpp"
#include "apps/sounder/lost_nodes.hpp"
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
                           progress& out, metrics_file& metrics,
                           const actors::checkpointing& keeps) {
  const unseen_errors unseen(work);
  actors::training_plan plan = given;
  if (plan.stop.target_error) {
    plan.stop.target_error = unseen.target_without(*plan.stop.target_error);
  }
  out.start(title, plan.epochs);
  actors::run_report report;
  try {
    report = actors::train(
        plan, work.train, work.test,
        [&](actors::epoch_record record) {
          unseen.add_to(record);
          out.epoch(record);
          metrics.epoch(record);
        },
        keeps);
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

namespace {

/// From the newest checkpoint, or the start.
void go_back(actors::checkpointing& keeps) {
  if (keeps.folder->is_empty()) {
    return;
  }
  std::vector<std::string> damaged;
  keeps.from =
      std::make_shared<const actors::checkpoint>(keeps.folder->newest(damaged));
  for (const std::string& each : damaged) {
    complain(fmt::format("warning: {}; the one before is used", each));
  }
}

/// Nodes that have come back, or a plan without those that have not.
void find_nodes(const survival& after, actors::training_plan& plan,
                progress& out) {
  if (after.revive) {
    after.revive();
  }
  for (const std::string& gone : absent_nodes(plan, after.wait)) {
    after.leave_out(gone, plan);
    out.note(fmt::format("goes on without node {}: {} replicas", gone,
                         topology::stepping_replicas(plan.graph)));
  }
}

/// Attempts until nobody is lost on the way, as often as may be.
actors::run_report outlive(actors::training_plan& plan, const workload& work,
                           const std::string& title, progress& out,
                           metrics_file& metrics, survival& after) {
  actors::run_report report =
      attempt(plan, work, title, out, metrics, after.keeps);
  while (report.stop_reason == actors::stop_reason::peer_lost &&
         after.keeps.folder && after.restarts > 0) {
    --after.restarts;
    go_back(after.keeps);
    const unsigned epoch = after.keeps.from ? after.keeps.from->epoch() : 0;
    out.note(fmt::format("{}; goes back to the end of epoch {}", report.message,
                         epoch));
    metrics.resume(epoch, report.message);
    try {
      find_nodes(after, plan, out);
      report = attempt(plan, work, title, out, metrics, after.keeps);
    } catch (const actors::peer_error& problem) {
      report.message += fmt::format("; {}", problem.what());
      return report;
    } catch (const usage_error& problem) {
      report.message += fmt::format("; {}", problem.what());
      return report;
    }
  }
  return report;
}

}  // namespace

actors::run_report run_training(actors::training_plan plan,
                                const workload& work, const std::string& title,
                                progress& out, metrics_file& metrics,
                                survival after) {
  constexpr int most_halvings = 10;
  const auto halve = [&](double times) {
    plan.schedule = [whole = plan.schedule, times](double epoch) {
      return std::pow(0.5, times) * whole(epoch);
    };
  };
  actors::checkpointing& keeps = after.keeps;
  const auto began = keeps.from;
  const int before = plan.halts_above_start ? halvings_before(keeps) : 0;
  if (before > 0) {
    halve(before);
  }
  for (int halvings = before;; ++halvings) {
    keeps.words = words_for(halvings);
    actors::run_report report = outlive(plan, work, title, out, metrics, after);
    if (report.stop_reason != actors::stop_reason::diverged ||
        !plan.halts_above_start || halvings == most_halvings) {
      metrics.end(report);
      return report;
    }
    halve(1);
    keeps.from = began;
    if (keeps.folder) {
      keeps.folder->remove_after(began ? began->epoch() : 0);
    }
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

int exit_code(const actors::run_report& report) {
  const int code = exit_code(report.stop_reason);
  return code == 0 && !report.checkpoint_problem.empty() ? 3 : code;
}

std::string complaint(const actors::run_report& report) {
  if (exit_code(report.stop_reason) == 0) {
    return report.checkpoint_problem.empty()
               ? ""
               : "the last checkpoint is missing: " + report.checkpoint_problem;
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

#include "apps/sounder/train_report.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "actors/plan/link_json.hpp"
#include "apps/sounder/link_table.hpp"
#include "apps/sounder/metrics.hpp"
#include "apps/sounder/profile.hpp"
#include "apps/sounder/table.hpp"
#include "apps/sounder/training_run.hpp"

namespace sounder::app {

namespace {

using json = nlohmann::ordered_json;

bool batch_varies(const actors::run_report& report) {
  return !report.epochs.empty() &&
         report.epochs.front().batch_size != report.epochs.back().batch_size;
}

/// The epochs, thinned out to a table of readable length. Regression has no
/// errors to count.
std::string curve(const actors::run_report& report, bool classifies) {
  const bool with_test =
      !report.epochs.empty() && report.epochs.back().test_loss.has_value();
  const bool with_batch = batch_varies(report);
  std::vector<std::string> row = {"epoch", "train time", "samples"};
  const auto add = [&](const std::string& loss, const std::string& error) {
    row.push_back(loss);
    if (classifies) {
      row.push_back(error);
    }
  };
  if (with_batch) {
    row.emplace_back("batch");
  }
  add("train loss", "train error");
  if (with_test) {
    add("test loss", "test error");
  }
  table rows(row);
  rows.may_drop({"samples", "batch", "train error", "test loss", "train time",
                 "test error"});
  const std::size_t count = report.epochs.size();
  const std::size_t every = (count + most_rows - 1) / most_rows;
  for (std::size_t i = 0; i < count; ++i) {
    const actors::epoch_record& r = report.epochs[i];
    if (i != 0 && i + 1 != count && (i + 1) % every != 0) {
      continue;
    }
    row = {std::to_string(r.epoch), seconds(r.train_s), rate(r.samples_per_s)};
    if (with_batch) {
      row.push_back(std::to_string(r.batch_size));
    }
    add(number(r.train_loss), percent(r.train_error.value_or(0.0)));
    if (with_test) {
      add(number(r.test_loss.value_or(0.0)),
          percent(r.test_error.value_or(0.0)));
    }
    rows.add(row);
  }
  return rows.text();
}

/// What the links have seen, and where the time went.
std::string links(const actors::run_report& report) {
  const actors::time_split& t = report.times;
  const double all = std::max(t.computing + t.exchanging + t.waiting, 1e-12);
  return link_table(report.links) +
         fmt::format("computing {}, exchanging {}, waiting {}\n",
                     percent(t.computing / all), percent(t.exchanging / all),
                     percent(t.waiting / all));
}

/// "2 replicas of 1 worker", or "2 workers".
std::string parts(const chosen_wiring& wiring) {
  const std::string workers = fmt::format("{} worker{}", wiring.workers,
                                          wiring.workers == 1 ? "" : "s");
  return has_one_replica(wiring.name)
             ? workers
             : fmt::format("{} replica{} of {}", wiring.replicas,
                           wiring.replicas == 1 ? "" : "s", workers);
}

/// Samples that an epoch walks but the leader does not have.
std::string parts_of_nodes(const actors::run_report& report) {
  std::string list;
  for (const actors::own_part& part : report.parts) {
    list += fmt::format("{}{} at {}", list.empty() ? "" : ", ", part.rows,
                        part.node);
  }
  return fmt::format("an epoch walks {} samples: {}", report.epoch_samples,
                     list);
}

std::string recall_lines(const found_classes& found) {
  std::string out;
  if (!found.train.empty()) {
    out += fmt::format("\nfound of each class: {}\n", as_text(found.train));
  }
  if (!found.test.empty()) {
    out += fmt::format("of the test set: {}\n", as_text(found.test));
  }
  return out;
}

}  // namespace

std::string as_table(const finished_run& run) {
  const auto& [wiring, work, report, profiled, found] = run;
  std::string out = fmt::format(
      "{} on {}: {} samples x {} features, {}, {}\n\n", work.model_name,
      work.name, work.train.rows(), work.features, wiring.name, parts(wiring));
  if (!report.parts.empty()) {
    out += parts_of_nodes(report) + "\n\n";
  }
  out += curve(report, kernels::is_classifier(work.kind));
  out += recall_lines(found);
  if (!report.links.empty()) {
    out += "\n" + links(report);
  }
  out += fmt::format("\n{} after {} in training, {} in all; peak memory {}\n",
                     actors::name(report.stop_reason), seconds(report.train_s),
                     seconds(report.total_s),
                     bytes(static_cast<double>(peak_rss_bytes())));
  if (profiled) {
    out += "\n" +
           profile_text(*work.network, report.times.computing * wiring.workers);
  }
  return out;
}

json as_json(const finished_run& run) {
  const auto& [wiring, work, report, profiled, found] = run;
  json out = {{"model", work.model_name},     {"data", work.name},
              {"samples", work.train.rows()}, {"features", work.features},
              {"topology", wiring.name},      {"replicas", wiring.replicas},
              {"workers", wiring.workers}};
  if (!work.network) {
    out["normalised"] = kernels::name(work.normalised.how.kind);
    out["bias"] = work.normalised.constant;
  }
  json end = as_json(report);
  end.erase("epochs");
  end.erase("samples");
  out.update(end);
  if (!report.parts.empty()) {
    out["epoch_samples"] = report.epoch_samples;
    for (const actors::own_part& part : report.parts) {
      out["parts"][part.node] = part.rows;
    }
  }
  if (!found.train.empty()) {
    out["found"]["train"] = as_json(found.train);
  }
  if (!found.test.empty()) {
    out["found"]["test"] = as_json(found.test);
  }
  out["links"] = json::array();
  for (const actors::link_record& link : report.links) {
    out["links"].push_back(as_json(link));
  }
  out["epochs"] = json::array();
  for (const actors::epoch_record& record : report.epochs) {
    out["epochs"].push_back(as_json(record));
  }
  if (profiled) {
    out["profile"] = profile_json(*work.network);
  }
  return out;
}

}  // namespace sounder::app

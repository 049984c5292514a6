// sounder compare: several topologies on the same work, one table.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "apps/sounder/commands.hpp"
#include "apps/sounder/generate_options.hpp"
#include "apps/sounder/network_model.hpp"
#include "apps/sounder/output_path.hpp"
#include "apps/sounder/plan_options.hpp"
#include "apps/sounder/reproducible.hpp"
#include "apps/sounder/signals.hpp"
#include "apps/sounder/table.hpp"
#include "apps/sounder/training_run.hpp"
#include "apps/sounder/wiring_options.hpp"
#include "topology/systems.hpp"

namespace sounder::app {

namespace {

using json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 2> outputs = {"table", "json"};
constexpr double bar_per_unit = 8.0;  // characters for a speed-up of 1
constexpr std::size_t longest_bar = 48;

struct result {
  chosen_wiring what;
  actors::run_report report;
};

struct contestant {
  chosen_wiring wiring;
  actors::training_plan plan;
};

/// What an experiment asks for, checked before any data is read.
struct request {
  model_choice model;
  std::vector<contestant> contestants;  // serial first: the base
  bool sort_rows = false;
};

request read(const settings& values) {
  request r;
  r.model = read_model(values);
  const auto add = [&](chosen_wiring wiring) {
    actors::training_plan plan = read_plan(values, wiring);
    make_reproducible(values, plan);
    r.contestants.push_back({std::move(wiring), std::move(plan)});
  };
  add(read_wiring(values, "topologies", "serial", 1, 1));
  const auto workers = values.numbers<unsigned>("workers", 1, 1024);
  const auto replicas =
      values.numbers<unsigned>("replicas", 1, topology::most_replicas);
  for (const std::string& name : values.list("topologies")) {
    const bool one = name == "auto" || has_one_replica(name);
    for (const unsigned n : one ? std::vector<unsigned>{1} : replicas) {
      for (const unsigned k : one ? workers : std::vector<unsigned>{1}) {
        chosen_wiring chosen = read_wiring(values, "topologies", name, n, k);
        if (chosen.name != "serial") {
          r.sort_rows = r.sort_rows || chosen.name == "aig";
          add(std::move(chosen));
        }
      }
    }
  }
  if (r.contestants.size() == 1 && values.list("topologies").empty()) {
    values.fail("topologies", "names nothing to compare");
  }
  if (values.flag("profile")) {
    values.fail("profile", "is for sounder train");
  }
  warn_of_compression(values, {});
  return r;
}

double speed_up(const result& r, const result& base) {
  return r.report.train_s > 0.0 ? base.report.train_s / r.report.train_s : 0.0;
}

std::string bar(double value) {
  const double length =
      std::clamp(value * bar_per_unit, 0.0, static_cast<double>(longest_bar));
  return std::string(static_cast<std::size_t>(length + 0.5), '#');
}

/// The quality of a model: errors of a classifier, losses of a regression.
std::vector<std::string> quality(const actors::epoch_record& last,
                                 bool classifies) {
  std::vector<std::string> cells = {number(last.train_loss)};
  if (classifies) {
    cells.push_back(percent(last.train_error.value_or(0.0)));
    cells.push_back(last.test_error ? percent(*last.test_error) : "");
  } else {
    cells.push_back(last.test_loss ? number(*last.test_loss) : "");
  }
  return cells;
}

std::vector<std::string> titles(bool classifies) {
  if (classifies) {
    return {"topology",   "workers",     "time",       "speed-up", "samples",
            "train loss", "train error", "test error", ""};
  }
  return {"topology", "workers",    "time",      "speed-up",
          "samples",  "train loss", "test loss", ""};
}

std::string as_table(const std::vector<result>& results, bool classifies) {
  table rows(titles(classifies), true);
  rows.may_drop({"", "samples", "train error", "speed-up", "test loss",
                 "test error", "time", "workers"});
  unsigned most = 0;  // workers of an oversubscribed run
  for (const result& r : results) {
    const auto& report = r.report;
    const bool over = !oversubscription_note(r.what.threads()).empty();
    most = over ? std::max(most, r.what.threads()) : most;
    std::vector<std::string> cells = {
        r.what.name, fmt::format("{}{}", r.what.size(), over ? "*" : ""),
        seconds(report.train_s)};
    if (report.epochs.empty() || exit_code(report.stop_reason) != 0) {
      cells.resize(titles(classifies).size() - 1);
      cells.emplace_back(actors::name(report.stop_reason));
    } else {
      const double gain = speed_up(r, results.front());
      cells.push_back(fmt::format("{:.2f}", gain));
      cells.push_back(rate(static_cast<double>(report.samples) /
                           std::max(report.train_s, 1e-9)));
      for (std::string& cell : quality(report.epochs.back(), classifies)) {
        cells.push_back(std::move(cell));
      }
      cells.push_back(bar(gain));
    }
    rows.add(std::move(cells));
  }
  if (most > 0) {
    return rows.text() + "* " + oversubscription_note(most) + "\n";
  }
  return rows.text();
}

json as_json(const std::string& name, const workload& work,
             const std::vector<result>& results) {
  json out = {{"experiment", name},
              {"data", work.name},
              {"samples", work.train.rows()},
              {"features", work.features}};
  out["runs"] = json::array();
  for (const result& r : results) {
    json run = {
        {"topology", r.what.name},
        {"replicas", r.what.replicas},
        {"workers", r.what.workers},
        {"oversubscribed", !oversubscription_note(r.what.threads()).empty()},
        {"speed_up", speed_up(r, results.front())}};
    run.update(app::as_json(r.report));
    if (!r.report.epochs.empty()) {
      run["last"] = app::as_json(r.report.epochs.back());
    }
    out["runs"].push_back(std::move(run));
  }
  return out;
}

/// Fits the plans to the data: the same epochs for all.
void fit_all(const settings& values, const workload& work,
             const std::shared_ptr<const kernels::objective>& objective,
             std::vector<contestant>& all) {
  unsigned epochs = 0;
  unsigned every = 1;
  for (contestant& c : all) {
    c.plan.objective = objective;
    static_cast<void>(fit_to_data(values, work, c.plan));
    epochs = std::max(epochs, c.plan.epochs);
    every = std::max(every, c.plan.evaluate_every);
  }
  const settings same = values.with("epochs", fmt::format("{}", epochs))
                            .with("evaluate-every", fmt::format("{}", every));
  for (contestant& c : all) {
    static_cast<void>(fit_to_data(same, work, c.plan));
    check_batch(values, work, c.plan, c.wiring.replicas);
  }
}

/// The outcome of all experiments so far.
struct session {
  progress out;
  metrics_file metrics;
  interrupt_watch watch;
  bool as_json = false;
  json collected = json::array();
  int code = 0;
};

void run_experiment(const settings& values, const std::string& name,
                    session& s) {
  request r = read(values);
  train_test_sources sources = load_training_data(values, s.out);
  s.metrics.start_run(name);
  for (const load_record& record : sources.records) {
    s.metrics.load(record);
  }
  const workload work =
      prepare(values, std::move(sources), r.model,
              {.are_sorted = r.sort_rows,
               .unused = kernels::unused_features::leave_out});
  if (!work.normalised.note.empty()) {
    s.out.note(work.normalised.note);
  }
  fit_all(values, work, make_objective(r.model, work), r.contestants);
  std::vector<result> results;
  for (auto& [w, plan] : r.contestants) {
    plan.interrupt = s.watch.token();
    const std::string title = fmt::format(
        "{}{} {}", name.empty() ? "" : name + ": ", w.name, w.size());
    s.metrics.start_run(title);
    results.push_back({w, run_training(plan, work, title, s.out, s.metrics)});
    const actors::run_report& report = results.back().report;
    if (const std::string problem = complaint(report); !problem.empty()) {
      s.out.note(fmt::format("{}: {}", title, problem));
      s.code = std::max(s.code, exit_code(report.stop_reason));
    }
    if (s.watch.is_interrupted()) {
      break;
    }
  }
  if (s.as_json) {
    s.collected.push_back(as_json(name, work, results));
    return;
  }
  print_text(fmt::format(
      "{}{} on {}: {} samples x {} features, {} epochs\n\n{}\n",
      name.empty() ? "" : name + ": ", work.model_name, work.name,
      work.train.rows(), work.features, r.contestants.front().plan.epochs,
      as_table(results, kernels::is_classifier(r.model.kind))));
}

int run(const invocation& given) {
  std::vector<experiment> all = given.experiments;
  if (all.empty()) {
    all.push_back({"", given.values});
  }
  for (const experiment& e : all) {
    static_cast<void>(read(e.values));  // all typos before the first run
  }
  const settings& values = given.values;
  session s{progress(values.flag("quiet")),
            metrics_file(output_file(values, "metrics")),
            {},
            values.one_of("output", outputs) == "json"};
  for (const experiment& e : all) {
    run_experiment(e.values, e.name, s);
    if (s.watch.is_interrupted()) {
      break;
    }
  }
  if (s.as_json) {
    print(s.collected.dump(2) + "\n");
  }
  s.metrics.close();
  if (s.code != 0) {
    complain(s.watch.is_interrupted() ? "interrupted"
                                      : "a run failed; see above");
  }
  return s.code;
}

}  // namespace

command compare_command() {
  command c;
  c.name = "compare";
  c.summary = "trains with several topologies on the same work, one table";
  c.text =
      "  sounder compare --generate p1 --epochs 20 --workers 1,2\n"
      "  sounder compare --data train.svm.xz --topologies hogwild,locked,aig\n"
      "  sounder compare --config apps/experiments/P1.cfg\n"
      "\n"
      "Every topology runs with every count of workers; the base of the "
      "speed-up is\nserial SGD on the same data. [sections] of the config file "
      "are experiments of\ntheir own, with the keys before the first section "
      "as "
      "defaults.\n";
  c.groups = {
      training_data_options(),
      format_options(),
      label_options(true),
      generator_options("generate"),
      model_options(),
      network_model_options(),
      {"Comparison",
       {{"topologies", "A,B,..", "serial,hogwild,locked,aig,round-robin",
         "what to compare", topology::names()},
        {"workers", "K,L,..", "1,2",
         "of one replica: with so many workers each"},
        {"replicas", "N,M,..", "2",
         "of several replicas: so many, of one worker each"}}}};
  for (option_group& group : wiring_options()) {
    c.groups.push_back(std::move(group));
  }
  for (option_group& group : schedule_options()) {
    c.groups.push_back(std::move(group));
  }
  c.groups.push_back(
      {"Output",
       {{"metrics", "FILE", "", "write JSON lines: loads, epochs, the ends"},
        {"output", "FORM", "table", "table, json"},
        {"quiet", "", "", "no progress on stderr"}}});
  c.groups.push_back(common_options());
  c.has_experiments = true;
  c.run = run;
  return c;
}

}  // namespace sounder::app

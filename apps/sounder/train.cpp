// sounder train: options, data, run, model file, report.

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "actors/run/cluster.hpp"
#include "apps/sounder/checkpoint_options.hpp"
#include "apps/sounder/commands.hpp"
#include "apps/sounder/generate_options.hpp"
#include "apps/sounder/lost_nodes.hpp"
#include "apps/sounder/network_model.hpp"
#include "apps/sounder/network_options.hpp"
#include "apps/sounder/output_path.hpp"
#include "apps/sounder/plan_options.hpp"
#include "apps/sounder/reproducible.hpp"
#include "apps/sounder/sample_source.hpp"
#include "apps/sounder/signals.hpp"
#include "apps/sounder/train_report.hpp"
#include "apps/sounder/training_run.hpp"
#include "apps/sounder/wiring_options.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/model/model_file.hpp"
#include "topology/systems.hpp"
#include "topology/wiring_file.hpp"

namespace sounder::app {

namespace {

constexpr std::array<std::string_view, 2> outputs = {"table", "json"};

option_group output_options() {
  return {
      "Output",
      {{"save", "FILE", "",
        "write the model: NumPy's .npz by that name, else liblinear's text"},
       {"warm-start", "MODEL", "", "start from the weights of this model file"},
       {"metrics", "FILE", "", "write JSON lines: loads, epochs, the end"},
       {"output", "FORM", "table", "of the result on stdout: table, json"},
       {"quiet", "", "", "no progress on stderr"}}};
}

/// The words of this command before any data is read.
struct request {
  model_choice model;
  actors::training_plan plan;
  chosen_wiring wiring;
  std::string save;
  bool as_json = false;
  bool profiled = false;
};

/// One on each node that takes replicas in turn.
unsigned usual_replicas(const settings& values, const std::string& system) {
  if (has_one_replica(system)) {
    return 1;
  }
  return std::max(unnamed_nodes(values), system == "auto" ? 1U : 2U);
}

unsigned read_replicas(const settings& values) {
  return values
      .optional_number<unsigned>("replicas", 1, topology::most_replicas)
      .value_or(usual_replicas(values, values.text("topology")));
}

unsigned read_workers(const settings& values) {
  return values.number<unsigned>("workers", 1, 1024);
}

/// The system that --topology names.
chosen_wiring read_system(const settings& values) {
  const std::string& system = values.text("topology");
  const unsigned replicas = read_replicas(values);
  const unsigned workers = read_workers(values);
  chosen_wiring chosen =
      read_wiring(values, "topology", system, replicas, workers);
  check_counts(values, chosen.name, replicas, workers);
  for (const char* const name : {"shared-head", "head-every"}) {
    if (values.has(name) && has_one_replica(chosen.name) &&
        chosen.name != "hogwild") {
      values.fail(
          name, fmt::format("is for --topology hogwild, not {}", chosen.name));
    }
  }
  warn_of_idle_options(values, chosen);
  return chosen;
}

request read(const settings& values) {
  request r;
  r.model = read_model(values);
  r.wiring =
      values.has("wiring") ? read_wiring_file(values) : read_system(values);
  r.plan = read_plan(values, r.wiring);
  place_on_nodes(values, r.plan);
  make_reproducible(values, r.plan);
  warn_of_compression(values, r.plan.graph);
  r.plan.data_source = copy_source(values);
  r.save = output_file(values, "save");
  r.as_json = values.one_of("output", outputs) == "json";
  return r;
}

/// Finds out before the training that its model could not be written after.
void check_save(const request& r, const workload& work) {
  if (r.save.empty()) {
    return;
  }
  if (!work.network) {
    kernels::check_savable(work.kind, work.classes(), r.save);
  } else if (std::filesystem::path(r.save).extension() != ".npz") {
    throw usage_error(
        fmt::format("--save: {}: networks are saved as .npz; "
                    "name the file so",
                    r.save));
  }
  std::filesystem::path folder = std::filesystem::path(r.save).parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder)) {
    throw kernels::data_error(
        r.save, fmt::format("the folder {} does not exist; make it first",
                            folder.string()));
  }
}

/// The usual strength of the penalty goes by the leader's samples, of which
/// there may be others than the run walks.
std::string penalty_note(const request& r, const workload& work,
                         const actors::run_report& report) {
  return r.model.l2 || report.parts.empty() ||
                 report.epoch_samples == work.train.rows()
             ? ""
             : fmt::format(
                   "warning: --l2 was 1 / {}, by the samples of {}; an epoch "
                   "walks {}: give --l2",
                   work.train.rows(), work.name, report.epoch_samples);
}

/// Writes the model unless the run has ruined it. Says so on stderr.
void save(const request& r, const workload& work,
          const actors::run_report& report, progress& out) {
  const bool is_ruined = report.stop_reason == actors::stop_reason::diverged;
  if (r.save.empty() || is_ruined || report.parameters.empty()) {
    return;
  }
  app::save(work, report.parameters, r.save);
  out.note(fmt::format("model saved to {}", r.save));
}

/// Where classes have weights one asks what these bring.
found_classes count_found(const request& r, const workload& work,
                          const actors::run_report& report) {
  if (!work.class_weights || report.parameters.empty()) {
    return {};
  }
  const auto of = [&](const kernels::dataset& data) {
    return data.empty() ? std::vector<class_recall>{}
                        : recall_of(*r.plan.objective, work.kind, data,
                                    report.parameters.data(), work.labels);
  };
  return {of(work.train), of(work.test)};
}

}  // namespace

command train_command() {
  command c;
  c.name = "train";
  c.summary = "trains a linear model or a network by SGD";
  c.text =
      "  sounder train --data data/a9a/a9a --test data/a9a/a9a.t --features "
      "123\n"
      "  sounder train --data data/w8a/w8a --split 0.8 --topology hogwild "
      "--workers 2\n"
      "  sounder train --data mnist/ --model softmax --step 0.01 --save m.npz\n"
      "  sounder train --data mnist/ --model lenet --replicas 2\n"
      "  sounder train --data big.svm --warm-start m.txt --save m.txt\n"
      "  sounder train --data big.svm --checkpoint run/ --resume run/\n"
      "  sounder train --generate p1 --batch 2 --step 0.001\n"
      "\n"
      "Minimises mean loss + (l2 / 2) |w|^2, the losses weighted where classes "
      "or\nsamples have weights. The result goes to stdout, "
      "progress "
      "to\nstderr. Exit codes: 0 done, 1 diverged, 2 wrong options, 3 unusable "
      "data,\n4 a node is lost or refuses, 5 stalled, 130 interrupted (after "
      "saving the model\nso far).\n";
  c.resumed_by = "resume";
  c.groups = {training_data_options(), format_options(),
              label_options(true),     generator_options("generate"),
              model_options(),         network_model_options(),
              topology_options()};
  for (option_group& group : wiring_options()) {
    c.groups.push_back(std::move(group));
  }
  c.groups.push_back(nodes_options());
  c.groups.push_back(tls_options());
  for (option_group& group : schedule_options()) {
    c.groups.push_back(std::move(group));
  }
  c.groups.push_back(checkpoint_options());
  c.groups.push_back(output_options());
  c.groups.push_back(common_options());
  c.run = [](const invocation& given) { return train(given, {}); };
  return c;
}

namespace {

/// What the options say of losses.
survival read_survival(const settings& values, request& r,
                       actors::checkpointing keeps) {
  survival after;
  after.keeps = std::move(keeps);
  after.restarts = values.number<unsigned>("restarts");
  after.wait =
      std::chrono::duration<double>(values.number("wait-for-node", 0.0, 1e6));
  after.leave_out = [left = values, &r](const std::string& address,
                                        actors::training_plan& plan) mutable {
    left = without_node(left, address);
    request fewer = read(left);
    plan.graph = std::move(fewer.plan.graph);
    plan.nodes = std::move(fewer.plan.nodes);
    r.wiring = std::move(fewer.wiring);
  };
  return after;
}

/// How to go on with a run that was cut short.
std::string way_on(const actors::run_report& report,
                   const std::string& folder) {
  using actors::stop_reason;
  const auto why = report.stop_reason;
  const bool is_over = exit_code(why) == 0 && why != stop_reason::time_spent;
  return is_over || !report.checkpoint
             ? ""
             : fmt::format("--resume {} goes on after epoch {}", folder,
                           *report.checkpoint);
}

}  // namespace

int train(const invocation& given, const std::function<void()>& revive) {
  const bool chooses = leaves_wiring_open(given.values);
  const settings values =
      chooses ? with_reproducible_wiring(
                    given.values,
                    read_replicas(given.values) * read_workers(given.values))
              : given.values;
  request r = read(values);
  progress out(values.flag("quiet"));
  if (chooses) {
    out.note(reproducible_note(values));
  }
  metrics_file metrics(output_file(values, "metrics"));
  survival after = read_survival(values, r, read_checkpointing(values, out));
  after.revive = revive;
  std::string folder;
  if (const auto& kept = after.keeps.folder) {
    folder = kept->path().string();
    keep_options(given.values, train_command().groups, *kept);
  }
  if (const std::string note = oversubscription_note(r.wiring.threads());
      !note.empty()) {
    out.note("note: " + note);
  }
  train_test_sources sources = load_training_data(values, out);
  for (const load_record& record : sources.records) {
    metrics.load(record);
  }
  const bool others =
      values.has("warm-start") || topology::has_nodes(r.plan.graph);
  const workload work =
      prepare(values, std::move(sources), r.model,
              {.are_sorted = r.wiring.name == "aig",
               .unused = others ? kernels::unused_features::keep
                                : kernels::unused_features::leave_out});
  r.plan.objective = make_objective(r.model, work);
  for (const std::string& note :
       {work.normalised.note, fit_to_data(values, work, r.plan)}) {
    if (!note.empty()) {
      out.note(note);
    }
  }
  check_batch(values, work, r.plan, r.wiring.replicas);
  check_save(r, work);
  r.plan.part_source = part_source(values, work);
  if (values.has("warm-start")) {
    const std::string& file = values.text("warm-start");
    r.plan.start = read_start(work, file);
  }
  r.profiled = values.flag("profile");
  if (r.profiled && (!work.network || topology::has_nodes(r.plan.graph))) {
    values.fail("profile", "is for networks, in this process");
  }
  if (r.profiled) {
    work.network->measure_times(true);
  }
  const auto& from = after.keeps.from;
  if (from && from->wiring != actors::wiring_text(r.plan.graph)) {
    out.note(
        "the wiring is another: all begin with the model, optimizers anew");
  }
  interrupt_watch watch;
  r.plan.interrupt = watch.token();
  const actors::run_report report =
      run_training(r.plan, work, "", out, metrics, std::move(after));
  save(r, work, report, out);
  const finished_run done{r.wiring, work, report, r.profiled,
                          count_found(r, work, report)};
  if (r.as_json) {
    print(as_json(done).dump(2) + "\n");
  } else {
    print_text(as_table(done));
  }
  metrics.close();
  const std::string next = way_on(report, folder);
  if (const std::string note = penalty_note(r, work, report); !note.empty()) {
    complain(note);
  }
  if (const std::string problem = complaint(report); !problem.empty()) {
    complain(problem + (next.empty() ? "" : "; ") + next);
  } else if (!next.empty()) {
    out.note(next);
  }
  return exit_code(report);
}

}  // namespace sounder::app

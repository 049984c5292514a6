#include "actors/run/train.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "actors/exit_reasons.hpp"
#include "actors/node/network.hpp"
#include "actors/run/run.hpp"
#include "actors/run/start_loss.hpp"
#include "kernels/data/pack.hpp"

namespace sounder::actors {

namespace {

caf::actor_system_config& configure(network_config& config,
                                    const training_plan& plan) {
  if (topology::has_nodes(plan.graph)) {
    configure_network(config, plan.tls);
  }
  if (plan.deterministic) {
    config.set("scheduler.policy", caf::atom("testing"));
    return config;
  }
  // Workers have threads of their own; this is for the few that do not.
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", 2);
  config.set("scheduler.max-throughput", 5);
  return config;
}

struct system {
  explicit system(const training_plan& plan)
      : actors(configure(config, plan)) {}

  network_config config;
  caf::actor_system actors;
};

/// Lets the nodes go, however the run ends.
struct release_at_end {
  caf::actor_system& system;
  cluster done;
  ~release_at_end() { release(system, done); }
};

void add_links(caf::actor_system& actors, const std::vector<member_node>& nodes,
               run_report& report) {
  const std::chrono::milliseconds deadline(
      report.stop_reason == stop_reason::interrupted ? 500 : 5000);
  try {
    for (link_record& record : links_of(actors, nodes, deadline)) {
      report.links.push_back(std::move(record));
    }
  } catch (const peer_error& problem) {
    report.message += (report.message.empty() ? "" : "; ") +
                      std::string("the links of a node are missing: ") +
                      problem.what();
  }
}

/// What keeps a run from going on from there, as far as can be told without
/// the states.
std::vector<std::string> misfits(const checkpoint& from,
                                 const training_plan& plan,
                                 const kernels::dataset& train_set) {
  std::vector<std::string> problems;
  if (from.parameters.size() != plan.objective->dimension() ||
      from.states.empty()) {
    problems.push_back("the checkpoint is of another model, of " +
                       std::to_string(from.parameters.size()) +
                       " parameters, not " +
                       std::to_string(plan.objective->dimension()));
  }
  if (from.samples_hash != kernels::fingerprint(train_set)) {
    problems.emplace_back("the checkpoint is of a run on other samples");
  }
  if (from.epoch() >= plan.epochs) {
    problems.push_back(
        "the checkpoint is of epoch " + std::to_string(from.epoch()) + " of " +
        std::to_string(plan.epochs) + ": nothing is left; give more epochs");
  }
  return problems;
}

/// In another wiring all begin with the model.
plan_ptr plan_from(const training_plan& plan, const checkpoint* from) {
  training_plan made = plan;
  if (from != nullptr && from->wiring != wiring_text(plan.graph)) {
    made.start = from->parameters;
  }
  return std::make_shared<const training_plan>(std::move(made));
}

/// Message by message until nobody has one. An actor that has more goes to
/// the back of the queue: the coordinator's own run() would let the first
/// worker, which sends itself its next piece, walk alone while others wait.
void run_on_this_thread(caf::actor_system& actors) {
  auto& scheduler =
      dynamic_cast<caf::scheduler::test_coordinator&>(actors.scheduler());
  auto& queue = scheduler.jobs;
  while (!queue.empty()) {
    const auto* job = queue.front();
    scheduler.run_once();
    if (!queue.empty() && queue.front() == job) {
      std::rotate(queue.begin(), queue.begin() + 1, queue.end());
    }
  }
}

}  // namespace

std::string_view name(stop_reason reason) noexcept {
  static constexpr std::string_view names[] = {
      "epochs done",    "target reached", "loss settled",
      "patience spent", "time spent",     "interrupted",
      "diverged",       "peer lost",      "stalled"};
  static_assert(std::size(names) ==
                static_cast<std::size_t>(stop_reason::stalled) + 1);
  return names[static_cast<std::size_t>(reason)];
}

run_report train(const training_plan& plan, const kernels::dataset& train_set,
                 const kernels::dataset& test_set,
                 const epoch_observer& observer, const checkpointing& keeps) {
  refuse(validate(plan, train_set, test_set));
  if (keeps.from) {
    refuse(misfits(*keeps.from, plan, train_set));
  }
  const plan_ptr shared = plan_from(plan, keeps.from.get());
  auto home = std::make_unique<system>(plan);
  deployed_graph deployed;
  if (topology::has_nodes(plan.graph)) {
    try {
      deployed = deploy(home->actors, shared, train_set);
    } catch (const deploy_interrupted&) {
      run_report report;
      report.stop_reason = stop_reason::interrupted;
      report.message = "stopped while the nodes were set up";
      return report;
    }
  } else {
    deployed.here = wire(shared, train_set);
    deployed.shape = data_shape::of(train_set);
  }
  const release_at_end others{home->actors, deployed.cluster};
  deployed.start_loss = loss_at_start(*plan.objective, train_set, plan.seed);
  run_report report;
  {
    caf::scoped_actor self(home->actors, true);
    const run_actor runner = home->actors.spawn(
        run, shared, std::move(deployed), train_set, test_set, observer, keeps);
    auto reply = self->request(runner, caf::infinite, start_atom::value);
    if (plan.deterministic) {
      run_on_this_thread(home->actors);
    }
    reply.receive(
        [&](const run_report_ptr& done) { report = *done; },
        [&](const caf::error& problem) {
          if (problem == caf::sec::invalid_argument) {
            throw std::invalid_argument(words_of(home->actors, problem));
          }
          throw std::runtime_error("the run broke off: " +
                                   words_of(home->actors, problem));
        });
  }
  if (plan.deterministic) {
    run_on_this_thread(home->actors);  // let everybody go
  }
  if (!others.done.nodes.empty() &&
      report.stop_reason != stop_reason::peer_lost) {
    add_links(home->actors, others.done.nodes, report);
  }

  if (report.stop_reason == stop_reason::stalled) {
    // A worker is stuck in a kernel; waiting for it would be to hang.
    static_cast<void>(home.release());
  }
  return report;
}

}  // namespace sounder::actors

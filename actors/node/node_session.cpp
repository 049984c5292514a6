#include "actors/node/node_session.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "actors/sync/link_kinds.hpp"
#include "kernels/data/pack.hpp"
#include "kernels/model/linear.hpp"
#include "kernels/network/network.hpp"

namespace sounder::actors {

namespace {

/// Throws when the node's copy is another data set than the leader's.
void check_copy(const kernels::dataset& copy, const deployment& part) {
  if (copy.features() != part.features || copy.rows() != part.shape.rows) {
    throw std::invalid_argument(
        "its data is another: " + std::to_string(copy.rows()) + " x " +
        std::to_string(copy.features()) + " against " +
        std::to_string(part.shape.rows) + " x " +
        std::to_string(part.features) + " at the leader");
  }
  const kernels::hash_128 mine = kernels::fingerprint(copy);
  if (part.fingerprint != std::vector<std::uint64_t>{mine[0], mine[1]}) {
    throw std::invalid_argument(
        "its data has the leader's size but other samples, labels or weights");
  }
}

/// Some samples of the run; none, as wide, where only hubs live.
kernels::dataset any_data(const node_session& run) {
  if (run.own) {
    return *run.own;
  }
  if (!run.sent.empty()) {
    return run.sent.begin()->second;
  }
  kernels::sparse_storage none;
  none.start.push_back(0);
  return {std::move(none), {}, run.part.features};
}

std::shared_ptr<const kernels::objective> make_objective(
    const node_options& options, const deployment& part,
    const kernels::dataset& data) {
  const std::string& description = part.objective;
  auto made = kernels::make_described(description, data, part.learned);
  if (!made) {
    made = kernels::make_described_network(description);
  }
  if (!made && options.make_objective) {
    made = options.make_objective(description, data);
  }
  if (!made) {
    throw std::invalid_argument("it cannot make the objective '" + description +
                                "'");
  }
  return made;
}

/// Gives the replicas' setups what only this process has.
void complete_setups(node_session& run, const node_options& options) {
  training_plan& plan = run.part.plan;
  plan.exchanges = options.exchanges;
  plan.interrupt = run.stop->get_token();
  plan.objective = make_objective(options, run.part, any_data(run));
  if (plan.objective->dimension() != run.start.size()) {
    throw std::invalid_argument(
        "its objective has " + std::to_string(plan.objective->dimension()) +
        " parameters, the leader's " + std::to_string(run.start.size()));
  }
  run.plan = std::make_shared<const training_plan>(plan);
  for (std::size_t i = 0; i < run.times.setups.size(); ++i) {
    const topology::replica& node = plan.graph.replicas[i];
    replica_setup& setup = run.times.setups[i];
    setup.begin(run.plan, i);
    setup.stop = run.stop->get_token();
    if (node.is_hub()) {
      continue;
    }
    const share& mine = run.times.partition.shares[i];
    const bool is_here = node.place == run.part.place;
    const auto sent = run.sent.find(i);
    if (sent != run.sent.end()) {
      setup.data = sent->second;
      setup.rows = kernels::shard(sent->second.rows(), 0, 1);
    } else if (run.own && run.own->rows() == mine.rows &&
               (is_here || !options.open_part)) {
      setup.data = *run.own;
      setup.rows = mine.shard();
    } else if (is_here) {
      throw std::invalid_argument("its samples are not those of the timetable");
    }
  }
}

}  // namespace

samples_held open_own_data(node_session& run, const node_options& options) {
  if (options.open_part) {
    run.own = options.open_part(run.part.data);
    if (run.own->features() != run.part.features) {
      throw std::invalid_argument(
          "its samples have " + std::to_string(run.own->features()) +
          " features, the leader's " + std::to_string(run.part.features));
    }
    return {holding::part, run.own->rows(), run.own->nonzeros()};
  }
  if (options.open_data) {
    run.own = options.open_data(run.part.data);
  }
  if (!run.own) {
    return {};
  }
  check_copy(*run.own, run.part);
  return {holding::whole, 0, 0};
}

opened_ports open_ports(caf::actor_system& system, node_session& run,
                        const node_options& options,
                        const std::vector<char>& timetable_bytes) {
  run.times = decode_timetable(timetable_bytes, run.part.plan);
  complete_setups(run, options);
  run.wiring = std::make_unique<graph_builder>(
      run.plan, run.times.partition, std::move(run.times.setups),
      run.part.place,
      graph_builder::network{&system,
                             options.tls,
                             run.part.secret,
                             run.part.peers,
                             {options.listen.host, options.wire_port},
                             run.failure});
  run.ports = run.wiring->open(
      {run.start.data(), static_cast<std::size_t>(run.start.size())});
  return run.ports;
}

connected_session connect_others(node_session& run,
                                 const opened_ports& others) {
  opened_ports ports = run.ports;
  ports.add(others);
  connected_session made;
  made.wired = run.wiring->connect(ports);
  made.threads = run.wiring->threads();
  return made;
}

node_session::~node_session() {
  if (!wiring) {
    return;
  }
  for (const caf::actor& each : wiring->threads()) {
    caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  }
}

}  // namespace sounder::actors

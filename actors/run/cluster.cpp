#include "actors/run/cluster.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "actors/plan/link_json.hpp"
#include "actors/run/ask_node.hpp"
#include "kernels/data/pack.hpp"
#include "kernels/data/split.hpp"

namespace sounder::actors {

namespace {

using std::chrono::milliseconds;

/// Bytes of samples in a message.
constexpr std::size_t samples_part = std::size_t{4} << 20U;

/// A group's interrupt takes as long, at most, from the first process to the
/// last.
constexpr milliseconds moments(500);

class deployer {
 public:
  deployer(caf::actor_system& system, plan_ptr plan,
           const kernels::dataset& data)
      : system_(system),
        shared_plan_(std::move(plan)),
        plan_(*shared_plan_),
        data_(data) {}

  deployed_graph run() {
    try {
      find_nodes();
      const kernels::hash_128 sum = kernels::fingerprint(data_);
      const parameters start = as_parameters(start_parameters(plan_));
      for (member_node& node : deployed_.cluster.nodes) {
        hand_out(node, sum, start);
      }
      deal_samples();
      for (const member_node& node : deployed_.cluster.nodes) {
        send_samples(node);
      }
      wire();
    } catch (const peer_error&) {
      release(system_, deployed_.cluster);
      if (is_interrupted_within(moments)) {
        throw deploy_interrupted();  // which has ended the node, too
      }
      throw;
    } catch (...) {
      release(system_, deployed_.cluster);
      throw;
    }
    return std::move(deployed_);
  }

 private:
  milliseconds deadline() const { return plan_.connect_deadline; }

  bool is_interrupted_within(milliseconds time) const {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait_for(lock, plan_.interrupt, time, [] { return false; });
    return plan_.interrupt.stop_requested();
  }

  void find_nodes() {
    std::set<std::string> places;
    for (const topology::replica& r : plan_.graph.replicas) {
      if (!r.place.empty()) {
        places.insert(r.place);
      }
    }
    for (const std::string& place : places) {
      const auto named = plan_.nodes.find(place);
      member_node node;
      node.place = place;
      node.address =
          parse_address(named == plan_.nodes.end() ? place : named->second);
      node.actor = connect(system_, node.address, deadline(), plan_.interrupt);
      if (!node.actor) {
        throw deploy_interrupted();
      }
      check_once(node);
      node.samples =
          ask<samples_held>(system_, node, deadline(), plan_.interrupt,
                            hello_atom::value, protocol);
      peers_[place] = node.address.text();
      deployed_.cluster.nodes.push_back(std::move(node));
    }
  }

  /// A process may have many addresses.
  void check_once(const member_node& node) const {
    for (const member_node& other : deployed_.cluster.nodes) {
      if (other.actor == node.actor) {
        throw std::invalid_argument("--nodes: " + other.address.text() +
                                    " and " + node.address.text() +
                                    " are the same node; name it once");
      }
    }
  }

  /// What shall be run. The node answers what samples it has for it.
  void hand_out(member_node& node, const kernels::hash_128& sum,
                const parameters& start) {
    deployment part;
    part.place = node.place;
    part.plan = plan_;
    part.shape = data_shape::of(data_);
    part.objective = plan_.objective->describe();
    if (node.samples.what == holding::part) {
      part.data = plan_.part_source;  // with features and counts of its own
    } else {
      part.data = plan_.data_source;
      part.learned = plan_.objective->learned();
    }
    part.fingerprint = {sum[0], sum[1]};
    part.features = data_.features();
    part.peers = peers_;
    part.secret = secret_;
    node.samples =
        ask<samples_held>(system_, node, deadline(), plan_.interrupt,
                          deploy_atom::value, leader(), encode(part), start);
  }

  void deal_samples() {
    std::map<std::string, data_shape> own;
    for (const member_node& node : deployed_.cluster.nodes) {
      if (node.samples.what == holding::part) {
        own[node.place] = {node.samples.rows, node.samples.nonzeros,
                           data_.is_sparse()};
        deployed_.parts.push_back({node.address.text(), node.samples.rows});
      }
    }
    partition_ = partition_data(plan_.graph, data_shape::of(data_), own);
    for (const member_node& node : deployed_.cluster.nodes) {
      if (node.samples.what == holding::part) {
        check_part(node);
      }
    }
    check_sizes(own);
    deployed_.shape = partition_.shape;
    setups_ = set_up_all(shared_plan_, partition_);
  }

  void check_sizes(const std::map<std::string, data_shape>& own) const {
    std::size_t sharing = topology::stepping_replicas(plan_.graph);
    for (const auto& [place, shape] : own) {
      sharing -= stepping_at(plan_.graph, place);
    }
    refuse(size_problems(plan_, data_.rows(), sharing, partition_.shape.rows));
  }

  /// No sample may be left out, and no replica go without.
  void check_part(const member_node& node) const {
    const auto fail = [&](const std::string& why) {
      throw peer_error("node " + node.address.text() + ": " + why);
    };
    const std::size_t sharing = stepping_at(plan_.graph, node.place);
    if (sharing == 0) {
      fail("it has samples of its own, but no replica that steps");
    }
    if (node.samples.rows >= std::uint64_t{1} << 32U) {
      fail("it has 2^32 samples of its own or more");
    }
    const std::size_t least = plan_.objective->least_batch();
    if (node.samples.rows < sharing * least) {
      fail("it has " + std::to_string(node.samples.rows) +
           " samples of its own for " + std::to_string(sharing) + " replicas" +
           (least > 1 ? " that need " + std::to_string(least) + " each" : ""));
    }
  }

  void send_samples(const member_node& node) {
    for (std::size_t i = 0; i < setups_.size(); ++i) {
      const topology::replica& r = plan_.graph.replicas[i];
      if (node.samples.what == holding::nothing && r.place == node.place &&
          !r.is_hub()) {
        send_samples(node, i);
      }
    }
  }

  /// The replica's rows, packed, a part at a time.
  void send_samples(const member_node& node, std::size_t replica) {
    const kernels::shard& rows = setups_[replica].rows;
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t i = 0; i < rows.rows(); ++i) {
      numbers.push_back(rows.row(i));
    }
    const std::vector<char> packed =
        kernels::pack(kernels::select_rows(data_, numbers));
    for (std::size_t first = 0; first < packed.size(); first += samples_part) {
      const auto from = packed.begin() + static_cast<std::ptrdiff_t>(first);
      const auto to = from + static_cast<std::ptrdiff_t>(
                                 std::min(samples_part, packed.size() - first));
      static_cast<void>(
          ask<bool>(system_, node, deadline(), plan_.interrupt,
                    samples_atom::value, static_cast<std::uint32_t>(replica),
                    std::uint64_t{packed.size()}, std::vector<char>(from, to)));
    }
  }

  /// All open their ports, then all connect to the others'.
  void wire() {
    const std::vector<char> times = encode(timetable{partition_, setups_});
    for (replica_setup& setup : setups_) {
      setup.data = data_;
    }
    graph_builder work(
        shared_plan_, partition_, setups_, {},
        graph_builder::network{&system_, plan_.tls, secret_, peers_, {}, {}});
    opened_ports ports = work.open(start_parameters(plan_));
    for (const member_node& node : deployed_.cluster.nodes) {
      ports.add(ask<opened_ports>(system_, node, deadline(), plan_.interrupt,
                                  open_atom::value, times));
    }
    for (const member_node& node : deployed_.cluster.nodes) {
      auto list = ask<replica_list>(system_, node, deadline(), plan_.interrupt,
                                    connect_atom::value, ports);
      for (const auto& [number, actor] : list.replicas) {
        deployed_.cuts[number] = setups_.at(number).cut;
      }
      deployed_.elsewhere.replicas.merge(list.replicas);
      deployed_.elsewhere.hubs.merge(list.hubs);
    }
    deployed_.here = work.connect(ports);
    for (const caf::actor& each : work.threads()) {
      deployed_.cluster.helpers.push_back(each);
    }
  }

  /// Somebody for the nodes to watch: it lives as long as this system.
  leader_actor leader() {
    leader_actor& known = deployed_.cluster.leader;
    if (!known) {
      known = system_.spawn(
          [](leader_actor::pointer self) -> leader_actor::behavior_type {
            return {[self](release_atom) { self->quit(); }};
          });
    }
    return known;
  }

  caf::actor_system& system_;
  plan_ptr shared_plan_;
  const training_plan& plan_;
  const kernels::dataset& data_;
  data_partition partition_;
  std::vector<replica_setup> setups_;
  std::map<std::string, std::string> peers_;
  run_secret secret_ = make_secret();
  deployed_graph deployed_;
};

}  // namespace

deployed_graph deploy(caf::actor_system& system, const plan_ptr& plan,
                      const kernels::dataset& data) {
  return deployer(system, plan, data).run();
}

std::vector<link_record> links_of(caf::actor_system& system,
                                  const std::vector<member_node>& nodes,
                                  milliseconds deadline) {
  std::vector<link_record> records;
  const auto texts =
      ask_all<std::string>(system, nodes, deadline, links_atom::value);
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    if (!texts[k]) {
      throw peer_error("node " + nodes[k].address.text() +
                       " does not tell its links");
    }
    for (const nlohmann::json& each : nlohmann::json::parse(*texts[k])) {
      records.push_back(as_link_record(each));
    }
  }
  return records;
}

void release(caf::actor_system& system, const cluster& done) {
  for (const caf::actor& helper : done.helpers) {
    caf::anon_send_exit(helper, caf::exit_reason::user_shutdown);
  }
  if (done.leader) {
    caf::anon_send(done.leader, release_atom::value);
  }
  static_cast<void>(ask_all<bool>(system, done.nodes, milliseconds(1000),
                                  release_atom::value));
}

}  // namespace sounder::actors

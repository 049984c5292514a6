#pragma once

// From a graph to what runs: replicas with their memory, and meetings for
// their links.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include <caf/all.hpp>

#include "actors/messages.hpp"
#include "actors/plan/meeting_times.hpp"
#include "actors/replica/peer_failure.hpp"
#include "actors/replica/wired_replica.hpp"
#include "actors/sync/codec.hpp"
#include "actors/sync/courier.hpp"
#include "actors/sync/gossip_meeting.hpp"
#include "actors/sync/group_exchange.hpp"
#include "actors/sync/memory_channel.hpp"
#include "actors/sync/rules.hpp"
#include "actors/sync/token_ring.hpp"
#include "actors/wire/stream_registry.hpp"

namespace sounder::actors {

/// Everything that runs in this process.
struct wired_graph {
  std::vector<wired_replica> replicas;  // by their numbers in the graph
  std::vector<std::shared_ptr<link_meter>> meters;
  std::vector<wired_token> tokens;
};

/// A link's stream, or that of its way back.
stream_key key_of_link(std::size_t link, bool reverse);

/// Puts a graph's replicas and links of one place to work, in two steps: all
/// nodes open their ports, then all connect to the others'.
class graph_builder {
 public:
  /// How this place reaches others.
  struct network {
    caf::actor_system* system = nullptr;
    tls_files tls;
    run_secret secret{};
    std::map<std::string, std::string> peers;  // addresses of places
    node_address listen;  // for streams; without a host others are called
    std::shared_ptr<peer_failure> failure;  // is told who is lost; may be null
  };

  /// `setups` by replica, with data for those of `place`. Without a network
  /// everything lives in this process.
  graph_builder(plan_ptr plan, const data_partition& partition,
                std::vector<replica_setup> setups, std::string place,
                std::optional<network> others = std::nullopt);

  /// Memory with the parameters to start from, and a port for the others.
  /// Throws std::system_error when memory is short.
  opened_ports open(std::span<const float> start);

  /// The meetings of all links that begin here, and threads that serve those
  /// which end here and begin elsewhere. Throws peer_error when a node cannot
  /// be reached.
  wired_graph connect(const opened_ports& others);

  /// To be ended with the run.
  const std::vector<caf::actor>& threads() const noexcept { return threads_; }

 private:
  bool is_here(std::size_t replica) const;
  void make_replicas(std::span<const float> start);
  void make_endpoints();
  std::shared_ptr<const known_ways> find_known_ways() const;
  void find_wires();
  void want_courier(std::size_t other);
  void open_wires();
  void connect_wires();
  void make_couriers();
  void serve_link(std::size_t link, std::size_t to, bool reverse);
  void open_inbox(std::size_t link, bool reverse);
  void open_far_end(std::size_t link, bool reverse);
  std::shared_ptr<token_ring> ring_among(std::span<const std::size_t> members);
  std::size_t token_link(std::size_t from, std::size_t to) const;
  void start_couriers();
  void keep_turning(std::function<bool()> turn);
  void find_rings();
  void join_groups();

  void add_meetings(std::size_t i);
  void add(std::size_t replica, std::unique_ptr<meeting> made, std::size_t tau,
           bool before_optimizer = false);
  void add_all_reduce(std::size_t i);
  template <class Exchange>
  void add_gossip(std::size_t i);
  std::shared_ptr<group_exchange> group_of(std::size_t i);
  group_streams group_streams_of(std::size_t i);
  std::shared_ptr<pending_stream> line_to(std::size_t from, std::size_t to);
  std::unique_ptr<meeting> meeting_of(std::size_t link);
  std::unique_ptr<meeting> trade_of(std::size_t link, bool reverse);
  local_link near_end_of(std::size_t link, bool reverse);
  std::unique_ptr<meeting> group_push(std::size_t replica,
                                      std::unique_ptr<meeting> inner,
                                      bool random);
  std::shared_ptr<outbox> outbox_of(std::size_t link, bool reverse,
                                    std::shared_ptr<link_meter> meter);
  codec codec_of_updates(std::size_t link, std::size_t here) const;
  const std::shared_ptr<courier>& courier_to(std::size_t replica) const;
  std::shared_ptr<link_meter> meter_of(std::size_t link, bool reverse);
  std::vector<float> start_of(std::size_t replica) const;
  std::vector<float> start_of(std::size_t replica,
                              const kernels::segment& held) const;

  struct group_membership {
    std::size_t group = 0;  // in reductions_
    std::size_t rank = 0;
    std::shared_ptr<group_memory> shared;  // when all members are here
    std::shared_ptr<group_exchange> exchange;
  };
  /// A stream that two replicas need: from the one that starts the meeting.
  struct wanted_wire {
    stream_key key = 0;
    std::size_t from = 0;
    std::size_t to = 0;
    bool is_shared = false;  // by all gossip and tokens of two places
  };
  /// What an update goes by to another place.
  struct update_way {
    std::size_t from = 0;
    std::size_t to = 0;
    channel_number channel = 0;
    bool is_first = false;  // of those that share it
  };
  update_way way_of(std::size_t link, bool reverse);
  bool is_called(const wanted_wire& wire) const;
  std::string far_place(const wanted_wire& wire) const;
  std::string name_of(const std::string& place) const;
  struct ring_membership {
    std::shared_ptr<token_ring> ring;
    std::size_t position = 0;
  };

  plan_ptr shared_plan_;
  const training_plan& plan_;
  const topology::graph& graph_;
  meeting_times times_;
  const std::vector<std::size_t> mixing_degrees_;
  const bool moves_few_;  // parameters in a step
  std::vector<replica_setup> setups_;
  std::string place_;
  std::optional<network> network_;
  std::unique_ptr<stream_registry> board_;
  std::vector<wanted_wire> wanted_;
  std::map<stream_key, std::shared_ptr<pending_stream>>
      lines_;  // to other nodes
  std::vector<caf::actor> threads_;
  std::vector<std::size_t> ranks_;  // of every link at its far end
  std::vector<reduce_members> reductions_;
  std::map<std::size_t, group_membership> groups_;
  std::map<std::size_t, ring_membership> ring_of_;
  opened_ports known_;
  std::map<std::string, std::shared_ptr<courier>> couriers_;     // by places
  std::shared_ptr<wake_up> bell_ = std::make_shared<wake_up>();  // for them
  // By sender, place of the receivers, kind and compression.
  std::map<std::tuple<std::size_t, std::string, update_kind, kernels::packing,
                      double>,
           channel_number>
      channels_;
  std::shared_ptr<peer_failure> failure_;
  wired_graph wired_;
};

/// The parameters that the plan starts from.
std::vector<float> start_parameters(const training_plan& plan);

/// All of a graph in this process.
wired_graph wire(const plan_ptr& plan, const kernels::dataset& data);

}  // namespace sounder::actors

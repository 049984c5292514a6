#include "actors/wiring.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "actors/all_reduce_meeting.hpp"
#include "actors/gossip_meeting.hpp"
#include "actors/rules.hpp"
#include "actors/served_meeting.hpp"

namespace sounder::actors {

namespace {

namespace p = topology;

template <class T>
bool has_exchange(const p::link& link) {
  return std::holds_alternative<T>(link.exchange);
}
template <class T>
const T* discipline_of(const p::link& link) {
  return std::get_if<T>(&link.discipline);
}

bool is_gossip(const p::link& link) {
  return has_exchange<p::broadcast_delta>(link) || has_exchange<p::mix>(link) ||
         has_exchange<p::push_sum>(link);
}
bool is_served(const p::link& link) {
  return !is_gossip(link) && !has_exchange<p::all_reduce>(link);
}
bool is_random(const p::link& link) {
  return discipline_of<p::random_neighbour>(link) != nullptr;
}

/// Local steps between two meetings of a link.
std::size_t tau_of(const p::link& link, std::size_t usual) {
  if (const auto* d = discipline_of<p::push_fetch>(link)) {
    return std::gcd(d->push, d->fetch);
  }
  if (const auto* d = discipline_of<p::on_token>(link)) {
    return d->tau0.value_or(usual);
  }
  if (const auto* d = discipline_of<p::barrier>(link)) {
    return d->tau;
  }
  if (const auto* d = discipline_of<p::bounded>(link)) {
    return d->tau;
  }
  std::optional<std::size_t> tau;
  if (const auto* d = discipline_of<p::every>(link)) {
    tau = d->tau;
  } else if (const auto* e = discipline_of<p::in_turn>(link)) {
    tau = e->tau;
  } else if (const auto* r = discipline_of<p::random_neighbour>(link)) {
    tau = r->tau;
  } else if (const auto* g = discipline_of<p::one_of_group>(link)) {
    tau = g->tau;
  }
  return tau.value_or(usual);
}

/// Puts the graph's links to work.
class wirer {
 public:
  wirer(const training_plan& plan, const kernels::dataset& data)
      : plan_(plan), data_(data), graph_(plan.graph) {}

  wired_graph wire() {
    cut_legs();
    make_replicas();
    make_endpoints();
    join_groups();
    for (std::size_t i = 0; i < graph_.replicas.size(); ++i) {
      if (!graph_.replicas[i].is_hub()) {
        add_meetings(i);
      }
    }
    return std::move(wired_);
  }

 private:
  std::size_t stepping() const {
    return static_cast<std::size_t>(
        std::count_if(graph_.replicas.begin(), graph_.replicas.end(),
                      [](const p::replica& r) { return !r.is_hub(); }));
  }

  /// One cut for all replicas: as many legs everywhere, so that those who
  /// meet in lockstep come equally often.
  void cut_legs() {
    const std::size_t parts = stepping();
    std::size_t most = 0;
    for (std::size_t k = 0; k < parts; ++k) {
      most = std::max(most, kernels::shard(data_.rows(), k, parts).rows());
    }
    const std::size_t batches =
        (most + plan_.batch_size - 1) / plan_.batch_size;
    const std::size_t usual = default_tau(plan_, data_, batches);
    std::size_t common = 0;
    for (const p::link& link : graph_.links) {
      taus_.push_back(tau_of(link, usual));
      common = std::gcd(common, std::min(taus_.back(), batches));
    }
    if (common > 0) {
      legs_ = {common, (batches + common - 1) / common};
    }
  }

  void make_replicas() {
    const std::size_t parts = stepping();
    std::size_t part = 0;
    for (std::size_t i = 0; i < graph_.replicas.size(); ++i) {
      const p::replica& node = graph_.replicas[i];
      wired_replica replica;
      replica.name = node.name;
      replica.is_hub = node.is_hub();
      const kernels::shard rows =
          node.is_hub() ? kernels::shard(0, 0, 1)
                        : kernels::shard(data_.rows(), part++, parts);
      replica.setup = std::make_shared<replica_setup>(
          set_up(plan_, data_, i, rows, node.is_hub() ? leg_cut{} : legs_));
      replica.memory = std::make_shared<replica_memory>(*replica.setup);
      start(*replica.memory);
      wired_.replicas.push_back(std::move(replica));
    }
  }

  /// The parameters that the run starts from.
  void start(replica_memory& memory) const {
    float* const parameters = memory.vector.data();
    if (plan_.start.empty()) {
      plan_.objective->initialise({parameters, memory.vector.size()},
                                  plan_.seed);
    } else {
      std::copy(plan_.start.begin(), plan_.start.end(), parameters);
    }
  }

  void make_endpoints() {
    const std::size_t count = graph_.replicas.size();
    std::vector<std::size_t> arrivals(count, 0);
    for (const p::link& link : graph_.links) {
      ranks_.push_back(arrivals[link.to]);
      arrivals[link.to] += is_served(link) ? 1 : 0;
      auto meter = std::make_shared<link_meter>();
      meter->from = graph_.replicas[link.from].name;
      meter->to = graph_.replicas[link.to].name;
      meter->exchange = p::name(link.exchange);
      wired_.meters.push_back(std::move(meter));
    }
    std::vector<bool> is_met(count, false);
    for (const p::link& link : graph_.links) {
      is_met[link.to] = is_met[link.to] || is_served(link);
      // Either end of a pair may come to the other.
      is_met[link.from] = is_met[link.from] || is_random(link);
    }
    for (std::size_t i = 0; i < count; ++i) {
      wired_replica& replica = wired_.replicas[i];
      auto& vector = replica.memory->vector;
      const std::span<float> all(vector.data(), vector.size());
      if (replica.is_hub) {
        replica.far = std::make_shared<endpoint>(all, arrivals[i]);
        continue;
      }
      replica.links =
          std::make_shared<replica_links>(all, is_met[i], arrivals[i]);
      replica.far = replica.links->own.face();
    }
  }

  std::vector<float> start_of(std::size_t i) const {
    return wired_.replicas[i].memory->vector.snapshot();
  }

  served_link served(std::size_t l, std::size_t to) const {
    const p::link& link = graph_.links[l];
    served_link made;
    made.rule = make_rule(plan_, l);
    made.far = wired_.replicas[to].far;
    made.rank = ranks_[l];
    const auto* every = discipline_of<p::every>(link);
    // Where the far end steps, too, its workers' moves come in between.
    made.hold_far = !wired_.replicas[to].is_hub ||
                    discipline_of<p::bounded>(link) != nullptr ||
                    (every != nullptr && every->locked);
    made.snapshot = start_of(link.from);
    made.meter = wired_.meters[l];
    return made;
  }

  std::unique_ptr<meeting> served_meeting_of(std::size_t l) {
    const p::link& link = graph_.links[l];
    served_link made = served(l, link.to);
    if (discipline_of<p::in_turn>(link) != nullptr) {
      return meet_in_turn(std::move(made));
    }
    if (discipline_of<p::barrier>(link) != nullptr) {
      return meet_at_barrier(std::move(made));
    }
    if (const auto* bound = discipline_of<p::bounded>(link)) {
      return meet_bounded(std::move(made), bound->staleness);
    }
    if (const auto* often = discipline_of<p::push_fetch>(link)) {
      return push_and_fetch(std::move(made), often->push, often->fetch);
    }
    if (discipline_of<p::on_token>(link) != nullptr) {
      const auto [ring, position] = ring_of(link.from);
      return meet_on_token(std::move(made), ring, position);
    }
    if (const auto* one = discipline_of<p::one_of_group>(link)) {
      return group_push(link.from, meet_freely(std::move(made)), one->random);
    }
    return meet_freely(std::move(made));
  }

  void add(std::size_t replica, std::unique_ptr<meeting> made,
           std::size_t tau) {
    made->tau = tau;
    made->every_legs =
        std::max<std::size_t>(1, (tau + legs_.batches - 1) / legs_.batches);
    wired_.replicas[replica].links->meetings.push_back(std::move(made));
  }

  void add_meetings(std::size_t i) {
    add_all_reduce(i);
    add_gossip<p::broadcast_delta>(i);
    add_gossip<p::mix>(i);
    add_gossip<p::push_sum>(i);
    std::vector<served_link> at_random;
    std::size_t random_tau = 1;
    for (std::size_t l = 0; l < graph_.links.size(); ++l) {
      const p::link& link = graph_.links[l];
      if (is_served(link) && is_random(link)) {
        random_tau = taus_[l];
        if (link.from == i) {
          at_random.push_back(served(l, link.to));
        } else if (link.to == i) {
          at_random.push_back(served(l, link.from));
        }
      } else if (is_served(link) && link.from == i) {
        add(i, served_meeting_of(l), taus_[l]);
      }
    }
    if (!at_random.empty()) {
      add(i,
          meet_at_random(std::move(at_random),
                         kernels::random_stream(plan_.seed, 1000 + i)),
          random_tau);
    }
  }

  // Token rings: who is at which position.

  std::pair<std::shared_ptr<token_ring>, std::size_t> ring_of(
      std::size_t replica) {
    for (auto& [members, ring] : rings_) {
      const auto at = std::find(members.begin(), members.end(), replica);
      if (at != members.end()) {
        return {ring, static_cast<std::size_t>(at - members.begin())};
      }
    }
    const std::vector<std::size_t> members = token_cycle(graph_, replica);
    rings_.emplace_back(members, std::make_shared<token_ring>(members.size()));
    return {rings_.back().second, 0};
  }

  // All-reduce.

  void join_groups() {
    for (const reduce_members& found : find_reduce_groups(graph_)) {
      const auto group = std::make_shared<reduce_group>(
          found.groups, found.replicas.size(), plan_.objective->dimension());
      for (std::size_t rank = 0; rank < found.replicas.size(); ++rank) {
        groups_[found.replicas[rank]] = {group, rank};
      }
    }
  }

  void add_all_reduce(std::size_t i) {
    const auto member = groups_.find(i);
    if (member == groups_.end()) {
      return;
    }
    for (std::size_t l = 0; l < graph_.links.size(); ++l) {
      const p::link& link = graph_.links[l];
      if (has_exchange<p::all_reduce>(link) &&
          (link.from == i || link.to == i)) {
        auto meter = std::make_shared<link_meter>();
        meter->from = graph_.replicas[i].name;
        meter->to = "all";
        meter->exchange = p::name(link.exchange);
        wired_.meters.push_back(meter);
        add(i,
            reduce_together(member->second.first, member->second.second,
                            std::move(meter)),
            taus_[l]);
        return;
      }
    }
  }

  std::unique_ptr<meeting> group_push(std::size_t replica,
                                      std::unique_ptr<meeting> inner,
                                      bool random) {
    const auto member = groups_.find(replica);
    if (member == groups_.end()) {
      return inner;  // a group of one
    }
    const auto [group, rank] = member->second;
    // The same stream at all members.
    const std::uint64_t group_id =
        std::find_if(groups_.begin(), groups_.end(), [&](const auto& each) {
          return each.second.first == group;
        })->first;
    return push_for_group(group, rank, std::move(inner),
                          graph_.replicas[replica].name,
                          random ? std::make_unique<kernels::random_stream>(
                                       plan_.seed, 2000 + group_id)
                                 : nullptr);
  }

  // Letters.

  template <class Exchange>
  void add_gossip(std::size_t i) {
    neighbourhood around;
    around.replica = i;
    around.name = graph_.replicas[i].name;
    std::size_t tau = 1;
    bool lockstep = false;
    for (std::size_t l = 0; l < graph_.links.size(); ++l) {
      const p::link& link = graph_.links[l];
      if (!has_exchange<Exchange>(link) || (link.from != i && link.to != i)) {
        continue;
      }
      tau = taus_[l];
      lockstep = discipline_of<p::barrier>(link) != nullptr;
      constexpr bool is_directed = std::is_same_v<Exchange, p::push_sum>;
      const std::size_t other = link.from == i ? link.to : link.from;
      around.in += !is_directed || link.to == i ? 1 : 0;
      if (is_directed && link.to == i) {
        continue;
      }
      neighbour n;
      n.replica = other;
      n.mail =
          mailbox_in_memory(wired_.replicas[other].links->own.shared_mail());
      n.weight = metropolis_weight(graph_, i, other);
      around.own_weight -= n.weight;
      n.meter = link.from == i ? wired_.meters[l] : meter_back(l);
      around.out.push_back(std::move(n));
    }
    if (around.out.empty() && around.in == 0) {
      return;
    }
    if constexpr (std::is_same_v<Exchange, p::broadcast_delta>) {
      add(i, broadcast_updates(std::move(around), start_of(i)), tau);
    } else if constexpr (std::is_same_v<Exchange, p::mix>) {
      add(i, average_in_lockstep(std::move(around), start_of(i)), tau);
    } else {
      add(i, push_shares(std::move(around), start_of(i), lockstep), tau);
    }
  }

  /// Of an undirected link's way back.
  std::shared_ptr<link_meter> meter_back(std::size_t l) {
    auto meter = std::make_shared<link_meter>();
    meter->from = wired_.meters[l]->to;
    meter->to = wired_.meters[l]->from;
    meter->exchange = wired_.meters[l]->exchange;
    wired_.meters.push_back(meter);
    return meter;
  }

  const training_plan& plan_;
  const kernels::dataset& data_;
  const p::graph& graph_;
  leg_cut legs_;
  std::vector<std::size_t> taus_;   // of every link
  std::vector<std::size_t> ranks_;  // of every link at its far end
  std::vector<std::pair<std::vector<std::size_t>, std::shared_ptr<token_ring>>>
      rings_;
  std::map<std::size_t, std::pair<std::shared_ptr<reduce_group>, std::size_t>>
      groups_;
  wired_graph wired_;
};

}  // namespace

std::size_t wired_graph::stepping() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(replicas.begin(), replicas.end(),
                    [](const wired_replica& r) { return !r.is_hub; }));
}

std::size_t default_tau(const training_plan& plan, const kernels::dataset& data,
                        std::size_t batches) {
  // A coordinate of a meeting costs about as much as a stored value of a step.
  constexpr double share = 20.0;
  const double a_batch = static_cast<double>(data.nonzeros()) /
                         static_cast<double>(data.rows()) *
                         static_cast<double>(plan.batch_size);
  const double steps = share *
                       static_cast<double>(plan.objective->dimension()) /
                       std::max(a_batch, 1.0);
  const std::size_t most = std::max<std::size_t>(1, (batches + 2) / 3);
  return std::clamp<std::size_t>(static_cast<std::size_t>(steps), 1, most);
}

wired_graph wire(const training_plan& plan, const kernels::dataset& data) {
  return wirer(plan, data).wire();
}

}  // namespace sounder::actors

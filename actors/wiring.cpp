#include "actors/wiring.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "actors/doors.hpp"
#include "actors/group_push.hpp"
#include "actors/link_kinds.hpp"
#include "actors/messages.hpp"
#include "actors/port.hpp"
#include "actors/remote_meeting.hpp"
#include "topology/weights.hpp"

namespace sounder::actors {

namespace {

namespace p = topology;

/// Where a gossip link's letters go.
box box_of(const p::link& link) {
  return has_exchange<p::broadcast_delta>(link) ? box::updates
         : has_exchange<p::mix>(link)           ? box::mixing
         : discipline_of<p::barrier>(link)      ? box::round_shares
                                                : box::shares;
}

/// Letters that are added up are differences, the others parameters.
kernels::payload letters_of(const p::link& link) {
  return adds_up(box_of(link)) ? kernels::payload::differences
                               : kernels::payload::parameters;
}

}  // namespace

wirer::wirer(const training_plan& plan, const dealing& dealt,
             std::vector<replica_setup> setups, std::string place,
             std::optional<network> others)
    : plan_(plan),
      graph_(plan.graph),
      times_(plan_meetings(plan, dealt)),
      setups_(std::move(setups)),
      place_(std::move(place)),
      network_(std::move(others)) {}

bool wirer::is_here(std::size_t replica) const {
  return !network_ || graph_.replicas[replica].place == place_;
}

opened_doors wirer::open(std::span<const float> start) {
  make_replicas(start);
  make_endpoints();
  find_rings();
  join_groups();
  opened_doors doors;
  if (network_) {
    find_wires();
    open_wires(doors);
    open_door(doors);
  }
  return doors;
}

void wirer::make_replicas(std::span<const float> start) {
  for (std::size_t i = 0; i < graph_.replicas.size(); ++i) {
    wired_replica replica;
    replica.name = graph_.replicas[i].name;
    replica.is_hub = graph_.replicas[i].is_hub();
    replica.is_here = is_here(i);
    if (replica.is_here) {
      replica.setup = std::make_shared<replica_setup>(std::move(setups_[i]));
      replica.memory = std::make_shared<replica_memory>(*replica.setup);
      const kernels::segment holds = replica.setup->holds;
      std::copy_n(start.data() + holds.first, holds.last - holds.first,
                  replica.memory->vector.data());
    }
    wired_.replicas.push_back(std::move(replica));
  }
}

void wirer::make_endpoints() {
  const std::size_t count = graph_.replicas.size();
  std::vector<std::size_t> arrivals(count, 0);
  std::vector<bool> is_met(count, false);
  for (const p::link& link : graph_.links) {
    ranks_.push_back(arrivals[link.to]);
    arrivals[link.to] += is_served(link) ? 1 : 0;
    is_met[link.to] = is_met[link.to] || is_served(link);
    // Either end of a pair may come to the other.
    is_met[link.from] = is_met[link.from] || is_random(link);
    auto meter = std::make_shared<link_meter>();
    meter->from = graph_.replicas[link.from].name;
    meter->to = graph_.replicas[link.to].name;
    meter->exchange = p::name(link.exchange);
    wired_.meters.push_back(std::move(meter));
  }
  unsigned workers = 0;
  for (std::size_t i = 0; i < count; ++i) {
    workers += is_here(i) ? graph_.replicas[i].workers : 0;
  }
  const auto line = std::make_shared<start_line>(std::max(workers, 1U));
  const auto together = std::make_shared<convoy>(count);
  for (std::size_t i = 0; i < count; ++i) {
    wired_replica& replica = wired_.replicas[i];
    if (!replica.is_here) {
      continue;
    }
    auto& vector = replica.memory->vector;
    const std::span<float> all(vector.data(), vector.size());
    if (replica.is_hub) {
      replica.far = std::make_shared<endpoint>(all, arrivals[i],
                                               segment_held(plan_, i).first);
      continue;
    }
    replica.links =
        std::make_shared<replica_links>(all, is_met[i], arrivals[i]);
    replica.links->line = line;
    replica.links->together = together;
    together->walk(i, 0);
    replica.far = replica.links->own.face();
  }
}

/// Where the far end steps, too, its workers' moves come in between.
bool wirer::holds_far(std::size_t l, std::size_t to) const {
  const p::link& link = graph_.links[l];
  const auto* every = discipline_of<p::every>(link);
  return !graph_.replicas[to].is_hub() ||
         discipline_of<p::bounded>(link) != nullptr ||
         (every != nullptr && every->locked);
}

void wirer::open_door(opened_doors& doors) {
  door_setup made;
  made.rings = rings_;
  made.size = plan_.objective->dimension();
  for (std::size_t i = 0; i < wired_.replicas.size(); ++i) {
    if (!wired_.replicas[i].links) {
      continue;
    }
    for (std::size_t k = 0; k < boxes; ++k) {
      const auto kind = static_cast<box>(k);
      made.boxes[{static_cast<std::uint32_t>(i), kind}] =
          wired_.replicas[i].links->own.mail(kind);
    }
  }
  for (const p::link& link : graph_.links) {
    if (is_gossip(link) &&
        !std::holds_alternative<p::as_is>(link.compression)) {
      for (const auto& [to, from] :
           {std::pair(link.to, link.from), std::pair(link.from, link.to)}) {
        if (is_here(to) && !is_here(from)) {
          made.codecs[{static_cast<std::uint32_t>(to),
                       static_cast<std::uint32_t>(from), box_of(link)}] =
              codec_of(link, letters_of(link), letters_of(link),
                       [&, to = to] { return start_of(to); });
        }
      }
    }
  }
  doors.doors[place_] = network_->system->spawn(door, std::move(made));
}

void wirer::find_rings() {
  for (std::size_t l = 0; l < graph_.links.size(); ++l) {
    const std::size_t start = graph_.links[l].from;
    if (discipline_of<p::on_token>(graph_.links[l]) == nullptr ||
        ring_of_.contains(start)) {
      continue;
    }
    const std::vector<std::size_t> members = token_cycle(graph_, start);
    std::vector<char> here;
    for (const std::size_t i : members) {
      here.push_back(is_here(i) ? 1 : 0);
    }
    const auto number = static_cast<std::uint32_t>(rings_.size());
    std::vector<std::string> places;
    for (const std::size_t member : members) {
      places.push_back(graph_.replicas[member].place);
    }
    rings_.push_back(std::make_shared<token_ring>(
        std::move(here), [=, known = known_](std::size_t position) {
          caf::anon_send(known->doors.at(places[position]), token_atom::value,
                         number, std::uint64_t{position});
        }));
    for (std::size_t k = 0; k < members.size(); ++k) {
      ring_of_[members[k]] = {rings_.back(), k};
    }
  }
}

void wirer::join_groups() {
  reductions_ = find_reduce_groups(graph_);
  for (std::size_t g = 0; g < reductions_.size(); ++g) {
    const reduce_members& found = reductions_[g];
    std::shared_ptr<reduce_group> shared;
    if (std::all_of(found.replicas.begin(), found.replicas.end(),
                    [&](std::size_t i) { return is_here(i); })) {
      shared = std::make_shared<reduce_group>(
          found.groups, found.replicas.size(), plan_.objective->dimension());
    }
    for (std::size_t rank = 0; rank < found.replicas.size(); ++rank) {
      groups_[found.replicas[rank]] = {g, rank, shared};
    }
  }
}

wired_graph wirer::connect(const opened_doors& others) {
  *known_ = others;
  if (network_) {
    connect_wires();
    for (std::size_t l = 0; l < graph_.links.size(); ++l) {
      if (is_served(graph_.links[l])) {
        open_port(l, false);
        if (is_random(graph_.links[l])) {
          open_port(l, true);
        }
      }
    }
  }
  for (std::size_t i = 0; i < wired_.replicas.size(); ++i) {
    if (wired_.replicas[i].links) {
      add_meetings(i);
    }
  }
  return std::move(wired_);
}

std::vector<float> wirer::start_of(std::size_t i) const {
  return wired_.replicas[i].memory->vector.snapshot();
}

/// What a replica has of the coordinates that another holds.
std::vector<float> wirer::start_of(std::size_t i,
                                   const kernels::segment& held) const {
  const float* const w = wired_.replicas[i].memory->vector.data();
  return {w + held.first, w + held.last};
}

near_link wirer::near_end_of(std::size_t l, bool reverse) {
  const p::link& link = graph_.links[l];
  const kernels::segment held =
      segment_held(plan_, reverse ? link.from : link.to);
  return {make_rule(plan_, l), held.first,
          start_of(reverse ? link.to : link.from, held),
          reverse ? meter_back(l) : wired_.meters[l]};
}

std::unique_ptr<meeting> wirer::local_meeting_of(std::size_t l, bool reverse) {
  const p::link& link = graph_.links[l];
  const std::size_t to = reverse ? link.from : link.to;
  served_link made;
  static_cast<near_link&>(made) = near_end_of(l, reverse);
  made.far = wired_.replicas[to].far;
  made.rank = ranks_[l];
  made.hold_far = holds_far(l, to);
  if (discipline_of<p::in_turn>(link) != nullptr) {
    return meet_in_turn(std::move(made));
  }
  if (p::is_synchronous(link.discipline)) {
    return meet_at_barrier(std::move(made));
  }
  if (const auto* bound = discipline_of<p::bounded>(link)) {
    return meet_bounded(std::move(made), bound->staleness);
  }
  if (const auto* often = discipline_of<p::push_fetch>(link)) {
    return push_and_fetch(std::move(made), often->push, often->fetch);
  }
  return meet_freely(std::move(made));
}

/// The link's meeting with its far end, wherever that is.
std::unique_ptr<meeting> wirer::trade_of(std::size_t l, bool reverse) {
  const p::link& link = graph_.links[l];
  if (is_here(reverse ? link.from : link.to)) {
    return local_meeting_of(l, reverse);
  }
  remote_link made;
  static_cast<near_link&>(made) = near_end_of(l, reverse);
  made.discipline = link.discipline;
  made.wire = lines_.at(key_of_link(l, reverse));
  made.codec =
      codec_of(link, made.rule->goes_up(), answers_of(*made.rule, link),
               [&] { return made.snapshot; });
  return meet_remotely(std::move(made));
}

std::unique_ptr<meeting> wirer::meeting_of(std::size_t l) {
  const p::link& link = graph_.links[l];
  auto trade = trade_of(l, false);
  if (discipline_of<p::on_token>(link) != nullptr) {
    const ring_membership& at = ring_of_.at(link.from);
    return meet_on_token(std::move(trade), at.ring, at.position);
  }
  if (const auto* one = discipline_of<p::one_of_group>(link)) {
    return group_push(link.from, std::move(trade), one->random);
  }
  return trade;
}

void wirer::add(std::size_t replica, std::unique_ptr<meeting> made,
                std::size_t tau) {
  made->tau = tau;
  made->every_legs = std::max<std::size_t>(
      1, (tau + times_.legs.batches - 1) / times_.legs.batches);
  wired_.replicas[replica].links->meetings.push_back(std::move(made));
}

void wirer::add_meetings(std::size_t i) {
  add_all_reduce(i);
  add_gossip<p::broadcast_delta>(i);
  add_gossip<p::mix>(i);
  add_gossip<p::push_sum>(i);
  std::vector<std::unique_ptr<meeting>> at_random;
  std::size_t random_tau = 1;
  for (std::size_t l = 0; l < graph_.links.size(); ++l) {
    const p::link& link = graph_.links[l];
    if (is_served(link) && is_random(link)) {
      if (link.from == i || link.to == i) {
        random_tau = times_.taus[l];
        at_random.push_back(trade_of(l, link.to == i));
      }
    } else if (is_served(link) && link.from == i) {
      add(i, meeting_of(l), times_.taus[l]);
    }
  }
  if (!at_random.empty()) {
    add(i,
        meet_at_random(std::move(at_random),
                       kernels::random_stream(plan_.seed, 1000 + i)),
        random_tau);
  }
}

void wirer::add_all_reduce(std::size_t i) {
  if (!groups_.contains(i)) {
    return;
  }
  for (std::size_t l = 0; l < graph_.links.size(); ++l) {
    const p::link& link = graph_.links[l];
    if (has_exchange<p::all_reduce>(link) && (link.from == i || link.to == i)) {
      auto meter = std::make_shared<link_meter>();
      meter->from = graph_.replicas[i].name;
      meter->to = "all";
      meter->exchange = p::name(link.exchange);
      wired_.meters.push_back(meter);
      add(i, all_reduce_of(i, std::move(meter)), times_.taus[l]);
      return;
    }
  }
}

std::unique_ptr<meeting> wirer::all_reduce_of(
    std::size_t i, std::shared_ptr<link_meter> meter) {
  const group_membership& member = groups_.at(i);
  if (member.shared) {
    return reduce_together(member.shared, member.rank, std::move(meter));
  }
  return reduce_by_wire(ways_for(i), std::move(meter));
}

std::unique_ptr<meeting> wirer::group_push(std::size_t replica,
                                           std::unique_ptr<meeting> inner,
                                           bool random) {
  const auto member = groups_.find(replica);
  if (member == groups_.end()) {
    return inner;  // a group of one
  }
  const group_membership& at = member->second;
  group_pusher pusher;
  pusher.inner = std::move(inner);
  pusher.name = graph_.replicas[replica].name;
  pusher.rank = at.rank;
  pusher.members = reductions_[at.group].replicas.size();
  pusher.after =
      at.shared
          ? hand_on_in_memory(at.shared, at.rank)
          : hand_on_by_wire(ways_for(replica), places_of(reductions_[at.group]),
                            at.rank, pusher.inner->meters().front());
  if (random) {  // the same stream at all members
    pusher.random =
        std::make_unique<kernels::random_stream>(plan_.seed, 2000 + at.group);
  }
  return push_for_group(std::move(pusher));
}

std::shared_ptr<mailbox_of> wirer::mailbox(std::size_t replica, box kind,
                                           std::shared_ptr<link_meter> meter,
                                           codec codec) {
  if (is_here(replica)) {
    return mailbox_in_memory(wired_.replicas[replica].links->own.mail(kind),
                             std::move(meter));
  }
  return mailbox_elsewhere(*network_->system,
                           known_->doors.at(graph_.replicas[replica].place),
                           static_cast<std::uint32_t>(replica), kind,
                           std::move(meter), std::move(codec));
}

template <class Exchange>
void wirer::add_gossip(std::size_t i) {
  constexpr bool is_directed = std::is_same_v<Exchange, p::push_sum>;
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
    tau = times_.taus[l];
    lockstep = discipline_of<p::barrier>(link) != nullptr;
    around.in += !is_directed || link.to == i ? 1 : 0;
    if (is_directed && link.to == i) {
      continue;
    }
    const std::size_t other = link.from == i ? link.to : link.from;
    neighbour n;
    n.replica = other;
    n.meter = link.from == i ? wired_.meters[l] : meter_back(l);
    n.mail = mailbox(other, box_of(link), n.meter,
                     codec_of(link, letters_of(link), letters_of(link),
                              [&] { return start_of(i); }));
    n.weight = p::mixing_weight(graph_, link);
    around.own_weight -= n.weight;
    around.out.push_back(std::move(n));
  }
  if (around.out.empty() && around.in == 0) {
    return;
  }
  if constexpr (std::is_same_v<Exchange, p::broadcast_delta>) {
    add(i,
        broadcast_updates(std::move(around), start_of(i),
                          plan_.objective->trainable()),
        tau);
  } else if constexpr (std::is_same_v<Exchange, p::mix>) {
    add(i, average_in_lockstep(std::move(around), start_of(i)), tau);
  } else {
    add(i, push_shares(std::move(around), start_of(i), lockstep), tau);
  }
}

/// Of an undirected link's way back.
std::shared_ptr<link_meter> wirer::meter_back(std::size_t l) {
  auto meter = std::make_shared<link_meter>();
  meter->from = wired_.meters[l]->to;
  meter->to = wired_.meters[l]->from;
  meter->exchange = wired_.meters[l]->exchange;
  wired_.meters.push_back(meter);
  return meter;
}

std::vector<float> start_parameters(const training_plan& plan) {
  std::vector<float> start = plan.start;
  if (start.empty()) {
    start.resize(plan.objective->dimension());
    plan.objective->initialise(start, plan.seed);
  }
  return start;
}

wired_graph wire(const training_plan& plan, const kernels::dataset& data) {
  const dealing dealt = deal(plan.graph, data_shape::of(data));
  std::vector<replica_setup> setups = set_up_all(plan, dealt);
  for (replica_setup& setup : setups) {
    setup.data = data;
  }
  wirer work(plan, dealt, std::move(setups), {});
  static_cast<void>(work.open(start_parameters(plan)));
  return work.connect({});
}

}  // namespace sounder::actors

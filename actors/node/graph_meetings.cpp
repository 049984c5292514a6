// The graph_builder's meetings: from each link to what a replica attends for
// it.

#include <algorithm>
#include <utility>

#include "actors/node/graph_builder.hpp"
#include "actors/sync/group_meeting.hpp"
#include "actors/sync/link_kinds.hpp"
#include "actors/sync/stream_channel.hpp"
#include "topology/weights.hpp"

namespace sounder::actors {

namespace {

namespace p = topology;

/// What a gossip meeting is made from.
struct gossip_setup {
  neighbourhood around;
  std::vector<float> start;
  std::size_t trainable = 0;  // parameters
  bool in_lockstep = false;
};

std::unique_ptr<meeting> gossip_by(const p::broadcast_delta&,
                                   gossip_setup made) {
  return broadcast_updates(std::move(made.around), std::move(made.start),
                           made.trainable);
}
std::unique_ptr<meeting> gossip_by(const p::mix&, gossip_setup made) {
  return average_in_lockstep(std::move(made.around), std::move(made.start));
}
std::unique_ptr<meeting> gossip_by(const p::push_sum&, gossip_setup made) {
  return push_shares(std::move(made.around), std::move(made.start),
                     made.in_lockstep);
}

}  // namespace

std::vector<float> graph_builder::start_of(std::size_t i) const {
  return wired_.replicas[i].state->vector.snapshot();
}

/// What a replica has of the coordinates that another holds.
std::vector<float> graph_builder::start_of(std::size_t i,
                                           const kernels::segment& held) const {
  const float* const w = wired_.replicas[i].state->vector.data();
  return {w + held.first, w + held.last};
}

local_link graph_builder::near_end_of(std::size_t l, bool reverse) {
  const p::link& link = graph_.links[l];
  const kernels::segment held =
      segment_held(plan_, reverse ? link.from : link.to);
  return {make_rule(plan_, l, times_.taus[l], times_.before_optimizer[l]),
          held.first, start_of(reverse ? link.to : link.from, held),
          meter_of(l, reverse), link.discipline};
}

/// The link's meeting with its far end, wherever that is.
std::unique_ptr<meeting> graph_builder::trade_of(std::size_t l, bool reverse) {
  const p::link& link = graph_.links[l];
  const std::size_t to = reverse ? link.from : link.to;
  local_link near = near_end_of(l, reverse);
  if (is_here(to)) {
    const wired_replica& met = wired_.replicas[to];
    // Where the far end steps, too, its workers' moves come in between.
    const bool holds = !met.is_hub || p::excludes(link.discipline);
    return meet_in_memory({std::move(near), met.far(), ranks_[l], holds});
  }
  codec how = codec_of(
      link, near.rule->goes_up(), answers_of(*near.rule, link),
      [&] { return near.snapshot; },
      moves_few_ && leaves_known(*near.rule, link));
  return meet_by_stream(
      {std::move(near), lines_.at(key_of_link(l, reverse)), std::move(how)});
}

std::unique_ptr<meeting> graph_builder::meeting_of(std::size_t l) {
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

void graph_builder::add(std::size_t replica, std::unique_ptr<meeting> made,
                        std::size_t tau, bool before_optimizer) {
  made->tau = tau;
  made->every_phases =
      std::max<std::size_t>(1, ratio_up(tau, times_.phases.batches));
  made->before_optimizer = before_optimizer;
  auto& meetings = wired_.replicas[replica].state->meetings;
  const auto at =
      before_optimizer
          ? std::find_if(meetings.begin(), meetings.end(),
                         [](const auto& m) { return !m->before_optimizer; })
          : meetings.end();
  meetings.insert(at, std::move(made));
}

void graph_builder::add_meetings(std::size_t i) {
  add_all_reduce(i);
  p::for_each_alternative<p::exchange>([&]<class Kind>(const Kind&) {
    if constexpr (Kind::traits.meets == p::encounter::gossip) {
      add_gossip<Kind>(i);
    }
  });
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
      add(i, meeting_of(l), times_.taus[l], times_.before_optimizer[l]);
    }
  }
  if (!at_random.empty()) {
    add(i,
        meet_at_random(std::move(at_random),
                       kernels::random_stream(plan_.seed, 1000 + i)),
        random_tau);
  }
}

void graph_builder::add_all_reduce(std::size_t i) {
  if (!groups_.contains(i)) {
    return;
  }
  for (std::size_t l = 0; l < graph_.links.size(); ++l) {
    const p::link& link = graph_.links[l];
    if (has_exchange<p::all_reduce>(link) && (link.from == i || link.to == i)) {
      auto meter = meter_of(l, link.to == i);
      meter->to = "all";
      add(i, reduce_together(group_of(i), std::move(meter)), times_.taus[l],
          times_.before_optimizer[l]);
      return;
    }
  }
}

/// In memory where all members are here.
std::shared_ptr<group_exchange> graph_builder::group_of(std::size_t i) {
  group_membership& at = groups_.at(i);
  if (!at.exchange) {
    const reduce_members& all = reductions_[at.group];
    at.exchange = at.shared
                      ? exchange_in_memory(at.shared, at.rank)
                      : exchange_by_wire(group_streams_of(i), places_of(all),
                                         ring_of(all).size(), at.rank);
  }
  return at.exchange;
}

std::unique_ptr<meeting> graph_builder::group_push(
    std::size_t replica, std::unique_ptr<meeting> inner, bool random) {
  const auto member = groups_.find(replica);
  if (member == groups_.end()) {
    return inner;  // a group of one
  }
  // The same stream at all members.
  return push_for_group(group_of(replica), std::move(inner),
                        random ? std::make_unique<kernels::random_stream>(
                                     plan_.seed, 2000 + member->second.group)
                               : nullptr);
}

template <class Exchange>
void graph_builder::add_gossip(std::size_t i) {
  constexpr bool is_directed = Exchange::traits.travels == p::travels::forth;
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
    lockstep = p::is_synchronous(link.discipline);
    around.in += !is_directed || link.to == i ? 1 : 0;
    if (is_directed && link.to == i) {
      continue;
    }
    const std::size_t other = link.from == i ? link.to : link.from;
    neighbour n;
    n.replica = other;
    n.meter = meter_of(l, link.from != i);
    n.meter->latency_ns = around.latency_ns;
    if (auto to = outbox_of(l, link.from != i, n.meter)) {
      around.outboxes.push_back(std::move(to));
    }
    if constexpr (std::is_same_v<Exchange, p::mix>) {
      n.weight = p::mixing_weight(link, mixing_degrees_);
      around.own_weight -= n.weight;
    }
    around.out.push_back(std::move(n));
  }
  if (around.out.empty() && around.in == 0) {
    return;
  }
  add(i,
      gossip_by(Exchange{}, {std::move(around), start_of(i),
                             plan_.objective->trainable(), lockstep}),
      tau);
}

/// Of a link, or of its way back, that begins here.
std::shared_ptr<link_meter> graph_builder::meter_of(std::size_t l,
                                                    bool reverse) {
  const p::link& link = graph_.links[l];
  auto meter = std::make_shared<link_meter>();
  meter->from = graph_.replicas[reverse ? link.to : link.from].name;
  meter->to = graph_.replicas[reverse ? link.from : link.to].name;
  meter->exchange = p::name(link.exchange);
  wired_.meters.push_back(meter);
  return meter;
}

}  // namespace sounder::actors

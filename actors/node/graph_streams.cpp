// The graph_builder's streams: which the graph needs between here and other
// nodes, who calls whom, and what stands at their ends.

#include <algorithm>

#include "actors/exit_reasons.hpp"
#include "actors/node/graph_builder.hpp"
#include "actors/sync/link_kinds.hpp"
#include "actors/sync/stream_server.hpp"

namespace sounder::actors {

namespace {

namespace p = topology;

/// A stream of an all-reduce.
stream_key key_of_pair(std::size_t from, std::size_t to) {
  return (stream_key{1} << 63U) | (from << 31U) | to;
}

/// A stream between the places of two replicas.
stream_key key_of_places(std::size_t from, std::size_t to) {
  return (stream_key{1} << 62U) | (from << 31U) | to;
}

/// The token goes the link's way; no update comes back.
channel_number channel_of_token(std::size_t link) {
  return static_cast<channel_number>(key_of_link(link, true));
}

}  // namespace

stream_key key_of_link(std::size_t link, bool reverse) {
  return 2 * link + (reverse ? 1 : 0);
}

/// All streams of the graph that begin or end here and do not do both: one for
/// each link that is served, one with each place for gossip and tokens.
void graph_builder::find_wires() {
  const auto want = [this](stream_key key, std::size_t from, std::size_t to) {
    if (is_here(from) != is_here(to)) {
      wanted_.push_back({key, from, to, false});
    }
  };
  for (std::size_t l = 0; l < graph_.links.size(); ++l) {
    const p::link& link = graph_.links[l];
    if (is_served(link)) {
      want(key_of_link(l, false), link.from, link.to);
      if (comes_back(link)) {
        want(key_of_link(l, true), link.to, link.from);
      }
    }
    if ((is_gossip(link) || discipline_of<p::on_token>(link) != nullptr) &&
        is_here(link.from) != is_here(link.to)) {
      want_courier(is_here(link.from) ? link.to : link.from);
    }
  }
  for (const reduce_members& all : reductions_) {
    for (const auto& [from, to] : ways_of(all)) {
      want(key_of_pair(from, to), from, to);
    }
  }
}

/// To the other replica's place, over a stream between both places.
void graph_builder::want_courier(std::size_t other) {
  const std::string& place = graph_.replicas[other].place;
  if (std::any_of(wanted_.begin(), wanted_.end(), [&](const wanted_wire& w) {
        return w.is_shared && far_place(w) == place;
      })) {
    return;
  }
  // Either end takes the first replica of each place: the lower one calls.
  const auto first = [&](const std::string& of) {
    return static_cast<std::size_t>(
        std::find_if(graph_.replicas.begin(), graph_.replicas.end(),
                     [&](const p::replica& r) { return r.place == of; }) -
        graph_.replicas.begin());
  };
  const auto [from, to] = std::minmax({first(place), first(place_)});
  wanted_.push_back({key_of_places(from, to), from, to, true});
}

/// Whether this place is the one that is called. The place where the run
/// starts never is: it may be where nobody can call.
bool graph_builder::is_called(const wanted_wire& wire) const {
  const std::string& from = graph_.replicas[wire.from].place;
  const std::string& to = graph_.replicas[wire.to].place;
  return (to.empty() ? from : to) == place_;
}

std::string graph_builder::far_place(const wanted_wire& wire) const {
  return graph_.replicas[is_here(wire.from) ? wire.to : wire.from].place;
}

/// For people.
std::string graph_builder::name_of(const std::string& place) const {
  return place.empty() ? "the leader" : "node " + network_->peers.at(place);
}

void graph_builder::open_wires() {
  board_ = std::make_unique<stream_registry>(network_->tls, network_->secret);
  for (const wanted_wire& wire : wanted_) {
    if (is_called(wire)) {
      lines_[wire.key] = board_->expect(wire.key, name_of(far_place(wire)));
    }
  }
  if (!network_->listen.host.empty()) {
    known_.ports[place_] = board_->listen(network_->listen);
  }
}

void graph_builder::connect_wires() {
  for (const wanted_wire& wire : wanted_) {
    if (!is_called(wire)) {
      const std::string place = far_place(wire);
      node_address at = parse_address(network_->peers.at(place));
      at.port = known_.ports.at(place);
      lines_[wire.key] = board_->connect(wire.key, at, name_of(place),
                                         std::chrono::seconds(10));
    }
  }
}

void graph_builder::make_couriers() {
  for (const wanted_wire& wire : wanted_) {
    if (wire.is_shared) {
      couriers_[far_place(wire)] = std::make_shared<courier>(
          lines_.at(wire.key), plan_.objective->dimension(), bell_);
    }
  }
}

/// Where the link, or its way back, ends here and begins elsewhere.
void graph_builder::open_far_end(std::size_t l, bool reverse) {
  const p::link& link = graph_.links[l];
  const std::size_t from = reverse ? link.to : link.from;
  const std::size_t to = reverse ? link.from : link.to;
  if (is_here(from) || !is_here(to)) {
    return;
  }
  if (is_served(link)) {
    serve_link(l, to, reverse);
  } else if (is_gossip(link)) {
    open_inbox(l, reverse);
  }
}

/// What an update of that link goes by. All neighbours of a replica that live
/// in one place, and get the same of it, get it together.
graph_builder::update_way graph_builder::way_of(std::size_t l, bool reverse) {
  const p::link& link = graph_.links[l];
  update_way way;
  way.from = reverse ? link.to : link.from;
  way.to = reverse ? link.from : link.to;
  const kernels::compression how = packing_of(link);
  const auto [known, is_first] = channels_.try_emplace(
      {way.from, graph_.replicas[way.to].place, updates_of(link), how.form,
       how.fraction},
      static_cast<channel_number>(key_of_link(l, reverse)));
  way.channel = known->second;
  way.is_first = is_first;
  return way;
}

/// With the parameters of a replica that is here.
codec graph_builder::codec_of_updates(std::size_t l, std::size_t here) const {
  const p::link& link = graph_.links[l];
  return codec_of(link, payload_of(link), payload_of(link),
                  [&] { return start_of(here); });
}

void graph_builder::open_inbox(std::size_t l, bool reverse) {
  const update_way way = way_of(l, reverse);
  replica_state& state = *wired_.replicas[way.to].state;
  const std::shared_ptr<courier>& by = courier_to(way.from);
  by->deliver(way.channel, way.from,
              state.own->inbox_for(updates_of(graph_.links[l])),
              way.is_first ? codec_of_updates(l, way.to) : codec());
  state.far_ends.emplace_back(
      [by, at = way.channel](state_archive& all) { by->keep(at, all); });
}

/// To the neighbour at the other end of a gossip link, wherever that is. Null
/// when what goes to another neighbour comes to this one, too.
std::shared_ptr<outbox> graph_builder::outbox_of(
    std::size_t l, bool reverse, std::shared_ptr<link_meter> meter) {
  const p::link& link = graph_.links[l];
  const std::size_t to = reverse ? link.from : link.to;
  if (is_here(to)) {
    return outbox_in_memory(
        wired_.replicas[to].state->own->inbox_for(updates_of(link)),
        std::move(meter));
  }
  const update_way way = way_of(l, reverse);
  return courier_to(to)->outbox_for(
      way.channel, updates_of(link), std::move(meter),
      way.is_first ? codec_of_updates(l, way.from) : codec());
}

const std::shared_ptr<courier>& graph_builder::courier_to(
    std::size_t replica) const {
  return couriers_.at(graph_.replicas[replica].place);
}

std::size_t graph_builder::token_link(std::size_t from, std::size_t to) const {
  const auto found = std::find_if(
      graph_.links.begin(), graph_.links.end(), [&](const p::link& l) {
        return l.from == from && l.to == to &&
               discipline_of<p::on_token>(l) != nullptr;
      });
  return static_cast<std::size_t>(found - graph_.links.begin());
}

/// The token leaves this place where a member's successor is elsewhere, and
/// comes to members whose predecessor is; calls go the other way.
std::shared_ptr<token_ring> graph_builder::ring_among(
    std::span<const std::size_t> members) {
  struct edge {
    std::shared_ptr<courier> by;
    channel_number channel = 0;
  };
  std::vector<char> here;
  std::map<std::size_t, edge> edges;  // by the position that they lead to
  for (std::size_t k = 0; k < members.size(); ++k) {
    const std::size_t to = members[k];
    const std::size_t from = members[(k + members.size() - 1) % members.size()];
    here.push_back(is_here(to) ? 1 : 0);
    if (is_here(from) != is_here(to)) {
      edges[k] = {courier_to(is_here(from) ? to : from),
                  channel_of_token(token_link(from, to))};
    }
  }
  auto ring = std::make_shared<token_ring>(
      here, token_ring::ways{[edges](std::size_t to) {
                               const edge& way = edges.at(to);
                               way.by->say(way.channel, errand::push);
                             },
                             [edges](std::size_t to, std::uint64_t times) {
                               const edge& way = edges.at(to);
                               way.by->say(way.channel, errand::pull, times);
                             }});
  for (const auto& [to, way] : edges) {
    way.by->bring(way.channel, here[to] != 0 ? errand::push : errand::pull,
                  ring, to);
  }
  return ring;
}

/// One thread moves all updates and tokens of this process.
void graph_builder::start_couriers() {
  std::vector<std::shared_ptr<courier>> all;
  for (const auto& [place, each] : couriers_) {
    all.push_back(each);
  }
  if (all.empty()) {
    return;
  }
  keep_turning([all, bell = bell_, lost = failure_]() mutable {
    carry(all, *bell, std::chrono::milliseconds(10),
          [&](const stream_error& why) { lost->note(why.what()); });
    return true;
  });
}

/// The far end of one link from another node.
void graph_builder::serve_link(std::size_t l, std::size_t to, bool reverse) {
  const p::link& link = graph_.links[l];
  const wired_replica& met = wired_.replicas[to];
  const auto rule =
      make_rule(plan_, l, times_.taus[l], times_.before_optimizer[l]);
  // A replica goes on between two packets.
  const held_for held = !met.is_hub                    ? held_for::stretch
                        : p::excludes(link.discipline) ? held_for::errand
                                                       : held_for::nothing;
  const auto server =
      serve_by_stream(link_end{rule, met.state->met, ranks_[l], held},
                      lines_.at(key_of_link(l, reverse)),
                      codec_of(
                          link, answers_of(*rule, link), rule->goes_up(),
                          [&] { return start_of(to); },
                          moves_few_ && leaves_known(*rule, link)));
  met.state->far_ends.emplace_back(
      [server](state_archive& all) { server->keep(all); });
  keep_turning([owner = met, server] { return server->turn(); });
}

/// In a thread of its own, until it is sent an exit message or there is no more
/// to do. What `turn` throws becomes its exit reason.
void graph_builder::keep_turning(std::function<bool()> turn) {
  threads_.push_back(network_->system->spawn(
      [turn = std::move(turn)](caf::blocking_actor* self) {
        try {
          while (self->mailbox().empty() && turn()) {
          }
        } catch (...) {
          self->fail_state(as_exit_reason(std::current_exception()));
        }
      }));
}

/// Of a member of a group that is spread over nodes.
group_streams graph_builder::group_streams_of(std::size_t i) {
  const reduce_members& all = reductions_[groups_.at(i).group];
  const std::vector<std::size_t> ring = ring_of(all);
  group_streams ways;
  for (const auto& [from, to] : ways_of(all)) {
    const bool on_ring =
        std::find(ring.begin(), ring.end(), from) != ring.end();
    if (from == i) {
      (on_ring ? ways.next : ways.leader) = line_to(from, to);
    } else if (to == i && on_ring) {
      ways.previous = line_to(from, to);
    } else if (to == i) {
      ways.group.push_back(line_to(from, to));
    }
  }
  return ways;
}

std::shared_ptr<pending_stream> graph_builder::line_to(std::size_t from,
                                                       std::size_t to) {
  const stream_key key = key_of_pair(from, to);
  const auto remote = lines_.find(key);
  return remote != lines_.end() ? remote->second : board_->here(key);
}

}  // namespace sounder::actors

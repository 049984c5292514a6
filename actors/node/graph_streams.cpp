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

/// The token goes the link's way; nothing comes back by another stream.
stream_key key_of_token(std::size_t link) { return key_of_link(link, true); }

}  // namespace

stream_key key_of_link(std::size_t link, bool reverse) {
  return 2 * link + (reverse ? 1 : 0);
}

/// All streams of the graph that begin or end here and do not do both.
void graph_builder::find_wires() {
  const auto want = [this](stream_key key, std::size_t from, std::size_t to) {
    if (is_here(from) != is_here(to)) {
      wanted_.push_back({key, from, to});
    }
  };
  for (std::size_t l = 0; l < graph_.links.size(); ++l) {
    const p::link& link = graph_.links[l];
    if (is_served(link) || is_gossip(link)) {
      want(key_of_link(l, false), link.from, link.to);
    }
    if (comes_back(link)) {
      want(key_of_link(l, true), link.to, link.from);
    }
    if (discipline_of<p::on_token>(link) != nullptr) {
      want(key_of_token(l), link.from, link.to);
    }
  }
  for (const reduce_members& all : reductions_) {
    for (const auto& [from, to] : ways_of(all)) {
      want(key_of_pair(from, to), from, to);
    }
  }
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
    open_inbox(l, from, to, reverse);
  }
}

void graph_builder::open_inbox(std::size_t l, std::size_t from, std::size_t to,
                               bool reverse) {
  const p::link& link = graph_.links[l];
  users_.emplace_back(
      key_of_link(l, reverse),
      updates_by_stream(
          wired_.replicas[to].links->own.inbox_for(updates_of(link)), from,
          plan_.objective->dimension(),
          codec_of(link, payload_of(link), payload_of(link),
                   [&] { return start_of(to); })));
}

/// To the neighbour at the other end of a gossip link, wherever that is.
std::shared_ptr<outbox> graph_builder::outbox_of(
    std::size_t l, bool reverse, std::shared_ptr<link_meter> meter) {
  const p::link& link = graph_.links[l];
  const std::size_t from = reverse ? link.to : link.from;
  const std::size_t to = reverse ? link.from : link.to;
  if (is_here(to)) {
    return outbox_in_memory(
        wired_.replicas[to].links->own.inbox_for(updates_of(link)),
        std::move(meter));
  }
  streamed_outbox made =
      outbox_by_stream(plan_.objective->dimension(), updates_of(link),
                       codec_of(link, payload_of(link), payload_of(link),
                                [&] { return start_of(from); }),
                       std::move(meter), loop_->bell());
  users_.emplace_back(key_of_link(l, reverse), std::move(made.sender));
  return made.to;
}

std::size_t graph_builder::token_link(std::size_t from, std::size_t to) const {
  const auto found = std::find_if(
      graph_.links.begin(), graph_.links.end(), [&](const p::link& l) {
        return l.from == from && l.to == to &&
               discipline_of<p::on_token>(l) != nullptr;
      });
  return static_cast<std::size_t>(found - graph_.links.begin());
}

/// The token leaves this place where a member's successor is elsewhere, by a
/// stream to that, and comes to members whose predecessor is.
std::shared_ptr<token_ring> graph_builder::ring_among(
    std::span<const std::size_t> members) {
  std::vector<char> here;
  std::map<std::size_t, std::shared_ptr<token_sender>> ways;  // by position
  for (std::size_t k = 0; k < members.size(); ++k) {
    const std::size_t before =
        members[(k + members.size() - 1) % members.size()];
    here.push_back(is_here(members[k]) ? 1 : 0);
    if (is_here(before) && !is_here(members[k])) {
      ways[k] = std::make_shared<token_sender>(loop_->bell());
      users_.emplace_back(key_of_token(token_link(before, members[k])),
                          ways[k]);
    }
  }
  auto ring = std::make_shared<token_ring>(
      std::move(here), [ways](std::size_t to) { ways.at(to)->send(); });
  for (std::size_t k = 0; k < members.size(); ++k) {
    const std::size_t before =
        members[(k + members.size() - 1) % members.size()];
    if (is_here(members[k]) && !is_here(before)) {
      users_.emplace_back(key_of_token(token_link(before, members[k])),
                          tokens_by_stream(ring, k));
    }
  }
  return ring;
}

/// One thread moves all updates and tokens of this process.
void graph_builder::start_loop() {
  for (auto& [key, user] : users_) {
    loop_->add(lines_.at(key), std::move(user));
  }
  if (users_.empty()) {
    return;
  }
  users_.clear();
  keep_turning([loop = loop_, lost = lost_] {
    loop->turn(std::chrono::milliseconds(10),
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
  auto server =
      serve_by_stream(link_end{rule, met.far, ranks_[l], held},
                      lines_.at(key_of_link(l, reverse)),
                      codec_of(link, answers_of(*rule, link), rule->goes_up(),
                               [&] { return start_of(to); }));
  keep_turning([owner = met, turn = std::move(server)] { return turn(); });
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

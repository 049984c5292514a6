#include "actors/node/node.hpp"

#include <algorithm>
#include <future>
#include <set>
#include <thread>

#include <caf/io/all.hpp>
#include <nlohmann/json.hpp>

#include "actors/exit_reasons.hpp"
#include "actors/node/node_session.hpp"
#include "actors/plan/link_json.hpp"
#include "actors/replica/replica.hpp"
#include "actors/sync/link_kinds.hpp"
#include "actors/wire/acceptor.hpp"
#include "kernels/data/pack.hpp"

namespace sounder::actors {

namespace {

using nlohmann::json;

/// Samples that one packed run of bytes may have: 16 GiB.
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 34U;

/// For what a node that ends says to its leader.
constexpr std::chrono::milliseconds last_words{200};

struct node_state {
  const char* name = "node";
  node_options options;  // set once
  std::unique_ptr<session> run;
  bool is_leaving = false;  // when no run is at work
};

using self_ptr = whole_node::stateful_pointer<node_state>;

void say(const node_state& state, const std::string& line) {
  if (state.options.say) {
    state.options.say(line);
  }
}

/// With this reason.
void end_replicas(self_ptr self, const caf::error& why) {
  const replica_list& all = self->state.run->actors;
  for (const auto& [number, replica] : all.replicas) {
    self->send_exit(replica, why);
  }
  for (const auto& [number, hub] : all.hubs) {
    self->send_exit(hub, why);
  }
}

void release(self_ptr self, const std::string& why) {
  node_state& state = self->state;
  if (!state.run) {
    return;
  }
  session& run = *state.run;
  run.stop->request_stop();
  end_replicas(self, caf::exit_reason::user_shutdown);
  if (run.wiring) {
    for (const caf::actor& port : run.wiring->ports()) {
      self->send_exit(port, caf::exit_reason::user_shutdown);
    }
  }
  for (const auto& [place, door] : run.doors.doors) {
    if (place == run.part.place) {
      self->send_exit(door, caf::exit_reason::user_shutdown);
    }
  }
  self->demonitor(run.leader.address());
  for (const auto& [address, peer] : run.peers) {
    self->demonitor(peer.address());
  }
  state.run.reset();
  say(state, why);
  if (state.is_leaving) {
    self->quit(caf::exit_reason::user_shutdown);
  }
}

bool is_one_of(const std::vector<caf::actor>& all, const caf::actor_addr& who) {
  return std::any_of(all.begin(), all.end(), [&](const caf::actor& each) {
    return each.address() == who;
  });
}

bool is_one_of(const replica_list& all, const caf::actor_addr& who) {
  const auto is_it = [&](const auto& each) {
    return each.second.address() == who;
  };
  return std::any_of(all.replicas.begin(), all.replicas.end(), is_it) ||
         std::any_of(all.hubs.begin(), all.hubs.end(), is_it);
}

/// Whether somebody serves the run here.
bool is_part(const session& run, const caf::actor_addr& who) {
  const auto door = run.doors.doors.find(run.part.place);
  return is_one_of(run.actors, who) ||
         (run.wiring && is_one_of(run.wiring->ports(), who)) ||
         (door != run.doors.doors.end() && door->second.address() == who);
}

/// Something of the run threw. The leader looks after the replicas: it learns
/// by theirs what ended the run.
void fail(self_ptr self, const caf::error& why) {
  session& run = *self->state.run;
  run.stop->request_stop();
  end_replicas(self, why);
  release(self, "let the run go: " + words_of(self->system(), why));
}

caf::error refusal(const std::string& why) {
  return caf::make_error(caf::sec::runtime_error, why);
}

/// The other nodes that letters or tokens come from or go to.
std::set<std::string> pen_friends(const deployment& part) {
  const topology::graph& graph = part.plan.graph;
  std::set<std::string> places;
  for (const topology::link& link : graph.links) {
    const std::string& from = graph.replicas[link.from].place;
    const std::string& to = graph.replicas[link.to].place;
    if ((is_gossip(link) || discipline_of<topology::on_token>(link)) &&
        from != to && (from == part.place || to == part.place)) {
      places.insert(from == part.place ? to : from);
    }
  }
  places.erase("");  // the leader is watched anyway
  return places;
}

/// Opens ways for letters, and watches them: a letter that is lost is not
/// missed by all who wait for it.
void open_ways(self_ptr self) {
  session& run = *self->state.run;
  for (const std::string& place : pen_friends(run.part)) {
    const std::string& address = run.part.peers.at(place);
    const node_actor peer = connect(self->system(), parse_address(address),
                                    std::chrono::seconds(10));
    self->monitor(peer);
    run.peers[address] = peer;
  }
}

/// Without its letters a run comes to nothing: our replicas go home.
void lose_peer(self_ptr self, const caf::down_msg& gone) {
  session& run = *self->state.run;
  for (const auto& [address, peer] : run.peers) {
    if (peer.address() == gone.source) {
      run.lost->note("its connection to node " + address + " broke (" +
                     words_of(self->system(), gone.reason) + ")");
      run.stop->request_stop();
    }
  }
}

/// Spawns the replicas once their meetings are made.
replica_list start_replicas(self_ptr self, const opened_doors& others) {
  session& run = *self->state.run;
  open_ways(self);
  opened_doors doors = run.doors;
  doors.add(others);
  wired_graph wired = run.wiring->connect(doors);
  run.meters = wired.meters;
  for (std::size_t i = 0; i < wired.replicas.size(); ++i) {
    if (wired.replicas[i].is_here) {
      if (wired.replicas[i].links) {
        wired.replicas[i].links->lost = run.lost;
      }
      run.replicas.push_back(wired.replicas[i]);
      const auto number = static_cast<std::uint32_t>(i);
      if (wired.replicas[i].is_hub) {
        run.actors.hubs[number] =
            self->spawn<caf::monitored>(hub, wired.replicas[i]);
      } else {
        run.actors.replicas[number] =
            self->spawn<caf::monitored>(replica, wired.replicas[i]);
      }
    }
  }
  for (const caf::actor& port : run.wiring->ports()) {
    self->monitor(port);
  }
  return run.actors;
}

json links_of(const node_state& state) {
  json links = json::array();
  if (state.run) {
    for (const auto& meter : state.run->meters) {
      if (meter->latency_ns.count() > 0) {
        links.push_back(json(as_json(meter->record())));
      }
    }
  }
  return links;
}

json status(const node_state& state) {
  json out = {{"listen", state.options.listen.text()},
              {"protocol", protocol},
              {"state", state.run ? "training" : "waiting"}};
  if (state.run) {
    out["time_s"] = std::chrono::duration<double>(
                        std::chrono::steady_clock::now().time_since_epoch())
                        .count();
    out["replicas"] = json::array();
    for (const wired_replica& r : state.run->replicas) {
      const std::uint64_t samples = r.memory->samples;
      out["replicas"].push_back(
          {{"name", r.name},
           {"workers", r.setup->workers},
           {"samples", samples},
           {"steps", samples / r.setup->plan->batch_size}});
    }
    out["links"] = links_of(state);
  }
  return out;
}

/// Whether the message at hand is of the process whose run is here.
bool is_from_leader(self_ptr self) {
  const auto& sender = self->current_sender();
  return self->state.run && sender &&
         sender->node() == self->state.run->leader.node();
}

/// Runs `work`; what it throws becomes the answer, and the run is let go.
template <class Result, class Work>
caf::result<Result> guarded(self_ptr self, const Work& work) {
  try {
    if (!is_from_leader(self)) {
      return refusal("it has no run of this leader");
    }
    return work();
  } catch (const std::exception& problem) {
    const std::string why = problem.what();
    release(self, "let the run go: " + why);
    return refusal(why);
  }
}

whole_node::behavior_type node(self_ptr self, node_options options) {
  self->state.options = std::move(options);
  self->set_down_handler([=](const caf::down_msg& gone) {
    const auto& run = self->state.run;
    if (run && run->leader.address() == gone.source) {
      release(self, "the leader is gone; waiting for work");
    } else if (run && is_part(*run, gone.source)) {
      if (is_failure(gone.reason)) {
        fail(self, gone.reason);
      }
    } else if (run) {
      lose_peer(self, gone);
    }
  });
  return {
      [=](hello_atom, std::uint32_t number) -> caf::result<samples_held> {
        if (number != protocol) {
          return refusal("it speaks protocol " + std::to_string(protocol) +
                         ", the leader " + std::to_string(number) +
                         "; run the same version of sounder on both");
        }
        samples_held own;
        own.what =
            self->state.options.open_part ? holding::part : holding::nothing;
        return own;
      },
      [=](deploy_atom, const leader_actor& leader,
          const std::vector<char>& bytes,
          const parameters& start) -> caf::result<samples_held> {
        if (self->state.run) {
          return refusal("it is at work for another leader");
        }
        if (self->state.is_leaving) {
          return refusal("it was told to end");
        }
        self->state.run = std::make_unique<session>();
        self->state.run->leader = leader;
        self->monitor(leader);
        return guarded<samples_held>(self, [&]() -> samples_held {
          session& run = *self->state.run;
          run.part = decode(bytes);
          run.start = start;
          say(self->state, "took " +
                               std::to_string(run.part.stepping().size()) +
                               " replicas of a run");
          return open_own_data(run, self->state.options);
        });
      },
      [=](samples_atom, std::uint32_t to, std::uint64_t total,
          const std::vector<char>& bytes) {
        return guarded<bool>(self, [&]() -> bool {
          session& run = *self->state.run;
          if (total > most_bytes ||
              bytes.size() > total - run.incoming.size()) {
            throw std::invalid_argument("more samples than were announced");
          }
          run.incoming.insert(run.incoming.end(), bytes.begin(), bytes.end());
          if (run.incoming.size() == total) {
            run.sent[to] = kernels::unpack(run.incoming);
            run.incoming = {};
          }
          return true;
        });
      },
      [=](open_atom, const std::vector<char>& bytes) {
        return guarded<opened_doors>(self, [&]() -> opened_doors {
          session& run = *self->state.run;
          run.times = decode_timetable(bytes, run.part.plan);
          const node_options& own = self->state.options;
          complete_setups(run, own);
          run.wiring = std::make_unique<graph_builder>(
              run.plan, run.times.partition, std::move(run.times.setups),
              run.part.place,
              graph_builder::network{&self->system(),
                                     own.tls,
                                     run.part.secret,
                                     run.part.peers,
                                     {own.listen.host, own.wire_port}});
          run.doors = run.wiring->open(
              {run.start.data(), static_cast<std::size_t>(run.start.size())});
          self->monitor(run.doors.doors.at(run.part.place));
          return run.doors;
        });
      },
      [=](connect_atom, const opened_doors& others) {
        return guarded<replica_list>(
            self, [&] { return start_replicas(self, others); });
      },
      [=](halt_atom) {
        if (is_from_leader(self)) {
          self->state.run->stop->request_stop();
        }
      },
      [=](links_atom) { return links_of(self->state).dump(); },
      [=](status_atom) { return status(self->state).dump(); },
      [=](listen_atom, std::uint16_t port) {
        self->state.options.listen.port = port;
      },
      [=](leave_atom) {
        node_state& state = self->state;
        state.is_leaving = true;
        if (state.run) {
          say(state, "told to end; waits for the leader to end the run");
          self->delayed_send(self, node_grace - last_words, again_atom::value);
        } else {
          self->quit(caf::exit_reason::user_shutdown);
        }
      },
      [=](again_atom) {
        // Its replicas come home, and tell the leader.
        if (self->state.run) {
          self->state.run->lost->note("it was told to end");
          self->state.run->stop->request_stop();
        }
        self->delayed_send(self, last_words, close_atom::value);
      },
      [=](close_atom) {
        release(self, "ends");
        self->quit(caf::exit_reason::user_shutdown);
      },
      [=](release_atom) {
        if (is_from_leader(self)) {
          release(self, "done; waiting for work");
        }
        return true;
      },
  };
}

}  // namespace

namespace {

/// A node from start to end, in one thread: CAF 0.17.6 waits for ever when a
/// system is destroyed in another thread than the one that made it.
void live(const node_options& options) {
  network_config config;
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", 3);
  config.set("scheduler.max-throughput", 5);
  configure_network(config, options.tls);
  caf::actor_system system(config);
  const auto self = system.spawn(node, options);
  std::unique_ptr<acceptor> listens;
  try {
    listens = listen(system, self, options.listen);
    caf::anon_send(self, listen_atom::value, listens->port());
    if (options.ready) {
      options.ready({options.listen.host, listens->port()});
    }
    // The system waits for the actor at its end.
    while (!options.stop.stop_requested()) {
      if (options.leave.stop_requested()) {
        caf::anon_send(self, leave_atom::value);
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  } catch (...) {
    caf::anon_send(self, close_atom::value);
    throw;
  }
  if (options.stop.stop_requested()) {
    caf::anon_send(self, close_atom::value);
  }
  // Whoever asks until then is answered.
  caf::scoped_actor(system, true)->wait_for(self);
}

}  // namespace

void serve(const node_options& options) {
  const auto is_over = std::make_shared<std::promise<void>>();
  std::future<void> over = is_over->get_future();
  std::thread([options, is_over] {
    try {
      live(options);
      is_over->set_value();
    } catch (...) {
      is_over->set_exception(std::current_exception());
    }
  }).detach();
  while (!options.stop.stop_requested() && !options.leave.stop_requested() &&
         over.wait_for(std::chrono::milliseconds(20)) !=
             std::future_status::ready) {
  }
  // A connection that never said anything sensible may keep the system: then
  // it is left behind.
  if (over.wait_for(node_grace + std::chrono::seconds(2)) ==
      std::future_status::ready) {
    over.get();
  }
}

}  // namespace sounder::actors

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include "actors/exit_reasons.hpp"
#include "actors/node/node_state.hpp"
#include "actors/node/offload.hpp"
#include "actors/replica/replica.hpp"
#include "kernels/data/pack.hpp"

namespace sounder::actors {

namespace {

/// Samples that one packed run of bytes may have: 16 GiB.
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 34U;

/// For what a node that ends says to its leader.
constexpr std::chrono::milliseconds last_words{200};

using self_ptr = whole_node::stateful_pointer<node_state>;

void say(const node_options& options, const std::string& line) {
  if (options.say) {
    options.say(line);
  }
}

/// Those that own what the run has here.
template <class Visit>
void for_each_owner(const node_session& run, const Visit& visit) {
  for (const auto& [number, replica] : run.actors.replicas) {
    visit(replica);
  }
  for (const auto& [number, hub] : run.actors.hubs) {
    visit(hub);
  }
  for (const auto& [ring, token] : run.tokens) {
    visit(token);
  }
}

/// With this reason.
void end_owners(self_ptr self, const caf::error& why) {
  for_each_owner(*self->state.run,
                 [&](const auto& each) { self->send_exit(each, why); });
}

void release(self_ptr self, const std::string& why) {
  node_state& state = self->state;
  if (!state.run) {
    return;
  }
  node_session& run = *state.run;
  run.stop->request_stop();
  end_owners(self, caf::exit_reason::user_shutdown);
  self->demonitor(run.leader.address());
  state.run.reset();
  say(state.options, why);
  if (state.is_leaving) {
    self->quit(caf::exit_reason::user_shutdown);
  }
}

/// Whether somebody serves the run here.
bool is_part(const node_session& run, const caf::actor_addr& who) {
  bool found = false;
  const auto look = [&](const auto& each) {
    found = found || each.address() == who;
  };
  for_each_owner(run, look);
  std::for_each(run.servants.begin(), run.servants.end(), look);
  return found;
}

/// Something of the run threw. The leader looks after the replicas: it learns
/// by theirs what ended the run.
void fail(self_ptr self, const caf::error& why) {
  node_session& run = *self->state.run;
  run.stop->request_stop();
  end_owners(self, why);
  release(self, "let the run go: " + words_of(self->system(), why));
}

caf::error refusal(const std::string& why) {
  return caf::make_error(caf::sec::runtime_error, why);
}

void serve_by(self_ptr self, const caf::actor& servant) {
  self->state.run->servants.push_back(servant);
  self->monitor(servant);
}

/// Spawns the replicas once their meetings are made.
replica_list start_replicas(self_ptr self, const connected_session& made) {
  node_session& run = *self->state.run;
  run.meters = made.wired.meters;
  for (std::size_t i = 0; i < made.wired.replicas.size(); ++i) {
    const wired_replica& each = made.wired.replicas[i];
    if (!each.is_here) {
      continue;
    }
    run.replicas.push_back(each);
    const auto number = static_cast<std::uint32_t>(i);
    if (each.is_hub) {
      run.actors.hubs[number] =
          self->spawn<caf::monitored>(hub, each, run.leader.node());
    } else {
      run.actors.replicas[number] =
          self->spawn<caf::monitored>(replica, each, run.leader.node());
    }
  }
  for (const wired_token& each : made.wired.tokens) {
    run.tokens[each.members.front()] = self->spawn<caf::monitored>(token, each);
  }
  for (const caf::actor& each : made.threads) {
    serve_by(self, each);
  }
  return run.actors;
}

void ignore(self_ptr self, const std::string& message) {
  say(self->state.options, "ignored '" + message + "' from a stranger");
}

/// Whether the message at hand is of the process whose run is here.
bool is_from_leader(self_ptr self, const std::string& message) {
  const auto& sender = self->current_sender();
  const auto& run = self->state.run;
  const bool is_it = run && sender && sender->node() == run->leader.node();
  if (run && !is_it) {
    ignore(self, message);
  }
  return is_it;
}

/// Whether it is of the process that the node is.
bool is_from_here(self_ptr self, const std::string& message) {
  const bool is_it = is_from_own_process(self);
  if (!is_it) {
    ignore(self, message);
  }
  return is_it;
}

/// Has the offload do `work` for the run, and takes in what came of it: that is
/// the answer. What is thrown is, too, and the run is let go.
template <class Answer, class Work, class TakeIn>
caf::result<Answer> set_up(self_ptr self, const std::string& message, Work work,
                           TakeIn take_in) {
  if (!is_from_leader(self, message)) {
    return refusal("it has no run of this leader");
  }
  using found_type = std::invoke_result_t<Work, node_session&>;
  const auto run = self->state.run;
  const auto found = std::make_shared<std::optional<found_type>>();
  auto answer = self->make_response_promise<Answer>();
  self->request(self->state.offloaded, caf::infinite, work_atom::value,
                std::make_shared<const std::function<void()>>(
                    [=, work = std::move(work)] { *found = work(*run); }))
      .then(
          [=](bool) mutable {
            if (self->state.run == run) {
              answer.deliver(take_in(**found));
            } else {
              answer.deliver(refusal("the run is over"));
            }
          },
          [=](const caf::error& problem) mutable {
            if (self->state.run == run) {
              release(self,
                      "let the run go: " + words_of(self->system(), problem));
            }
            answer.deliver(problem);
          });
  return answer;
}

caf::result<samples_held> deploy(self_ptr self, const leader_actor& leader,
                                 const std::vector<char>& bytes,
                                 const parameters& start) {
  node_state& state = self->state;
  if (state.run) {
    return refusal("it is at work for another leader");
  }
  if (state.is_leaving) {
    return refusal("it was told to end");
  }
  const auto& sender = self->current_sender();
  if (!sender || !leader || sender->node() != leader.node()) {
    return refusal("the leader is another");
  }
  state.run = std::make_shared<node_session>();
  state.run->leader = leader;
  self->monitor(leader);
  return set_up<samples_held>(
      self, "deploy",
      [=, own = state.options](node_session& run) {
        run.part = decode(bytes);
        run.start = start;
        say(own, "took " +
                     std::to_string(
                         stepping_at(run.part.plan.graph, run.part.place)) +
                     " replicas of a run");
        return open_own_data(run, own);
      },
      [](const samples_held& held) { return held; });
}

/// With what the tokens' actors say.
caf::result<std::string> tell_status(self_ptr self) {
  struct collected {
    caf::typed_response_promise<std::string> answer;
    std::vector<token_status> tokens;
  };
  const auto run = self->state.run;
  const auto said = std::make_shared<collected>();
  said->answer = self->make_response_promise<std::string>();
  const auto tell_if_complete = [=] {
    if (!run || said->tokens.size() == run->tokens.size()) {
      said->answer.deliver(
          status_text(self->state.options.listen, run.get(), said->tokens));
    }
  };
  tell_if_complete();
  for (const auto& [ring, token] :
       run ? run->tokens : std::map<std::string, token_actor>()) {
    const auto take = [=, name = ring](const std::string& holder,
                                       std::uint64_t passes) {
      said->tokens.push_back({name, holder, passes});
      tell_if_complete();
    };
    self->request(token, caf::infinite, status_atom::value)
        .then(take, [=](const caf::error&) { take("", 0); });
  }
  return said->answer;
}

/// A part of a replica's samples.
bool take_samples(node_session& run, std::uint32_t to, std::uint64_t total,
                  const std::vector<char>& bytes) {
  if (total > most_bytes || bytes.size() > total - run.incoming.size()) {
    throw std::invalid_argument("more samples than were announced");
  }
  run.incoming.insert(run.incoming.end(), bytes.begin(), bytes.end());
  if (run.incoming.size() == total) {
    run.sent[to] = kernels::unpack(run.incoming);
    run.incoming = {};
  }
  return true;
}

void leave(self_ptr self) {
  node_state& state = self->state;
  state.is_leaving = true;
  if (state.run) {
    say(state.options, "told to end; waits for the leader to end the run");
    self->delayed_send(self, node_grace - last_words, again_atom::value);
  } else {
    self->quit(caf::exit_reason::user_shutdown);
  }
}

/// Its replicas come home, and tell the leader.
void come_home(self_ptr self) {
  if (self->state.run) {
    self->state.run->failure->note("it was told to end");
    self->state.run->stop->request_stop();
  }
  self->delayed_send(self, last_words, close_atom::value);
}

}  // namespace

whole_node::behavior_type node(self_ptr self, node_options options) {
  self->state.options = std::move(options);
  self->state.offloaded = self->spawn<caf::linked + caf::detached>(offload);
  end_by_own_process(self, [=] { ignore(self, "exit"); });
  self->set_down_handler([=](const caf::down_msg& gone) {
    const auto& run = self->state.run;
    if (run && run->leader.address() == gone.source) {
      release(self, "the leader is gone; waiting for work");
    } else if (run && is_part(*run, gone.source)) {
      if (is_failure(gone.reason)) {
        fail(self, gone.reason);
      }
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
          const std::vector<char>& bytes, const parameters& start) {
        return deploy(self, leader, bytes, start);
      },
      [=](samples_atom, std::uint32_t to, std::uint64_t total,
          const std::vector<char>& bytes) {
        return set_up<bool>(
            self, "samples",
            [=](node_session& run) {
              return take_samples(run, to, total, bytes);
            },
            [](bool taken) { return taken; });
      },
      [=](open_atom, const std::vector<char>& bytes) {
        return set_up<opened_ports>(
            self, "open",
            [=, own = self->state.options](node_session& run) {
              return open_ports(self->system(), run, own, bytes);
            },
            [](const opened_ports& own) { return own; });
      },
      [=](connect_atom, const opened_ports& others) {
        return set_up<replica_list>(
            self, "connect",
            [=](node_session& run) { return connect_others(run, others); },
            [=](const connected_session& made) {
              return start_replicas(self, made);
            });
      },
      [=](halt_atom) {
        if (is_from_leader(self, "halt")) {
          self->state.run->stop->request_stop();
        }
      },
      [=](links_atom) { return links_text(self->state.run.get()); },
      [=](release_atom) {
        if (is_from_leader(self, "release")) {
          release(self, "done; waiting for work");
        }
        return true;
      },
      [=](status_atom) { return tell_status(self); },
      [=](listen_atom, std::uint16_t port) {
        if (is_from_here(self, "listen")) {
          self->state.options.listen.port = port;
        }
      },
      [=](leave_atom) {
        if (is_from_here(self, "leave")) {
          leave(self);
        }
      },
      [=](again_atom) {
        if (is_from_here(self, "again")) {
          come_home(self);
        }
      },
      [=](close_atom) {
        if (is_from_here(self, "close")) {
          release(self, "ends");
          self->quit(caf::exit_reason::user_shutdown);
        }
      },
  };
}

}  // namespace sounder::actors

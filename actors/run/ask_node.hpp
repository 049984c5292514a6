#pragma once

// Questions of the leader's to nodes, from a thread that may wait.

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <caf/all.hpp>

#include "actors/exit_reasons.hpp"
#include "actors/run/cluster.hpp"

namespace sounder::actors {

/// An answer that may come, or not: whatever is said first counts.
template <class Answer>
struct reply {
  std::promise<Answer> promise;
  bool is_open = true;  // only the asking actor

  void take(Answer& got) {
    if (std::exchange(is_open, false)) {
      promise.set_value(std::move(got));
    }
  }
  void fail(const std::string& why) {
    if (std::exchange(is_open, false)) {
      promise.set_exception(std::make_exception_ptr(peer_error(why)));
    }
  }
};

template <class Answer>
struct pending {
  std::future<Answer> answer;
  caf::actor asking;
};

/// Asks a node. The answer is a peer_error when the node is gone, refuses, or
/// says nothing until the deadline.
template <class Answer, class... Words>
pending<Answer> start_asking(caf::actor_system& system, const member_node& node,
                             std::chrono::milliseconds deadline,
                             Words&&... words) {
  const auto said = std::make_shared<reply<Answer>>();
  pending<Answer> coming;
  coming.answer = said->promise.get_future();
  const auto question = std::make_shared<std::tuple<std::decay_t<Words>...>>(
      std::forward<Words>(words)...);
  coming.asking = system.spawn([=, &system](caf::event_based_actor* self) {
    const std::string name = "node " + node.address.text();
    self->set_down_handler([=, &system](const caf::down_msg& gone) {
      said->fail(name + " is gone (" + words_of(system, gone.reason) + ")");
      self->quit();
    });
    self->monitor(node.actor);
    const auto ask = [&](auto&... each) {
      return self->request(node.actor, deadline, std::move(each)...);
    };
    std::apply(ask, *question)
        .then(
            [=](Answer& got) {
              said->take(got);
              self->quit();
            },
            [=, &system](const caf::error& problem) {
              said->fail(name + ": " +
                         (problem == caf::sec::request_timeout
                              ? "no answer within " +
                                    std::to_string(deadline.count()) + " ms"
                              : words_of(system, problem)));
              self->quit();
            });
  });
  return coming;
}

/// Asks a node and waits for the answer. An interrupt ends the wait.
template <class Answer, class... Words>
Answer ask(caf::actor_system& system, const member_node& node,
           std::chrono::milliseconds deadline, const std::stop_token& interrupt,
           Words&&... words) {
  pending<Answer> coming = start_asking<Answer>(system, node, deadline,
                                                std::forward<Words>(words)...);
  while (coming.answer.wait_for(std::chrono::milliseconds(20)) !=
         std::future_status::ready) {
    if (interrupt.stop_requested()) {
      caf::anon_send_exit(coming.asking, caf::exit_reason::user_shutdown);
      throw deploy_interrupted();
    }
  }
  return coming.answer.get();
}

/// Asks all at once. Nothing of those who do not answer.
template <class Answer, class... Words>
std::vector<std::optional<Answer>> ask_all(
    caf::actor_system& system, const std::vector<member_node>& nodes,
    std::chrono::milliseconds deadline, const Words&... words) {
  std::vector<pending<Answer>> coming;
  for (const member_node& node : nodes) {
    coming.push_back(start_asking<Answer>(system, node, deadline, words...));
  }
  std::vector<std::optional<Answer>> answers;
  for (pending<Answer>& each : coming) {
    try {
      answers.emplace_back(each.answer.get());
    } catch (const peer_error&) {
      answers.emplace_back();
    }
  }
  return answers;
}

}  // namespace sounder::actors

#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "actors/node/node.hpp"
#include "tests/support/training.hpp"
#include "topology/systems.hpp"

namespace sounder::tests {

/// A node in a thread of this process.
class served_node {
 public:
  explicit served_node(actors::node_options options) {
    options.stop = stop_.get_token();
    options.ready = [this](const actors::node_address& at) {
      ready_.set_value(at);
    };
    options.say = [this](const std::string& line) {
      const std::scoped_lock lock(mutex_);
      said_ += line + "\n";
    };
    thread_ = std::jthread([options] { actors::serve(options); });
    at_ = ready_.get_future().get();
  }
  ~served_node() { stop_.request_stop(); }

  const actors::node_address& at() const { return at_; }
  std::string said() const {
    const std::scoped_lock lock(mutex_);
    return said_;
  }
  bool is_waiting() const {
    return actors::status_of(at_, {}, std::chrono::seconds(5))
               .find("waiting") != std::string::npos;
  }

 private:
  std::stop_source stop_;
  std::promise<actors::node_address> ready_;
  actors::node_address at_;
  mutable std::mutex mutex_;
  std::string said_;
  std::jthread thread_;
};

/// Two replicas, both at the node.
inline actors::training_plan plan_at(
    const served_node& node, const std::string& system,
    std::shared_ptr<const kernels::objective> objective, unsigned epochs) {
  topology::wiring_options two;
  two.replicas = 2;
  two.tau = 5;
  actors::training_plan plan =
      plan_of(std::move(objective), *topology::by_name(system, two), epochs);
  plan.deterministic = false;
  for (topology::replica& replica : plan.graph.replicas) {
    if (!replica.is_hub()) {
      replica.place = node.at().text();
    }
  }
  return plan;
}

}  // namespace sounder::tests

#pragma once

// Nodes as processes, and runs over them.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/program/program.hpp"

namespace sounder::tests {

/// Longer than anything here may take, far shorter than a hang.
constexpr std::chrono::seconds longest_run(20);

inline outcome run_within(const words& given) {
  return process(program_words(given), {}, longest_run).finish();
}

/// A node on a port of its own choice; killed with the object.
class node {
 public:
  explicit node(const words& more = {}, const std::string& at = "127.0.0.1:0")
      : process_(program_words(words{"node", "--listen", at} + more), {},
                 std::chrono::seconds(60)) {
    const std::string start = "listening on ";
    const std::string line = process_.prints("\n");
    REQUIRE_THAT(line, Catch::StartsWith(start));
    address_ = line.substr(start.size(), line.size() - start.size() - 1);
  }

  const std::string& address() const { return address_; }
  int port() const {
    return std::atoi(address_.c_str() + address_.rfind(':') + 1);
  }
  bool says(std::string_view text) { return process_.says(text); }
  void signal(int number) { process_.signal(number); }
  void kill() { process_.signal(SIGKILL); }
  void freeze() { process_.signal(SIGSTOP); }
  double cpu_seconds() const { return process_.cpu_seconds(); }
  outcome finish() { return process_.finish(); }
  outcome end() {
    process_.signal(SIGTERM);
    return process_.finish();
  }

 private:
  process process_;
  std::string address_;
};

inline std::string state_of(const std::string& address,
                            const words& more = {}) {
  const outcome seen =
      run_within(words{"status", address, "--output", "json"} + more);
  return seen.code == 0
             ? nlohmann::json::parse(seen.out)["state"].get<std::string>()
             : seen.err;
}

/// Asks until the node is in this state.
inline bool comes_to(const std::string& address, const std::string& state) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (state_of(address) != state) {
    if (std::chrono::steady_clock::now() > until) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

/// Regression without noise: the least loss is 0, at the generator's weights.
inline const words exact = {"--generate", "p4",   "--noise",  "0",
                            "--rows",     "2000", "--model",  "least-squares",
                            "--l2",       "0",    "--output", "json",
                            "--quiet"};

/// Weights are floats, 5 of about 1: rounding alone leaves a loss of some
/// 1e-14; the loss at the start is about 1.
inline constexpr double at_the_minimum = 1e-6;

/// How far a system steps here, and for how long.
inline words steps_of(const std::string& system, unsigned epochs) {
  // Momentum of 0.9 makes each step ten times as long; of all-to-all updates of
  // up to eight replicas are on their way at once.
  const bool is_short =
      system == "async-msgd" || system == "eamsgd" || system == "all-to-all";
  return {"--step",   is_short ? "0.005" : "0.05", "--decay", "0.8",
          "--epochs", std::to_string(epochs)};
}

inline void check_reaches_the_minimum(const std::string& system, unsigned nodes,
                                      unsigned replicas, unsigned epochs = 5,
                                      const words& more = {},
                                      double most = at_the_minimum) {
  INFO(system << ", " << replicas << " replicas on " << nodes << " nodes"
              << (more.empty() ? "" : ", " + more.back()));

  const outcome seen =
      run_within(words{"launch", "--local", std::to_string(nodes), "--replicas",
                       std::to_string(replicas), "--topology", system, "--tau",
                       "10", "--push", "10", "--fetch", "10"} +
                 steps_of(system, epochs) + exact + more);

  INFO(seen.err);
  CHECK(seen.code == 0);
  const auto result = nlohmann::json::parse(seen.out, nullptr, false);
  REQUIRE(result.is_object());
  CHECK(result["epochs"].back()["train_loss"].get<double>() < most);
}

inline words quick(const std::string& nodes) {
  return {"train",      "--generate", "p1",       "--topology", "star",
          "--replicas", "2",          "--epochs", "2",          "--quiet",
          "--nodes",    nodes,        "--output", "json"};
}

/// Minutes of work.
inline words endless(const std::string& nodes) {
  return {"train", "--generate", "p1",   "--topology", "star", "--replicas",
          "2",     "--epochs",   "2000", "--nodes",    nodes};
}

}  // namespace sounder::tests

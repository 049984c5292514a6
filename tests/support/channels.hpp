#pragma once

// Runs over the channels that there are: memory, streams within this process,
// and streams between two processes.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/channel_cases.hpp"
#include "tests/support/own_rule.hpp"
#include "tests/support/process.hpp"
#include "tests/support/served_node.hpp"

namespace sounder::tests {

/// The first parameter follows the samples' values, a little with each; all
/// others count samples: at the step size of these tests each moves them by 1.
class follow_and_count : public kernels::objective {
 public:
  static constexpr double step_size = 0.125;
  inline static const std::string description = "follow and count ";

  explicit follow_and_count(std::size_t size) : size_(size) {}

  std::size_t dimension() const noexcept override { return size_; }
  bool classifies() const noexcept override { return false; }
  void add_gradient(const kernels::dataset& data,
                    std::span<const std::uint32_t> rows, const float* w,
                    std::span<float> gradient) const override {
    constexpr float a_little = 0.25F;
    const float share = 1.0F / static_cast<float>(rows.size());
    for (const std::uint32_t i : rows) {
      gradient[0] += share * a_little * (w[0] - data.floats().value[i]);
    }
    for (std::size_t j = 1; j < size_; ++j) {
      gradient[j] -= static_cast<float>(1.0 / step_size);
    }
  }
  kernels::loss_sums evaluate(const kernels::dataset& data, std::size_t first,
                              std::size_t last, const float* w) const override {
    kernels::loss_sums sums{0.0, 0, last - first};
    for (std::size_t i = first; i < last; ++i) {
      const double apart = static_cast<double>(w[0] - data.floats().value[i]);
      sums.loss += 0.5 * apart * apart;
    }
    return sums;
  }
  void predict(const kernels::dataset&, std::size_t, std::size_t, const float*,
               float*) const override {}
  std::string describe() const override {
    return description + std::to_string(size_);
  }

  static std::shared_ptr<const kernels::objective> described(
      const std::string& text) {
    return std::make_shared<follow_and_count>(
        std::stoul(text.substr(description.size())));
  }

 private:
  std::size_t size_;
};

constexpr std::size_t rows_of_cases = 48;
constexpr unsigned epochs_of_cases = 2;

/// Values from 1 to 3.
inline kernels::dataset values_to_follow() {
  kernels::random_stream random(5);
  table rows;
  for (std::size_t i = 0; i < rows_of_cases; ++i) {
    rows.push_back({2.0F + coin(random)});
  }
  return dense_from(rows, std::vector<float>(rows_of_cases), 1);
}

inline actors::training_plan plan_of(const channel_case& at,
                                     std::size_t size = 2) {
  actors::training_plan plan = plan_of(std::make_shared<follow_and_count>(size),
                                       at.graph, epochs_of_cases);
  plan.deterministic = false;
  plan.schedule = kernels::constant_step(follow_and_count::step_size);
  plan.exchanges = own_rules();
  plan.stall_deadline = std::chrono::seconds(20);
  return plan;
}

inline actors::node_options node_for_cases() {
  actors::node_options options;
  options.make_objective = [](const std::string& text,
                              const kernels::dataset&) {
    return follow_and_count::described(text);
  };
  options.exchanges = own_rules();
  return options;
}

/// The test program once more, as a node: a process of its own.
class node_process {
 public:
  inline static const std::string variable = "TESTS_SERVE_AS_NODE";

  explicit node_process(const actors::tls_files& tls = {})
      : process_({std::filesystem::read_symlink("/proc/self/exe").string(),
                  "serves as a node"},
                 {variable + "=" + tls.certificate + "," + tls.key + "," +
                  tls.authority},
                 std::chrono::seconds(110)) {
    const std::string start = "listening on ";
    const std::string line = process_.prints("!");
    const std::size_t at = line.rfind(start);
    REQUIRE(at != std::string::npos);
    address_ = line.substr(at + start.size());
    address_.pop_back();
  }

  const std::string& address() const { return address_; }

 private:
  process process_;
  std::string address_;
};

/// Where replicas live: in turn at each of these, "" where the run starts.
inline actors::training_plan placed(actors::training_plan plan,
                                    const std::vector<std::string>& places) {
  for (std::size_t i = 0; i < plan.graph.replicas.size(); ++i) {
    plan.graph.replicas[i].place = places[i % places.size()];
  }
  return plan;
}

/// The ways to run a plan, with the nodes that serve all runs, one by one.
class all_channels {
 public:
  enum class way { memory, one_process, two_processes };
  static constexpr way ways[] = {way::memory, way::one_process,
                                 way::two_processes};
  static const char* name_of(way over) {
    return over == way::memory        ? "memory"
           : over == way::one_process ? "one process"
                                      : "two processes";
  }

  actors::run_report run(const actors::training_plan& plan, way over) {
    switch (over) {
      case way::memory:
        return actors::train(plan, data_);
      case way::one_process:
        return actors::train(placed(plan, {"", here_.at().text()}), data_);
      case way::two_processes:
        break;
    }
    return actors::train(placed(plan, {first_.address(), second_.address()}),
                         data_);
  }
  const kernels::dataset& data() const { return data_; }

 private:
  kernels::dataset data_ = values_to_follow();
  served_node here_{node_for_cases()};
  node_process first_;
  node_process second_;
};

}  // namespace sounder::tests

#include "apps/bench/bench_support.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include <sys/resource.h>

#include "kernels/data/feature_order.hpp"
#include "kernels/data/generate.hpp"
#include "kernels/data/load.hpp"

namespace sounder::bench {

prepared prepare(std::string name, kernels::train_test sets) {
  const kernels::feature_order order =
      kernels::by_frequency(sets.train, kernels::unused_features::leave_out);
  prepared ready;
  ready.name = std::move(name);
  ready.train = kernels::renumber(std::move(sets.train), order);
  ready.test = kernels::renumber(std::move(sets.test), order);
  return ready;
}

prepared load_rcv1(const std::string& folder) {
  kernels::load_options options;
  options.features = 47'236;
  const std::filesystem::path path(folder);
  for (const auto& [base, ending] : {std::pair{"rcv1_ccat_", ".svm"},
                                     {"rcv1_ccat_", ".svm.xz"},
                                     {"rcv1_", ".binary.bz2"}}) {
    const auto train = path / (std::string(base) + "train" + ending);
    const auto test = path / (std::string(base) + "test" + ending);
    if (std::filesystem::exists(train) && std::filesystem::exists(test)) {
      return prepare("rcv1", {kernels::load(train, options),
                              kernels::load(test, options)});
    }
  }
  return {};
}

prepared generate_rcv1_like(std::size_t rows) {
  kernels::sparse_spec spec;
  spec.rows = rows;
  return prepare("rcv1-like", kernels::generate_sparse(spec));
}

std::vector<std::vector<double>> time_in_turn(
    const std::vector<std::function<double()>>& candidates, unsigned rounds) {
  std::vector<std::vector<double>> times(candidates.size());
  for (unsigned round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      times[i].push_back(candidates[i]());
    }
  }
  for (auto& each : times) {
    std::sort(each.begin(), each.end());
  }
  return times;
}

double median(const std::vector<double>& sorted) {
  return sorted[sorted.size() / 2];
}

double seconds(const std::function<void()>& call) {
  const auto start = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

std::string machine() {
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  std::string model = "unknown CPU";
  while (std::getline(info, line)) {
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  }
  return model + ", " + std::to_string(std::thread::hardware_concurrency()) +
         " hardware threads, compiled by " + __VERSION__;
}

double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024.0 / 1e6;
}

}  // namespace sounder::bench

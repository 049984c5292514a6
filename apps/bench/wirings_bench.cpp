// What do the wirings of several replicas gain on one machine?
//
//   wirings_bench [FOLDER]
//
// FOLDER holds RCV1 (scripts/get-data rcv1: data/rcv1); without it a generated
// set of its size stands in. Four questions, each as ratios within one run:
// the step rate of two replicas against one worker, with the objective that
// they reach; what a hub takes without a lock and with one; the all-reduce of
// one process against memcpy; the asynchronous systems on the same work.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <string>
#include <thread>

#include <fmt/core.h>

#include "actors/run/train.hpp"
#include "actors/sync/memory_channel.hpp"
#include "apps/bench/bench_support.hpp"
#include "kernels/exchange/all_reduce.hpp"
#include "kernels/exchange/elastic.hpp"
#include "kernels/model/linear.hpp"
#include "topology/systems.hpp"

namespace {

using namespace sounder;
using clock_type = std::chrono::steady_clock;

// So many that starting the workers counts for nothing.
constexpr unsigned epochs = 240;

double seconds_since(clock_type::time_point start) {
  return std::chrono::duration<double>(clock_type::now() - start).count();
}

actors::run_report train(const bench::prepared& data, const std::string& system,
                         unsigned replicas, double step, double decay,
                         std::optional<std::size_t> tau = {}) {
  topology::wiring_options options;
  options.replicas = replicas;
  options.workers = system == "hogwild" ? replicas : 1;
  options.tau = tau;
  actors::training_plan plan;
  if (system == "eamsgd") {
    plan.optimizer.kind = kernels::optimizer_kind::nesterov;
  }
  plan.graph = *topology::by_name(system, options);
  plan.objective =
      kernels::make_linear(kernels::linear_model::svm, data.train, 2,
                           {kernels::penalty_form::l2,
                            1.0 / static_cast<double>(data.train.rows())});
  plan.schedule = kernels::decaying_step(step, decay);
  plan.epochs = epochs;
  plan.evaluation = actors::evaluation_mode::between;
  plan.evaluate_every = epochs;  // once: the workers would pause for each
  return actors::train(plan, data.train);
}

/// Systems that average want a larger step: each replica takes a part of the
/// steps (linear scaling). Without a tau it is the one that is chosen by cost.
struct contestant {
  const char* system;
  double step;
  double decay;
  std::optional<std::size_t> tau = {};
};

/// What the machine allows: two serial runs at once, that know nothing of each
/// other. Seconds for the work of one.
double half_of_two(const bench::prepared& data) {
  double other = 0.0;
  std::jthread second(
      [&] { other = train(data, "serial", 1, 0.5, 0.987).train_s; });
  const double one = train(data, "serial", 1, 0.5, 0.987).train_s;
  second.join();
  return 0.25 * (one + other);
}

void compare_rates(const bench::prepared& data,
                   const std::vector<contestant>& systems, unsigned rounds) {
  std::vector<std::function<double()>> runs;
  std::vector<double> serial_loss;
  std::vector<std::vector<double>> losses(systems.size());  // of all rounds
  for (const contestant& c : systems) {
    serial_loss.push_back(
        train(data, "serial", 1, c.step, c.decay).epochs.back().train_loss);
  }
  runs.emplace_back(
      [&] { return train(data, "serial", 1, 0.5, 0.987).train_s; });
  runs.emplace_back([&] { return half_of_two(data); });
  for (std::size_t k = 0; k < systems.size(); ++k) {
    runs.emplace_back([&, k] {
      const contestant& c = systems[k];
      const auto report = train(data, c.system, 2, c.step, c.decay, c.tau);
      losses[k].push_back(report.epochs.back().train_loss);
      return report.train_s;
    });
  }
  const auto times = bench::time_in_turn(runs, rounds);
  const double one = bench::median(times[0]);
  fmt::print("\n{}: 2 replicas of 1 worker, {} epochs, median of {} rounds\n",
             data.name, epochs, rounds);
  fmt::print("  {:<14}{:>8}{:>6}{:>7}{:>14}{:>12}{:>16}\n", "system", "tau",
             "step", "decay", "vs 1 worker", "objective", "against serial");
  fmt::print("  {:<35}{:>13.2f}x\n", "limit: two serial runs",
             one / bench::median(times[1]));
  for (std::size_t k = 0; k < systems.size(); ++k) {
    const contestant& c = systems[k];
    std::sort(losses[k].begin(), losses[k].end());
    const double loss = bench::median(losses[k]);
    fmt::print("  {:<14}{:>8}{:>6}{:>7}{:>13.2f}x{:>12.5f}{:>+15.2f}%\n",
               c.system, c.tau ? std::to_string(*c.tau) : "by cost", c.step,
               c.decay, one / bench::median(times[k + 2]), loss,
               100.0 * (loss / serial_loss[k] - 1.0));
  }
}

/// Elastic pushes a second at one vector, each link from a thread of its own
/// that moves its parameters in between, as replicas do: who only pushed would
/// take the lock again at once, with the hub still in his cache.
double pushes_a_second(unsigned links, bool locked) {
  constexpr std::size_t size = std::size_t{1} << 16U;
  constexpr int pushes = 3000;
  const auto rule = std::make_shared<kernels::elastic>(0.3);
  std::vector<float> hub(size, 0.0F);
  const auto far = std::make_shared<actors::target>(hub, links);
  const auto push = [&](std::size_t rank) {
    std::vector<float> w(size, 1.0F);
    actors::local_end own(w, false, 0);
    actors::memory_link link;
    link.rule = rule;
    link.far = far;
    link.rank = rank;
    link.hold_far = locked;
    link.snapshot = w;
    link.meter = std::make_shared<actors::link_meter>();
    const auto meeting = actors::meet_in_memory(std::move(link));
    for (int p = 0; p < pushes; ++p) {
      for (float& x : w) {
        x = 0.999F * x + 0.001F;
      }
      own.rest(1.0F);
      while (!meeting->attend(own, {})) {
        meeting->wait();
      }
    }
  };
  const auto start = clock_type::now();
  {
    std::vector<std::jthread> threads;
    for (unsigned k = 0; k < links; ++k) {
      threads.emplace_back(push, k);
    }
  }
  const double seconds = seconds_since(start);
  // All start at 1, the hub at 0: everybody ends in between.
  if (!(hub.front() > 0.0F && hub.back() <= 1.0F)) {
    fmt::print(stderr, "the hub has not moved towards those who push\n");
    std::exit(1);
  }
  return pushes * static_cast<double>(links) / seconds;
}

void compare_hubs() {
  fmt::print("\npushes a second at one hub of 65,536 parameters\n");
  for (const unsigned links : {2U, 4U}) {
    std::vector<double> wild;
    std::vector<double> locked;
    for (int round = 0; round < 5; ++round) {
      wild.push_back(pushes_a_second(links, false));
      locked.push_back(pushes_a_second(links, true));
    }
    std::sort(wild.begin(), wild.end());
    std::sort(locked.begin(), locked.end());
    fmt::print("  {} links: wild {:.0f}, locked {:.0f}: {:.2f}x\n", links,
               bench::median(wild), bench::median(locked),
               bench::median(wild) / bench::median(locked));
  }
}

/// Bytes that one core moves in an all-reduce of two vectors in memory,
/// against memcpy of as many.
void compare_all_reduce() {
  constexpr std::size_t size = 10'000'000;
  std::vector<float> a(size, 1.0F);
  std::vector<float> b(size, 3.0F);
  std::vector<float> mean(size);
  const std::vector<const float*> all = {a.data(), b.data()};
  const kernels::reduce_groups groups = {{0, 1}};
  std::vector<std::function<double()>> runs;
  runs.emplace_back([&] {
    const auto start = clock_type::now();
    for (std::size_t rank = 0; rank < 2; ++rank) {
      kernels::mean_of_segment(all, groups, rank,
                               kernels::segment_of(rank, 2, size), mean.data());
    }
    std::memcpy(a.data(), mean.data(), size * sizeof(float));
    std::memcpy(b.data(), mean.data(), size * sizeof(float));
    return seconds_since(start);
  });
  runs.emplace_back([&] {
    const auto start = clock_type::now();
    std::memcpy(a.data(), mean.data(), size * sizeof(float));
    return seconds_since(start);
  });
  const auto times = bench::time_in_turn(runs, 7);
  if (a[0] != 2.0F || b[size - 1] != 2.0F) {
    fmt::print(stderr, "the all-reduce is wrong\n");
    std::exit(1);
  }
  // Each of the two takes half the sum and a copy of the whole: 7 vectors read
  // or written, against 2 of a memcpy.
  const double moved = 7.0 / bench::median(times[0]);
  const double copied = 2.0 / bench::median(times[1]);
  fmt::print(
      "\nall-reduce of 2 x 40 MB in memory: {:.2f} of memcpy's rate "
      "({:.1f} against {:.1f} GB/s)\n",
      moved / copied, moved * 4e-9 * static_cast<double>(size),
      copied * 4e-9 * static_cast<double>(size));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "";
  fmt::print("{}\n", bench::machine());
  auto data = folder.empty() ? bench::prepared{} : bench::load_rcv1(folder);
  if (data.train.empty()) {
    data = bench::generate_rcv1_like(22'490);
  }
  // By cost the replicas meet twice an epoch; then once.
  const std::size_t an_epoch = (data.train.rows() + 1) / 2 + 256;
  compare_rates(data,
                {{"star", 0.5, 0.987},
                 {"hogwildpp", 0.5, 0.9925},
                 {"ea-wild", 1.0, 0.987},
                 {"ad-psgd", 1.0, 0.987},
                 {"star", 0.5, 0.987, an_epoch},
                 {"hogwildpp", 0.5, 0.9925, an_epoch},
                 {"ea-wild", 1.0, 0.987, an_epoch}},
                9);
  fmt::print("\nthe asynchronous solvers of 003's comparison:");
  compare_rates(data,
                {{"easgd", 1.0, 0.987, 100},
                 {"async-ps", 0.5, 0.987, 100},
                 {"async-msgd", 0.05, 0.987, 100},
                 {"hogwild", 0.5, 0.987},
                 {"eamsgd", 0.1, 0.987, 100},
                 {"ea-wild", 1.0, 0.987, 100}},
                1);
  compare_hubs();
  compare_all_reduce();
}

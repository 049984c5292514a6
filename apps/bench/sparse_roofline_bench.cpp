// How close does training through actors come to a bare loop, and a bare loop
// to the machine? Sparse linear SVM, one form of step per row of the table.
//
//   sparse_roofline_bench [FOLDER] [ROWS]
//
// FOLDER holds RCV1 (scripts/get-data rcv1: data/rcv1); without it only the
// generated set of ROWS rows (677,399) is measured. Every run is checked
// before its time counts: the objectives of bare loop and actors must agree
// within 1 %.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <thread>

#include <fmt/core.h>

#include "actors/run/train.hpp"
#include "apps/bench/bare_loops.hpp"
#include "apps/bench/bench_support.hpp"
#include "kernels/model/linear.hpp"
#include "topology/graph.hpp"

namespace {

using namespace sounder;

struct form {
  const char* name;
  bench::bare_options bare;
};

std::shared_ptr<const kernels::objective> svm(const kernels::dataset& train,
                                              bool per_feature) {
  const auto penalty = per_feature ? kernels::penalty_form::per_feature
                                   : kernels::penalty_form::l2;
  return kernels::make_linear(
      kernels::linear_model::svm, train, 2,
      {penalty, 1.0 / static_cast<double>(train.rows())});
}

double objective_of(const kernels::objective& model,
                    const kernels::dataset& train,
                    const std::vector<float>& weights) {
  const auto sums = model.evaluate(train, 0, train.rows(), weights.data());
  return sums.loss / static_cast<double>(sums.rows) +
         model.penalty(weights.data());
}

actors::run_report train_with_actors(const bench::prepared& data,
                                     const bench::bare_options& options) {
  actors::training_plan plan;
  topology::lock_free sharing;
  sharing.head = options.head;
  if (options.head > 0) {
    sharing.head_every = options.head_every;
  }
  plan.graph = topology::hogwild(options.threads, sharing);
  plan.objective = svm(data.train, options.per_feature);
  plan.schedule = kernels::decaying_step(options.step, options.decay);
  plan.epochs = options.epochs;
  plan.evaluation = actors::evaluation_mode::between;
  return actors::train(plan, data.train);
}

void measure(const bench::prepared& data, unsigned epochs, unsigned rounds) {
  const auto nonzeros = static_cast<double>(data.train.nonzeros());
  const unsigned two = 2;
  std::vector<form> forms = {
      {"l2 by scale, 1 worker", {}},
      {"per-feature, 1 worker", {.per_feature = true}},
      {"l2 by scale, 2 workers, plain", {.threads = two}},
      {"l2 by scale, 2 workers, head", {.threads = two, .head = 16384}},
      {"per-feature, 2 workers, plain", {.threads = two, .per_feature = true}},
      {"per-feature, 2 workers, head",
       {.threads = two, .per_feature = true, .head = 16384}},
  };
  std::vector<std::function<double()>> runs;
  std::vector<float> weights(data.train.features(), 0.5F);
  runs.emplace_back([&] { return bench::read_everything(data.train); });
  runs.emplace_back([&] { return bench::dot_everything(data.train, weights); });
  std::vector<double> worst(forms.size(), 0.0);
  for (std::size_t f = 0; f < forms.size(); ++f) {
    forms[f].bare.epochs = epochs;
    const bench::bare_options& options = forms[f].bare;
    runs.emplace_back(
        [&] { return bench::train_bare(data.train, options).seconds; });
    runs.emplace_back([&] { return train_with_actors(data, options).train_s; });
    // Verify before timing. What several workers reach differs from run to run.
    const double tolerance = options.threads == 1 ? 0.01 : 0.03;
    const auto model = svm(data.train, options.per_feature);
    const double bare = objective_of(
        *model, data.train, bench::train_bare(data.train, options).weights);
    const double actor =
        train_with_actors(data, options).epochs.back().train_loss;
    worst[f] = std::abs(bare - actor) / actor;
    if (!(worst[f] < tolerance)) {
      fmt::print(stderr, "{}: objectives differ: bare {:.5f}, actors {:.5f}\n",
                 forms[f].name, bare, actor);
      std::exit(1);
    }
  }
  const auto times = bench::time_in_turn(runs, rounds);
  const auto rate = [&](std::size_t run, double repeats) {
    return nonzeros * repeats / bench::median(times[run]) / 1e6;
  };
  fmt::print(
      "\n{}: {} x {}, {:.1f} non-zeros a row, {} epochs, median of {} "
      "rounds, million non-zeros a second\n",
      data.name, data.train.rows(), data.train.features(),
      nonzeros / static_cast<double>(data.train.rows()), epochs, rounds);
  fmt::print("  read indices and values  {:8.0f}\n", rate(0, 1));
  fmt::print("  dot products only        {:8.0f}\n", rate(1, 1));
  fmt::print("  {:<32}{:>10}{:>10}{:>8}{:>14}{:>12}\n", "form", "bare loop",
             "actors", "ratio", "vs 1 worker", "objectives");
  const double one[2] = {rate(3, epochs), rate(5, epochs)};
  for (std::size_t f = 0; f < forms.size(); ++f) {
    const double bare = rate(2 + 2 * f, epochs);
    const double actor = rate(3 + 2 * f, epochs);
    fmt::print("  {:<32}{:>10.0f}{:>10.0f}{:>8.2f}{:>14.2f}{:>11.2f}%\n",
               forms[f].name, bare, actor, actor / bare,
               actor / one[forms[f].bare.per_feature ? 1 : 0],
               100.0 * worst[f]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "";
  const std::size_t rows =
      argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 677'399;
  fmt::print("{}\n", sounder::bench::machine());
  const auto rcv1 = folder.empty() ? sounder::bench::prepared{}
                                   : sounder::bench::load_rcv1(folder);
  if (rcv1.train.empty()) {
    fmt::print("rcv1: skipped, no data in '{}'\n", folder);
  } else {
    measure(rcv1, 15, 7);
  }
  if (rows > 0) {
    measure(sounder::bench::generate_rcv1_like(rows), 4, 5);
  }
  fmt::print("\npeak resident size {:.0f} MB\n", sounder::bench::peak_rss_mb());
}

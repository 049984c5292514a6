// How long until the objective is within a percent of its optimum?
//
//   time_to_target_bench FILE [SYSTEM[:TAU[:STEP]]...] [--rounds N]
//                        [--unit] [--positive LABEL | --topic FILE NAME]
//                        [--curves FILE]
//
// FILE is a sparse set of two classes, plain or compressed, or `sparse`: the
// generated one of 677,399 rows. Of more classes one is against the rest:
// that LABEL, or the rows that carry a topic in a file of topics. With --unit
// rows have norm 1. Every system runs
// with its defaults, as `sounder train --model svm` takes them, two replicas or
// workers where it has any; a tau, and a factor for the step, may be given to
// sweep them. The optimum comes from a solver of this file, the
// dual coordinate descent that liblinear does, and is verified by its duality
// gap and by the program's own objective before anything is timed.
//
// Systems take turns, so that a noisy machine treats all alike. Times count
// steps and meetings, no evaluations; between two evaluations the objective is
// taken to fall by the same factor in the same time. --curves writes, for each
// system's median round, milliseconds and the objective's excess over the
// optimum in percent, as docs/results/time-to-target.gp draws them.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <limits>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fmt/core.h>

#include "actors/plan/learning_defaults.hpp"
#include "actors/run/train.hpp"
#include "apps/bench/bench_support.hpp"
#include "kernels/data/labels.hpp"
#include "kernels/data/load.hpp"
#include "kernels/data/normalise.hpp"
#include "kernels/data/random.hpp"
#include "kernels/data/topics.hpp"
#include "kernels/model/linear.hpp"
#include "topology/systems.hpp"

namespace {

using namespace sounder;

constexpr double within = 1.01;  // of the optimum
constexpr double never = std::numeric_limits<double>::infinity();

struct optimum {
  std::vector<double> w;
  double objective = 0.0;  // (1 / n) sum hinge + |w|^2 / (2 n)
  double gap = 0.0;        // to the dual's, over the objective
  double found_s = 0.0;    // when it was within a percent of its last
};

double dot(const kernels::sparse_rows& rows, std::size_t i,
           const std::vector<double>& w) {
  double sum = 0.0;
  for (std::uint64_t k = rows.start[i]; k < rows.start[i + 1]; ++k) {
    sum += static_cast<double>(rows.value[k]) * w[rows.index[k]];
  }
  return sum;
}

double hinge_objective(const kernels::dataset& data,
                       const std::vector<double>& w) {
  const kernels::sparse_rows rows = data.sparse();
  double sum = 0.5 * std::inner_product(w.begin(), w.end(), w.begin(), 0.0);
  for (std::size_t i = 0; i < data.rows(); ++i) {
    sum += std::max(0.0, 1.0 - data.labels()[i] * dot(rows, i, w));
  }
  return sum / static_cast<double>(data.rows());
}

/// min over 0 <= a <= 1 of |sum a_i y_i x_i|^2 / 2 - sum a_i, a coordinate at a
/// time in random order (Hsieh et al., ICML 2008, algorithm 1): the dual of
/// the penalty 1 / n. Until the gap is 1e-5 of the objective.
optimum solve(const kernels::dataset& data) {
  constexpr double enough = 1e-5;
  constexpr unsigned most_passes = 5000;
  const kernels::sparse_rows rows = data.sparse();
  const std::size_t n = data.rows();
  std::vector<double> squares(n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::uint64_t k = rows.start[i]; k < rows.start[i + 1]; ++k) {
      squares[i] += static_cast<double>(rows.value[k]) * rows.value[k];
    }
  }
  optimum best;
  best.w.resize(data.features());
  std::vector<double> a(n, 0.0);
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  kernels::random_stream random(1);
  std::vector<std::pair<double, double>> seen;  // seconds, objective
  double spent = 0.0;
  for (unsigned pass = 0; pass < most_passes; ++pass) {
    spent += bench::seconds([&] {
      for (std::size_t i = n; i > 1; --i) {
        std::swap(order[i - 1],
                  order[random.below(static_cast<std::uint32_t>(i))]);
      }
      for (const std::uint32_t i : order) {
        if (squares[i] == 0.0) {
          a[i] = 1.0;  // no weights make its loss less
          continue;
        }
        const double y = data.labels()[i];
        const double slope = y * dot(rows, i, best.w) - 1.0;
        const double to = std::clamp(a[i] - slope / squares[i], 0.0, 1.0);
        const double move = (to - a[i]) * y;
        a[i] = to;
        for (std::uint64_t k = rows.start[i];
             move != 0.0 && k < rows.start[i + 1]; ++k) {
          best.w[rows.index[k]] += move * static_cast<double>(rows.value[k]);
        }
      }
    });
    best.objective = hinge_objective(data, best.w);
    seen.emplace_back(spent, best.objective);
    const double dual = (std::accumulate(a.begin(), a.end(), 0.0) -
                         0.5 * std::inner_product(best.w.begin(), best.w.end(),
                                                  best.w.begin(), 0.0)) /
                        static_cast<double>(n);
    best.gap = (best.objective - dual) / best.objective;
    if (best.gap < enough) {
      break;
    }
  }
  best.found_s = std::find_if(seen.begin(), seen.end(), [&](const auto& at) {
                   return at.second <= within * best.objective;
                 })->first;
  return best;
}

std::shared_ptr<const kernels::objective> hinge_of(
    const kernels::dataset& data) {
  return kernels::make_linear(
      kernels::linear_model::svm, data, 2,
      {kernels::penalty_form::l2, 1.0 / static_cast<double>(data.rows())});
}

/// As the program takes it when nobody types an option.
actors::training_plan plan_of(const std::string& contestant,
                              const kernels::dataset& data) {
  const std::size_t colon = contestant.find(':');
  const std::string system = contestant.substr(0, colon);
  topology::wiring_options options;
  options.replicas = system == "serial" ? 1 : 2;
  options.workers = system == "hogwild" ? 2 : 1;
  double longer = 1.0;
  if (colon != std::string::npos) {
    char* end = nullptr;
    options.tau = std::strtoul(contestant.c_str() + colon + 1, &end, 10);
    longer = *end == ':' ? std::strtod(end + 1, nullptr) : 1.0;
  }
  const auto graph = topology::by_name(system, options);
  if (!graph) {
    fmt::print(stderr, "'{}' is no system; `sounder topology` lists them\n",
               system);
    std::exit(2);
  }
  actors::training_plan plan;
  plan.graph = *graph;
  plan.objective = hinge_of(data);
  const actors::learning_defaults usual =
      actors::find_defaults(plan.graph, *plan.objective, data, 0);
  plan.epochs = usual.epochs;
  plan.batch_size = usual.batch_size;
  plan.schedule = kernels::annealed_step(longer * usual.step, usual.epochs,
                                         usual.decay_rate);
  plan.evaluation = actors::evaluation_mode::between;
  return plan;
}

struct request {
  std::string file;
  std::vector<std::string> systems;
  unsigned rounds = 9;
  bool unit = false;
  std::optional<float> positive;
  std::string topics;
  std::string topic;
  std::string curves;
};

request parse(int argc, char** argv) {
  request asked;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--rounds" && i + 1 < argc) {
      asked.rounds = static_cast<unsigned>(std::max(std::atoi(argv[++i]), 1));
    } else if (word == "--unit") {
      asked.unit = true;
    } else if (word == "--positive" && i + 1 < argc) {
      asked.positive = std::strtof(argv[++i], nullptr);
    } else if (word == "--topic" && i + 2 < argc) {
      asked.topics = argv[++i];
      asked.topic = argv[++i];
    } else if (word == "--curves" && i + 1 < argc) {
      asked.curves = argv[++i];
    } else if (asked.file.empty()) {
      asked.file = word;
    } else {
      asked.systems.push_back(word);
    }
  }
  if (asked.systems.empty()) {
    asked.systems = {"hogwild", "star",    "hogwildpp",
                     "ad-psgd", "ea-wild", "easgd"};
  }
  asked.systems.insert(asked.systems.begin(), "serial");
  return asked;
}

/// Labels +1 and -1.
kernels::dataset of_two_classes(const request& asked,
                                const kernels::dataset& data) {
  if (!asked.topic.empty()) {
    return kernels::select_topic(data, kernels::read_topics(asked.topics),
                                 asked.topic);
  }
  const kernels::label_set labels = kernels::distinct_labels(data, asked.file);
  return asked.positive ? kernels::encode_one_against_rest(
                              data, labels, *asked.positive, asked.file)
                        : kernels::encode_binary(data, labels, asked.file);
}

bench::prepared load(const request& asked) {
  if (asked.file == "sparse") {
    return bench::generate_rcv1_like(677'399);
  }
  kernels::dataset data = of_two_classes(asked, kernels::load(asked.file));
  if (asked.unit) {
    kernels::normalisation unit;
    unit.kind = kernels::normalisation_kind::unit_rows;
    data = kernels::normalise(std::move(data), unit);
  }
  return bench::prepare(asked.file, {data, {}});
}

struct outcome {
  double seconds = never;  // until within a percent
  double rate = 0.0;       // samples a second
  double end = 0.0;        // the last objective over the optimum
  std::vector<std::pair<double, double>> curve;  // seconds, excess
};

outcome run(const actors::training_plan& plan, const kernels::dataset& data,
            double best) {
  const actors::run_report report = actors::train(plan, data);
  outcome found;
  found.rate = static_cast<double>(report.samples) / report.train_s;
  found.end = report.epochs.back().train_loss / best;
  double before_s = 0.0;
  double before = 0.0;  // excess; unknown
  for (const actors::epoch_record& at : report.epochs) {
    found.curve.emplace_back(at.train_s, at.train_loss / best - 1.0);
  }
  for (const actors::epoch_record& at : report.epochs) {
    const double excess = std::max(at.train_loss / best - 1.0, 1e-9);
    if (excess <= within - 1.0) {
      const double part = before > excess ? std::log(before / (within - 1.0)) /
                                                std::log(before / excess)
                                          : 1.0;
      found.seconds = before_s + part * (at.train_s - before_s);
      break;
    }
    before_s = at.train_s;
    before = excess;
  }
  return found;
}

void verify(const optimum& best, const kernels::dataset& data) {
  const auto objective = hinge_of(data);
  const std::vector<float> w(best.w.begin(), best.w.end());
  const double said = objective->evaluate(data, 0, data.rows(), w.data()).loss /
                          static_cast<double>(data.rows()) +
                      objective->penalty(w.data());
  if (!(best.gap < 1e-4) || std::abs(said / best.objective - 1.0) > 1e-4) {
    fmt::print(stderr, "the optimum is not one: gap {:.1e}, {} against {}\n",
               best.gap, said, best.objective);
    std::exit(1);
  }
}

double at(std::vector<double> values, double quantile) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(
      quantile * static_cast<double>(values.size() - 1) + 0.5)];
}

/// What the machine allows: two serial runs at once, over one.
double two_at_once(const actors::training_plan& plan,
                   const kernels::dataset& data, double best) {
  double other = 0.0;
  std::jthread second([&] { other = run(plan, data, best).rate; });
  const double one = run(plan, data, best).rate;
  second.join();
  return one + other;
}

/// A block for each system, with its name at the head, for gnuplot.
void write_curves(const std::string& path,
                  const std::vector<std::string>& systems,
                  std::vector<std::vector<outcome>> all) {
  std::ofstream file(path);
  for (std::size_t k = 0; k < systems.size(); ++k) {
    const auto middle =
        all[k].begin() + static_cast<std::ptrdiff_t>(all[k].size() / 2);
    std::nth_element(all[k].begin(), middle, all[k].end(),
                     [](const outcome& a, const outcome& b) {
                       return a.seconds < b.seconds;
                     });
    file << '"' << systems[k] << "\"\n";
    for (const auto& [seconds, excess] : middle->curve) {
      file << 1e3 * seconds << ' ' << 100.0 * excess << '\n';
    }
    file << "\n\n";
  }
  if (!file.flush()) {
    throw std::runtime_error("cannot write " + path);
  }
}

std::string as_time(double seconds) {
  return std::isfinite(seconds) ? fmt::format("{:.1f} ms", 1e3 * seconds)
                                : "never";
}

}  // namespace

int main(int argc, char** argv) try {
  const request asked = parse(argc, argv);
  if (asked.file.empty()) {
    fmt::print(stderr,
               "usage: time_to_target_bench FILE [SYSTEM[:TAU[:STEP]]...] "
               "[--rounds N] [--unit] [--positive LABEL | --topic FILE NAME] "
               "[--curves FILE]\n");
    return 2;
  }
  const std::vector<std::string>& systems = asked.systems;
  const bench::prepared set = load(asked);
  const kernels::dataset& data = set.train;
  const optimum best = solve(data);
  verify(best, data);
  fmt::print(
      "{}\n{}: {} x {}, optimum {:.7f} (duality gap {:.0e}); dual "
      "coordinate descent is within 1 % after {}\n",
      bench::machine(), set.name, data.rows(), data.features(), best.objective,
      best.gap, as_time(best.found_s));

  std::vector<actors::training_plan> plans;
  for (const std::string& system : systems) {
    plans.push_back(plan_of(system, data));
  }
  std::vector<std::vector<outcome>> all(systems.size());
  std::vector<double> limits;
  for (unsigned round = 0; round < asked.rounds; ++round) {
    for (std::size_t k = 0; k < plans.size(); ++k) {
      plans[k].seed = round + 1;
      all[k].push_back(run(plans[k], data, best.objective));
    }
    limits.push_back(two_at_once(plans[0], data, best.objective) /
                     all[0].back().rate);
  }
  fmt::print("two serial runs at once: {:.2f} times the rate of one\n\n",
             at(limits, 0.5));
  const auto column = [&](std::size_t k, double outcome::*value) {
    std::vector<double> values;
    for (const outcome& each : all[k]) {
      values.push_back(each.*value);
    }
    return values;
  };
  const double serial = at(column(0, &outcome::seconds), 0.5);
  const double serial_rate = at(column(0, &outcome::rate), 0.5);
  fmt::print("{:<18}{:>7}{:>8}{:>12}{:>12}{:>12}{:>11}{:>9}{:>9}\n", "system",
             "epochs", "step", "to 1 %", "quartile", "quartile", "vs serial",
             "rate", "end");
  for (std::size_t k = 0; k < plans.size(); ++k) {
    const std::vector<double> times = column(k, &outcome::seconds);
    fmt::print(
        "{:<18}{:>7}{:>8.3g}{:>12}{:>12}{:>12}{:>11.2f}{:>9.2f}{:>9.4f}\n",
        systems[k], plans[k].epochs, plans[k].schedule(0.0),
        as_time(at(times, 0.5)), as_time(at(times, 0.25)),
        as_time(at(times, 0.75)), serial / at(times, 0.5),
        at(column(k, &outcome::rate), 0.5) / serial_rate,
        at(column(k, &outcome::end), 0.5));
  }
  if (!asked.curves.empty()) {
    write_curves(asked.curves, systems, all);
  }
} catch (const std::exception& problem) {
  fmt::print(stderr, "{}\n", problem.what());
  return 2;
}

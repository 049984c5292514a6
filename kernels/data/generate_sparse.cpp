#include <array>
#include <bit>
#include <cmath>
#include <numeric>

#include "kernels/data/alias_table.hpp"
#include "kernels/data/generate.hpp"
#include "kernels/data/generate_rows.hpp"

// Compiled with -ffp-contract=off, see random.cpp.

namespace sounder::kernels {

namespace {

constexpr double log_deviation = 0.7;
constexpr double truth_density = 0.25;
constexpr std::size_t few_features = 100;  // all of them matter below this

void check(const sparse_spec& spec) {
  detail::require_sizes(spec.rows, spec.test_rows, spec.features);
  const auto features = static_cast<double>(spec.features);
  detail::require(spec.features >= 2, "features", features, "at least 2");
  detail::require(spec.mean_nonzeros >= 1.0 && spec.mean_nonzeros <= features,
                  "mean non-zeros", spec.mean_nonzeros, "in [1, features]");
  detail::require(spec.zipf_exponent >= 0.0 && spec.zipf_exponent <= 10.0,
                  "Zipf exponent", spec.zipf_exponent, "in [0, 10]");
  detail::require(spec.zipf_shift >= 0.0 && spec.zipf_shift <= 1e9,
                  "Zipf shift", spec.zipf_shift, "in [0, 10^9]");
  detail::require(spec.noise >= 0.0 && spec.noise <= 0.5, "noise", spec.noise,
                  "in [0, 0.5]");
}

/// Feature ids in a random order: the feature of rank k is at k.
std::vector<std::uint32_t> random_ranking(std::size_t features,
                                          random_stream& random) {
  std::vector<std::uint32_t> ids(features);
  std::iota(ids.begin(), ids.end(), 0U);
  shuffle(std::span(ids), random);
  return ids;
}

/// p_u for every feature u.
std::vector<double> popularity(const sparse_spec& spec, random_stream& random) {
  const auto ranking = random_ranking(spec.features, random);
  std::vector<double> p(spec.features);
  double sum = 0.0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    const double at = static_cast<double>(k + 1) + spec.zipf_shift;
    p[ranking[k]] = portable_exp(-spec.zipf_exponent * portable_log(at));
    sum += p[ranking[k]];
  }
  for (double& weight : p) {
    weight /= sum;
  }
  return p;
}

/// Normal weights on some features, orthogonal to `mean_row`.
std::vector<float> balanced_truth(std::span<const double> mean_row,
                                  random_stream& random) {
  const double density = mean_row.size() < few_features ? 1.0 : truth_density;
  std::vector<double> w(mean_row.size());
  double along = 0.0;
  double square = 0.0;
  for (std::size_t u = 0; u < w.size(); ++u) {
    if (random.uniform() < density) {
      w[u] = random.normal();
      along += w[u] * mean_row[u];
      square += mean_row[u] * mean_row[u];
    }
  }
  std::vector<float> truth(w.size());
  for (std::size_t u = 0; u < w.size(); ++u) {
    if (w[u] != 0.0) {
      truth[u] = static_cast<float>(w[u] - along / square * mean_row[u]);
    }
  }
  return truth;
}

/// What all rows have in common.
struct collection {
  std::vector<double> p;
  std::vector<double> idf;
  std::vector<float> truth;

  explicit collection(const sparse_spec& spec) {
    random_stream random = detail::truth_stream(spec.seed);
    p = popularity(spec, random);
    idf.resize(p.size());
    std::vector<double> mean_row(p.size());
    for (std::size_t u = 0; u < p.size(); ++u) {
      const double expected = spec.mean_nonzeros * p[u];
      idf[u] = portable_log(1.0 + 1.0 / std::max(expected, 1e-300));
      mean_row[u] = (1.0 - portable_exp(-std::min(expected, 700.0))) * idf[u];
    }
    truth = balanced_truth(mean_row, random);
  }
};

/// Draws distinct features, one worker's memory.
class distinct_draw {
 public:
  /// Fills `index` with distinct features in ascending order, drawn one
  /// after the other with probabilities proportional to p among the rest.
  void operator()(std::span<std::uint32_t> index, std::span<const double> p,
                  const alias_table& table, random_stream& random) {
    seen_.resize(p.size());
    ++round_;
    std::size_t have = 0;
    // Repeats are rejected until a pass over all features is cheaper.
    for (std::size_t tries = 16 * index.size() + p.size();
         have < index.size() && tries > 0; --tries) {
      const std::uint32_t u = table.draw(random);
      if (seen_[u] != round_) {
        seen_[u] = round_;
        index[have++] = u;
      }
    }
    race(index.subspan(have), p, random);
    std::sort(index.begin(), index.end());
  }

 private:
  /// The rest by exponential clocks of rate p: the order in which they ring
  /// is that of successive draws (Efraimidis, Spirakis, IPL 2006).
  void race(std::span<std::uint32_t> index, std::span<const double> p,
            random_stream& random) {
    if (index.empty()) {
      return;
    }
    clocks_.clear();
    for (std::uint32_t u = 0; u < p.size(); ++u) {
      if (seen_[u] != round_) {
        const double time = -portable_log(1.0 - random.uniform());
        clocks_.emplace_back(time / p[u], u);
      }
    }
    const auto last =
        clocks_.begin() + static_cast<std::ptrdiff_t>(index.size());
    std::partial_sort(clocks_.begin(), last, clocks_.end());
    for (std::size_t k = 0; k < index.size(); ++k) {
      index[k] = clocks_[k].second;
    }
  }

  std::vector<std::uint32_t> seen_;  // the round that drew the feature last
  std::uint32_t round_ = 0;
  std::vector<std::pair<double, std::uint32_t>> clocks_;
};

/// 1 + log tf for tf = 1, 2, ...; tf is one more than the trailing zeros of
/// random bits.
class term_weight {
 public:
  term_weight() {
    for (std::size_t tf = 1; tf <= weights_.size(); ++tf) {
      weights_[tf - 1] = 1.0 + portable_log(static_cast<double>(tf));
    }
  }
  double draw(random_stream& random) const {
    constexpr std::uint64_t stop = std::uint64_t{1} << 63U;
    return weights_[static_cast<std::size_t>(
        std::countr_zero(random.next() | stop))];
  }

 private:
  std::array<double, 64> weights_{};
};

dataset sparse_rows_of(const sparse_spec& spec, const collection& common,
                       std::size_t first, std::size_t rows, unsigned threads) {
  const alias_table table(common.p);
  const term_weight term;
  std::vector<distinct_draw> draw(thread_count(threads));
  const double log_mean =
      portable_log(spec.mean_nonzeros) - log_deviation * log_deviation / 2.0;

  const auto length = [&](std::size_t row) {
    random_stream random = detail::shape_stream(spec.seed, row);
    const double n = portable_exp(log_mean + log_deviation * random.normal());
    return static_cast<std::uint64_t>(std::clamp(
        std::floor(n + 0.5), 1.0, static_cast<double>(spec.features)));
  };
  const auto fill = [&](std::size_t row, std::span<std::uint32_t> index,
                        std::span<float> value, unsigned worker) {
    random_stream random = detail::value_stream(spec.seed, row);
    draw[worker](index, common.p, table, random);
    double square = 0.0;
    for (std::size_t k = 0; k < index.size(); ++k) {
      value[k] = static_cast<float>(term.draw(random) * common.idf[index[k]]);
      square += double{value[k]} * double{value[k]};
    }
    const double shrink = 1.0 / std::sqrt(square);
    for (float& v : value) {
      v = static_cast<float>(v * shrink);
    }
    return detail::noisy_sign(detail::dot(common.truth, index, value),
                              spec.noise, random);
  };
  return detail::sparse_set(first, rows, spec.features, threads, length, fill);
}

}  // namespace

std::vector<float> sparse_truth(const sparse_spec& spec) {
  check(spec);
  return collection(spec).truth;
}

train_test generate_sparse(const sparse_spec& spec, unsigned threads) {
  check(spec);
  const collection common(spec);
  return {sparse_rows_of(spec, common, 0, spec.rows, threads),
          sparse_rows_of(spec, common, spec.rows, spec.test_rows, threads)};
}

}  // namespace sounder::kernels

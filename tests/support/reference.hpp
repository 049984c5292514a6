#pragma once

// Linear models and SGD as plain loops: the oracle of the fast kernels.
//
// Real is double for an oracle that rounds next to nothing, or float where
// the fast kernel shall give the very same bits.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "kernels/model/linear.hpp"
#include "tests/support/problems.hpp"

namespace sounder::tests {

/// What a step is about to do: slopes[k * outputs + c] for sample k.
template <class Real>
struct gradient {
  std::vector<std::uint32_t> rows;
  std::vector<Real> slopes;
};

template <class Real>
class reference {
 public:
  /// `class_weights` as in one_against_rest_loss.
  reference(kernels::linear_model model, const kernels::dataset& data,
            kernels::regulariser penalty, std::vector<float> class_weights = {})
      : w(data.features() *
          (kernels::is_multi_class(model) ? classes : std::size_t{1})),
        model_(model),
        outputs_(w.size() / data.features()),
        penalty_(penalty),
        strength_(static_cast<Real>(penalty.strength)),
        labels_(data.labels().begin(), data.labels().end()),
        weights_(data.weights().begin(), data.weights().end()),
        class_weights_(std::move(class_weights)),
        samples_with_(data.features()) {
    for (std::size_t i = 0; i < data.rows(); ++i) {
      rows_.push_back(pairs_of(data, i));
      for (const auto& [u, x] : rows_.back()) {
        samples_with_[u] += 1;
      }
    }
  }

  /// Weight of feature u and class c at u * outputs + c.
  std::vector<Real> w;

  std::vector<Real> scores(std::size_t i) const {
    std::vector<Real> z(outputs_);
    for (const auto& [u, x] : rows_[i]) {
      for (std::size_t c = 0; c < outputs_; ++c) {
        z[c] += static_cast<Real>(x) * w[u * outputs_ + c];
      }
    }
    return z;
  }

  Real loss(std::size_t i) const {
    const std::vector<Real> z = scores(i);
    switch (model_) {
      case kernels::linear_model::svm:
        return hinge(z[0], label(i));
      case kernels::linear_model::logistic:
        return std::log(1 + std::exp(-label(i) * z[0]));
      case kernels::linear_model::least_squares:
        return (z[0] - label(i)) * (z[0] - label(i)) / 2;
      case kernels::linear_model::softmax: {
        Real sum = 0;
        for (const Real score : z) {
          sum += std::exp(score - z[target(i)]);
        }
        return std::log(sum);
      }
      case kernels::linear_model::one_against_rest: {
        Real sum = 0;
        for (std::size_t c = 0; c < outputs_; ++c) {
          sum += c == target(i) ? own(c) * hinge(z[c], 1) : hinge(z[c], -1);
        }
        return sum;
      }
    }
    return 0;
  }

  bool is_error(std::size_t i) const {
    const std::vector<Real> z = scores(i);
    if (kernels::is_multi_class(model_)) {
      const auto best = std::max_element(z.begin(), z.end()) - z.begin();
      return static_cast<std::size_t>(best) != target(i);
    }
    return kernels::is_classifier(model_) && (z[0] > 0) != (label(i) > 0);
  }

  /// (1 / n) sum_i c_i loss_i
  Real mean_loss() const {
    Real sum = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      sum += weight(i) * loss(i);
    }
    return sum / static_cast<Real>(rows_.size());
  }

  /// l2: (l2/2) |w|^2;  per_feature: the same over features that occur;
  /// per_sample: (l2/2) mean_i sum_{u in x_i} w_u^2 / d_i.
  Real penalty() const {
    Real sum = 0;
    if (penalty_.form == kernels::penalty_form::per_sample) {
      for (const auto& row : rows_) {
        for (const auto& [u, x] : row) {
          sum += square(u) / static_cast<Real>(row.size() * rows_.size());
        }
      }
      return strength_ / 2 * sum;
    }
    for (std::size_t u = 0; u < samples_with_.size(); ++u) {
      const bool counts =
          penalty_.form == kernels::penalty_form::l2 || samples_with_[u] > 0;
      sum += counts ? square(u) : 0;
    }
    return strength_ / 2 * sum;
  }

  Real objective() const { return mean_loss() + penalty(); }

  /// The slopes of a batch at the present weights, times `factor`.
  gradient<Real> look(std::span<const std::uint32_t> batch,
                      Real factor = 1) const {
    gradient<Real> found;
    found.rows.assign(batch.begin(), batch.end());
    for (const std::uint32_t i : batch) {
      std::vector<Real> slopes = slopes_of(i, factor);
      for (Real& slope : slopes) {
        slope *= weight(i);
      }
      found.slopes.insert(found.slopes.end(), slopes.begin(), slopes.end());
    }
    return found;
  }

  /// The step whose gradient was found before, perhaps at older weights.
  void write(const gradient<Real>& found, double step_size) {
    const auto step = static_cast<Real>(step_size);
    const Real share = step / static_cast<Real>(found.rows.size());
    if (penalty_.form == kernels::penalty_form::l2) {
      for (Real& x : w) {
        x *= 1 - step * strength_;
      }
    }
    for (std::size_t k = 0; k < found.rows.size(); ++k) {
      const auto& row = rows_[found.rows[k]];
      for (const auto& [u, x] : row) {
        for (std::size_t c = 0; c < outputs_; ++c) {
          Real& v = w[u * outputs_ + c];
          const Real move =
              share * found.slopes[k * outputs_ + c] * static_cast<Real>(x);
          largest_ = std::max({largest_, std::abs(v), std::abs(move)});
          switch (penalty_.form) {
            case kernels::penalty_form::l2:
              v -= move;
              break;
            case kernels::penalty_form::per_feature:
              v = (v - move) *
                  (1 - share * strength_ * static_cast<Real>(rows_.size()) /
                           samples_with_[u]);
              break;
            case kernels::penalty_form::per_sample:
              v = v * (1 - share * strength_ / static_cast<Real>(row.size())) -
                  move;
              break;
          }
        }
      }
    }
    ++writes_;
  }

  void walk(std::span<const std::uint32_t> rows, std::size_t batch_size,
            double step_size) {
    for (const auto batch : batches(rows, batch_size)) {
      write(look(batch), step_size);
    }
  }

  /// Round-robin among `workers`: the gradient of batch b is found when batch
  /// b - workers is written; the first batch of every worker is found when
  /// its turn comes. l2's shrinking is never late: a gradient sees weights
  /// that lack moves, but not shrinking.
  void walk_in_turn(std::span<const std::uint32_t> rows, std::size_t batch_size,
                    double step_size, std::size_t workers) {
    const auto all = batches(rows, batch_size);
    const bool shrinks = penalty_.form == kernels::penalty_form::l2;
    const Real missed =
        shrinks ? std::pow(1 - static_cast<Real>(step_size) * strength_,
                           static_cast<Real>(workers - 1))
                : 1;
    std::deque<gradient<Real>> waiting;
    for (std::size_t b = 0; b < all.size(); ++b) {
      if (b < workers) {
        waiting.push_back(look(all[b]));
        write(waiting.back(), step_size);
        waiting.pop_back();
      } else {
        write(waiting.front(), step_size);
        waiting.pop_front();
      }
      if (b + workers < all.size()) {
        waiting.push_back(look(all[b + workers], missed));
      }
    }
  }

  /// Bound of the distance between two float walks like this one.
  ///
  /// A step rounds every weight it writes a few times and its slope once for
  /// every non-zero of the row, each by at most eps = 2^-23 of the largest
  /// weight or move met; at a safe step size no later step enlarges what an
  /// earlier one rounded, so the roundings add up.
  double rounding_bound() const {
    std::size_t longest = 0;
    for (const auto& row : rows_) {
      longest = std::max(longest, row.size());
    }
    constexpr double eps = 1.0 / (1U << 23U);
    return eps * static_cast<double>(largest_) * static_cast<double>(writes_) *
           static_cast<double>(longest + 8);
  }

  static std::vector<std::span<const std::uint32_t>> batches(
      std::span<const std::uint32_t> rows, std::size_t size) {
    std::vector<std::span<const std::uint32_t>> cut;
    for (std::size_t k = 0; k < rows.size(); k += size) {
      cut.push_back(rows.subspan(k, std::min(size, rows.size() - k)));
    }
    return cut;
  }

 private:
  Real weight(std::size_t i) const {
    return weights_.empty() ? Real{1} : static_cast<Real>(weights_[i]);
  }
  Real own(std::size_t c) const {
    return class_weights_.empty() ? Real{1}
                                  : static_cast<Real>(class_weights_[c]);
  }
  Real label(std::size_t i) const { return static_cast<Real>(labels_[i]); }
  std::size_t target(std::size_t i) const {
    return static_cast<std::size_t>(labels_[i]);
  }
  Real square(std::size_t u) const {
    Real sum = 0;
    for (std::size_t c = 0; c < outputs_; ++c) {
      sum += w[u * outputs_ + c] * w[u * outputs_ + c];
    }
    return sum;
  }
  static Real hinge(Real z, Real y) { return std::max(Real{0}, 1 - y * z); }
  static Real hinge_slope(Real z, Real y) { return y * z < 1 ? -y : Real{0}; }

  std::vector<Real> slopes_of(std::size_t i, Real factor) const {
    std::vector<Real> z = scores(i);
    for (Real& score : z) {
      score *= factor;
    }
    switch (model_) {
      case kernels::linear_model::svm:
        return {hinge_slope(z[0], label(i))};
      case kernels::linear_model::logistic:
        return {-label(i) / (1 + std::exp(label(i) * z[0]))};
      case kernels::linear_model::least_squares:
        return {z[0] - label(i)};
      case kernels::linear_model::softmax: {
        const Real top = *std::max_element(z.begin(), z.end());
        Real sum = 0;
        for (Real& score : z) {
          score = std::exp(score - top);
          sum += score;
        }
        for (std::size_t c = 0; c < outputs_; ++c) {
          z[c] = z[c] / sum - (c == target(i) ? 1 : 0);
        }
        return z;
      }
      case kernels::linear_model::one_against_rest:
        for (std::size_t c = 0; c < outputs_; ++c) {
          z[c] = c == target(i) ? own(c) * hinge_slope(z[c], 1)
                                : hinge_slope(z[c], -1);
        }
        return z;
    }
    return z;
  }

  kernels::linear_model model_;
  std::size_t outputs_;
  kernels::regulariser penalty_;
  Real strength_;
  std::vector<float> labels_;
  std::vector<float> weights_;
  std::vector<float> class_weights_;
  std::vector<std::vector<std::pair<std::uint32_t, float>>> rows_;
  std::vector<Real> samples_with_;
  Real largest_ = 0;
  std::uint64_t writes_ = 0;
};

/// max_j |a_j - b_j|
template <class A, class B>
double distance(const A& a, const B& b) {
  double largest = a.size() == b.size() ? 0.0 : 1e300;
  for (std::size_t j = 0; j < std::min(a.size(), b.size()); ++j) {
    const double d =
        std::abs(static_cast<double>(a[j]) - static_cast<double>(b[j]));
    largest = d <= largest ? largest : d;  // a NaN is far away
  }
  return largest;
}

}  // namespace sounder::tests

#include "kernels/model/linear_base.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "kernels/model/row_access.hpp"

namespace sounder::kernels {

namespace {

/// rate_ and share_ in one walk over the data.
void count_features(const dataset& train, double strength,
                    std::vector<float>& rate, std::vector<float>& share) {
  std::vector<double> samples(train.features());
  std::vector<double> shares(train.features());
  std::vector<float> scratch;
  with_rows(train, scratch, [&](const auto& access) {
    for (std::size_t i = 0; i < train.rows(); ++i) {
      const auto x = access.at(i);
      const double one_share = 1.0 / static_cast<double>(access.nonzeros(x));
      access.for_each(x, [&](std::uint32_t u, float) {
        samples[u] += 1.0;
        shares[u] += one_share;
      });
    }
  });
  const auto n = static_cast<double>(std::max<std::size_t>(train.rows(), 1));
  rate.resize(train.features());
  share.resize(train.features());
  for (std::size_t u = 0; u < train.features(); ++u) {
    rate[u] =
        samples[u] > 0.0 ? static_cast<float>(strength * n / samples[u]) : 0.0F;
    share[u] = static_cast<float>(shares[u] / n);
  }
}

}  // namespace

linear_base::linear_base(const dataset& train, std::size_t outputs,
                         regulariser penalty)
    : features_(train.features()),
      outputs_(outputs),
      form_(penalty.form),
      strength_(penalty.strength) {
  if (!(std::isfinite(strength_) && strength_ >= 0.0)) {
    throw std::invalid_argument("l2 is " + std::to_string(strength_) +
                                "; it must be finite and not negative");
  }
  if (features_ == 0 || outputs_ == 0) {
    throw std::invalid_argument("a linear model needs at least one feature");
  }
  if (form_ != penalty_form::l2) {
    count_features(train, strength_, rate_, share_);
  }
}

void linear_base::learn(std::vector<float> rates) {
  if (form_ != penalty_form::per_feature || rates.size() != features_) {
    throw std::invalid_argument("rates of " + std::to_string(rates.size()) +
                                " features for " + std::to_string(features_));
  }
  rate_ = std::move(rates);
}

double linear_base::shrinking_rate() const noexcept {
  // A touch shrinks a rare feature faster than l2 does.
  return form_ == penalty_form::per_feature
             ? static_cast<double>(
                   *std::max_element(rate_.begin(), rate_.end()))
             : strength_;
}

double linear_base::penalty(const float* weights) const {
  double sum = 0.0;
  for (std::size_t u = 0; u < features_; ++u) {
    double square = 0.0;
    for (std::size_t c = 0; c < outputs_; ++c) {
      const double w = relaxed::load(weights[u * outputs_ + c]);
      square += w * w;
    }
    switch (form_) {
      case penalty_form::l2:
        sum += square;
        break;
      case penalty_form::per_feature:
        sum += rate_[u] > 0.0F ? square : 0.0;
        break;
      case penalty_form::per_sample:
        sum += square * static_cast<double>(share_[u]);
        break;
    }
  }
  return 0.5 * strength_ * sum;
}

void linear_base::add_penalty_gradient(const dataset& data,
                                       std::span<const std::uint32_t> rows,
                                       const float* weights,
                                       std::span<float> gradient) const {
  if (form_ == penalty_form::l2) {
    const auto l2 = static_cast<float>(strength_);
    for (std::size_t j = 0; j < gradient.size(); ++j) {
      gradient[j] += l2 * relaxed::load(weights[j]);
    }
    return;
  }
  std::vector<float> scratch;
  with_rows(data, scratch, [&](const auto& access) {
    for (const std::uint32_t i : rows) {
      const auto x = access.at(i);
      const double per_touch =
          form_ == penalty_form::per_sample
              ? strength_ / static_cast<double>(access.nonzeros(x))
              : 1.0;
      access.for_each(x, [&](std::uint32_t u, float) {
        const double rate = form_ == penalty_form::per_sample
                                ? per_touch
                                : static_cast<double>(rate_[u]);
        const auto pull =
            static_cast<float>(rate / static_cast<double>(rows.size()));
        for (std::size_t c = 0; c < outputs_; ++c) {
          const std::size_t j = u * outputs_ + c;
          gradient[j] += pull * relaxed::load(weights[j]);
        }
      });
    }
  });
}

namespace {

template <class Access>
double squared_norm(const Access& access, std::size_t row) {
  double square = 0.0;
  access.for_each(access.at(row), [&](std::uint32_t, float x) {
    square += static_cast<double>(x) * static_cast<double>(x);
  });
  return square;
}

}  // namespace

usual_steps linear_base::usual_steps_for(const dataset& data, double curvature,
                                         bool slope_is_bounded) const {
  constexpr std::size_t enough = 8192;
  const std::size_t stride = std::max<std::size_t>(data.rows() / enough, 1);
  double squares = 0.0;
  double fourths = 0.0;
  std::vector<float> scratch;
  with_rows(data, scratch, [&](const auto& access) {
    for (std::size_t i = 0; i < data.rows(); i += stride) {
      const double weight =
          data.is_weighted() ? static_cast<double>(data.weights()[i]) : 1.0;
      const double square = squared_norm(access, i);
      squares += weight * square;
      fourths += weight * weight * square * square;
    }
  });
  const double typical = squares > 0.0 ? fourths / squares : 0.0;
  if (!(typical > 0.0 && std::isfinite(typical))) {
    return {};
  }
  // A step must stay below what the penalty turns weights round with.
  const double limit = shrinking_rate() > 0.0
                           ? 0.5 / shrinking_rate()
                           : std::numeric_limits<double>::infinity();
  constexpr double room = 8.0;
  const double alone =
      std::min(1.0 / ((curvature > 0.0 ? curvature : 1.0) * typical), limit);
  const double most = slope_is_bounded ? std::min(room / typical, limit) : 0.0;
  return {alone, std::max(alone, most)};
}

double linear_base::safe_step_for(const dataset& data, double curvature) const {
  double largest = 0.0;
  std::vector<float> scratch;
  with_rows(data, scratch, [&](const auto& access) {
    for (std::size_t i = 0; i < data.rows(); ++i) {
      const double own =
          data.is_weighted() ? static_cast<double>(data.weights()[i]) : 1.0;
      largest = std::max(largest, own * squared_norm(access, i));
    }
  });
  const double steepest = curvature * largest + shrinking_rate();
  return steepest > 0.0 && curvature > 0.0 ? 1.0 / steepest : 0.0;
}

}  // namespace sounder::kernels

#include "kernels/step/optimizer.hpp"

#include <cmath>
#include <stdexcept>

#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

namespace {

float keep_of(const optimizer& rule, float eta) noexcept {
  return 1.0F - eta * static_cast<float>(rule.weight_decay);
}

void step_sgd(const optimizer& rule, float eta, const float* g,
              const step_stretch& at) noexcept {
  const float keep = keep_of(rule, eta);
#pragma omp simd
  for (std::size_t j = 0; j < at.n; ++j) {
    relaxed::store(at.w[j], keep * relaxed::load(at.w[j]) - eta * g[j]);
  }
}

void step_momentum(const optimizer& rule, float eta, const float* g,
                   const step_stretch& at) noexcept {
  const auto delta = static_cast<float>(rule.momentum);
  const float keep = keep_of(rule, eta);
#pragma omp simd
  for (std::size_t j = 0; j < at.n; ++j) {
    const float v = delta * relaxed::load(at.v[j]) - eta * g[j];
    relaxed::store(at.v[j], v);
    relaxed::store(at.w[j], keep * relaxed::load(at.w[j]) + v);
  }
}

void step_adam(const optimizer& rule, float eta, const float* g,
               std::uint64_t number, const step_stretch& at) noexcept {
  const auto t = static_cast<double>(number);
  const auto delta = static_cast<float>(rule.momentum);
  const auto beta = static_cast<float>(rule.beta);
  const auto epsilon = static_cast<float>(rule.epsilon);
  const auto first =
      static_cast<float>(1.0 / (1.0 - std::pow(rule.momentum, t)));
  const auto second = static_cast<float>(1.0 / (1.0 - std::pow(rule.beta, t)));
  const float keep = keep_of(rule, eta);
#pragma omp simd
  for (std::size_t j = 0; j < at.n; ++j) {
    const float m = delta * relaxed::load(at.v[j]) + (1.0F - delta) * g[j];
    const float u = beta * relaxed::load(at.u[j]) + (1.0F - beta) * g[j] * g[j];
    relaxed::store(at.v[j], m);
    relaxed::store(at.u[j], u);
    relaxed::store(at.w[j],
                   keep * relaxed::load(at.w[j]) -
                       eta * m * first / (std::sqrt(u * second) + epsilon));
  }
}

float local_rate(const optimizer& rule, const parameter_block& block,
                 const float* g, const float* w) noexcept {
  double w_square = 0.0;
  double g_square = 0.0;
#pragma omp simd reduction(+ : w_square, g_square)
  for (std::size_t k = 0; k < block.count; ++k) {
    const std::size_t j = block.first + k * block.stride;
    const double at = static_cast<double>(relaxed::load(w[j]));
    const double slope = static_cast<double>(g[j]);
    w_square += at * at;
    g_square += slope * slope;
  }
  if (!(w_square > 0.0 && g_square > 0.0)) {
    return 1.0F;
  }
  const double length = std::sqrt(w_square);
  return static_cast<float>(rule.trust * length /
                            (std::sqrt(g_square) + rule.weight_decay * length));
}

void step_lars(const optimizer& rule, const parameter_block& block, float eta,
               const float* g, const step_stretch& at) noexcept {
  const auto delta = static_cast<float>(rule.momentum);
  const auto decay = static_cast<float>(rule.weight_decay);
  const float rate = eta * local_rate(rule, block, g, at.w);
#pragma omp simd
  for (std::size_t k = 0; k < block.count; ++k) {
    const std::size_t j = block.first + k * block.stride;
    const float w = relaxed::load(at.w[j]);
    const float v = delta * relaxed::load(at.v[j]) - rate * (g[j] + decay * w);
    relaxed::store(at.v[j], v);
    relaxed::store(at.w[j], w + v);
  }
}

void require(bool holds, const char* what) {
  if (!holds) {
    throw std::invalid_argument(what);
  }
}

/// The answers to what optimizer.hpp lets others ask.
struct optimizer_traits {
  bool keeps_velocity = true;
  bool keeps_second_moment = false;
  bool counts_steps = false;
  bool looks_ahead = false;
  bool steps_by_block = false;
};

optimizer_traits traits_of(optimizer_kind kind) noexcept {
  switch (kind) {
    case optimizer_kind::sgd:
      return {.keeps_velocity = false};
    case optimizer_kind::momentum:
      return {};
    case optimizer_kind::nesterov:
      return {.looks_ahead = true};
    case optimizer_kind::adam:  // it corrects the bias of the first steps
      return {.keeps_second_moment = true, .counts_steps = true};
    case optimizer_kind::lars:
      return {.steps_by_block = true};
  }
  return {};
}

}  // namespace

std::optional<optimizer_kind> optimizer_by_name(
    std::string_view name) noexcept {
  for (const auto& [kind, known] : optimizer_names) {
    if (known == name) {
      return kind;
    }
  }
  return std::nullopt;
}

std::string_view name(optimizer_kind kind) noexcept {
  for (const auto& [known, text] : optimizer_names) {
    if (known == kind) {
      return text;
    }
  }
  return "";
}

void check(const optimizer& rule) {
  require(rule.momentum >= 0.0 && rule.momentum < 1.0,
          "the momentum must be in [0, 1)");
  require(rule.beta >= 0.0 && rule.beta < 1.0, "beta must be in [0, 1)");
  require(rule.epsilon >= 0.0, "epsilon must not be negative");
  require(rule.weight_decay >= 0.0, "the weight decay must not be negative");
  require(rule.trust > 0.0, "the trust must be positive");
}

bool averages(const optimizer& rule) noexcept {
  switch (rule.kind) {
    case optimizer_kind::sgd:
    case optimizer_kind::momentum:
      return true;
    case optimizer_kind::nesterov:
      return rule.momentum == 0.0;
    case optimizer_kind::adam:
    case optimizer_kind::lars:
      return false;
  }
  return false;
}

bool keeps_velocity(optimizer_kind kind) noexcept {
  return traits_of(kind).keeps_velocity;
}

bool keeps_second_moment(optimizer_kind kind) noexcept {
  return traits_of(kind).keeps_second_moment;
}

bool counts_steps(optimizer_kind kind) noexcept {
  return traits_of(kind).counts_steps;
}

bool looks_ahead(optimizer_kind kind) noexcept {
  return traits_of(kind).looks_ahead;
}

bool steps_by_block(optimizer_kind kind) noexcept {
  return traits_of(kind).steps_by_block;
}

optimizer_state::optimizer_state(const optimizer& rule, std::size_t n)
    : v(keeps_velocity(rule.kind) ? n : 0),
      u(keeps_second_moment(rule.kind) ? n : 0) {}

void look_ahead(const optimizer& rule, const step_stretch& at,
                float* ahead) noexcept {
  if (!looks_ahead(rule.kind)) {
    relaxed::copy(at.w, at.n, ahead);
    return;
  }
  const auto delta = static_cast<float>(rule.momentum);
#pragma omp simd
  for (std::size_t j = 0; j < at.n; ++j) {
    ahead[j] = relaxed::load(at.w[j]) + delta * relaxed::load(at.v[j]);
  }
}

void step(const optimizer& rule, std::span<const parameter_block> blocks,
          float eta, const float* g, std::uint64_t t,
          const step_stretch& at) noexcept {
  switch (rule.kind) {
    case optimizer_kind::sgd:
      return step_sgd(rule, eta, g, at);
    case optimizer_kind::momentum:
    case optimizer_kind::nesterov:
      return step_momentum(rule, eta, g, at);
    case optimizer_kind::adam:
      return step_adam(rule, eta, g, t, at);
    case optimizer_kind::lars:
      for (const parameter_block& block : blocks) {
        step_lars(rule, block, eta, g, at);
      }
  }
}

}  // namespace sounder::kernels

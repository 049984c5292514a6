#include "actors/sync/served_link.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace sounder::actors {

void served_link::abandon() noexcept {
  if (std::exchange(stage_, stage::away) == stage::begun &&
      at_.held == held_for::errand) {
    at_.far->let_go();
  }
}

bool served_link::try_begin(errand what, float step, bool brings_gradient) {
  target& far = *at_.far;
  if (!far.admits(at_.rank, what) ||
      (at_.held == held_for::errand && !far.try_hold())) {
    return false;
  }
  stage_ = stage::begun;
  what_ = what;
  age_ = far.version() - read_version_;
  is_dropped_ = what != errand::pull && !at_.rule->accepts(age_);
  terms_ = far.begin(*at_.rule, step,
                     brings_gradient && what != errand::pull && !is_dropped_);
  return true;
}

void served_link::serve(std::size_t first, std::size_t n,
                        float* payload) const {
  kernels::far_end stretch = at_.far->at(first, n, terms_);
  stretch.age = age_;
  if (what_ == errand::pull || is_dropped_) {
    at_.rule->show(stretch, payload);
  } else {
    at_.rule->serve(stretch, payload);
  }
}

void served_link::end() {
  target& far = *at_.far;
  // Before it is let go of: the next one sees this update.
  if (what_ != errand::pull && !is_dropped_) {
    far.count_update();
  }
  version_ = far.version();
  if (what_ != errand::push) {
    read_version_ = version_;
  }
  const bool was_begun = std::exchange(stage_, stage::away) == stage::begun;
  if (was_begun && at_.held == held_for::errand) {
    far.let_go();
  }
  if (was_begun) {
    far.served(at_.rank, what_);
  }
}

void served_link::come(const arrival& brought) {
  stage_ = stage::come;
  what_ = errand::sync;
  is_dropped_ = false;
  at_.far->come(at_.rank, brought);
}

bool served_link::is_round_over() {
  serve_round();
  if (at_.far->admits(at_.rank, errand::sync)) {
    stage_ = stage::over;
  }
  return stage_ == stage::over;
}

void served_link::wait(errand what) {
  target& far = *at_.far;
  static_cast<void>(far.changed.wait(
      [&] {
        if (stage_ == stage::come) {
          return far.may_go_on(at_.rank);
        }
        if (stage_ == stage::away) {
          return far.admits(at_.rank, what) &&
                 (at_.held != held_for::errand || !far.is_held());
        }
        return !far.is_held();
      },
      stage_ == stage::come ? far.round_due() : signal::time_point::max()));
}

namespace {

/// All payloads of a round, each from the same parameters.
void serve_all(const kernels::exchange_rule& rule, target& far,
               const std::vector<arrival>& round) {
  // Whoever was last: one step size for all, and a plain step is a gradient.
  double step = 0.0;
  bool before_optimizer = false;
  for (const arrival& each : round) {
    step += static_cast<double>(each.step) / static_cast<double>(round.size());
    before_optimizer = before_optimizer || each.before_optimizer;
  }
  const std::size_t size = far.parameters().size();
  const std::size_t block =
      rule.takes_whole() ? std::max<std::size_t>(size, 1) : 2048;
  const terms all = far.begin(rule, static_cast<float>(step), before_optimizer);
  std::vector<float*> here(round.size());
  for (std::size_t first = 0; first < size; first += block) {
    std::transform(round.begin(), round.end(), here.begin(),
                   [=](const arrival& each) { return each.payload + first; });
    rule.serve_all(far.at(first, std::min(block, size - first), all), here);
  }
}

}  // namespace

/// Where a round is due, whoever finds it so serves it, and opens it. Where
/// the target is held, for what it brings into its published copy must not
/// come in between, only when that is free.
void served_link::serve_round() {
  target& far = *at_.far;
  const bool holds = at_.held != held_for::nothing;
  if (holds && (!far.is_round_due() || !far.try_hold())) {
    return;
  }
  const std::vector<arrival> round = far.begin_round();
  if (!round.empty()) {
    serve_all(*at_.rule, far, round);
    far.open_round();
  }
  if (holds) {
    far.let_go();
  }
}

}  // namespace sounder::actors

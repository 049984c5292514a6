// Each link by itself: its numbers, and what its exchange and its discipline
// ask of each other and of its ends.

#include <algorithm>
#include <array>
#include <cmath>

#include "topology/checks.hpp"
#include "topology/validate.hpp"

namespace sounder::topology {

namespace {

using checks::plain;

template <class... Kinds>
bool is_one_of(const discipline& when) noexcept {
  return (std::holds_alternative<Kinds>(when) || ...);
}

using carries = bool (*)(const discipline&) noexcept;

// In the order of the alternatives of exchange.
constexpr std::array<carries, std::variant_size_v<exchange>> carried = {
    is_one_of<every, in_turn, bounded, one_of_group>,           // add_delta
    is_one_of<every, in_turn>,                                  // overwrite
    is_one_of<every, push_fetch, in_turn, barrier, bounded>,    // gradient
    is_one_of<barrier>,                                         // outer_step
    is_one_of<every, in_turn, barrier, bounded, one_of_group>,  // elastic
    is_one_of<on_token>,                                        // token_merge
    is_one_of<every>,                    // broadcast_delta
    is_one_of<every, random_neighbour>,  // pair_average
    is_one_of<barrier>,                  // mix
    is_one_of<every, barrier>,           // push_sum
    is_one_of<barrier>,                  // all_reduce
    is_one_of<every, in_turn, random_neighbour, barrier, on_token>,  // custom
};

template <class... Kinds>
bool is_rule(const exchange& rule) noexcept {
  return (std::holds_alternative<Kinds>(rule) || ...);
}

std::string disciplines_of(const exchange& rule) {
  static const std::array<discipline, std::variant_size_v<discipline>> all = {
      every{},   push_fetch{}, in_turn{},     on_token{}, random_neighbour{},
      barrier{}, bounded{},    one_of_group{}};
  std::string text;
  for (const discipline& when : all) {
    if (goes_together(rule, when)) {
      text += (text.empty() ? "" : ", ") + std::string(name(when));
    }
  }
  return text;
}

/// Says what is wrong with the numbers of one link.
class number_check {
 public:
  number_check(std::string who, std::vector<std::string>& found)
      : who_(std::move(who)), found_(found) {}

  void operator()(const every& d) { steps("tau", d.tau); }
  void operator()(const in_turn& d) { steps("tau", d.tau); }
  void operator()(const random_neighbour& d) { steps("tau", d.tau); }
  void operator()(const one_of_group& d) { steps("tau", d.tau); }
  void operator()(const on_token& d) { steps("tau0", d.tau0); }
  void operator()(const barrier& d) { steps("tau", d.tau); }
  void operator()(const bounded& d) { steps("tau", d.tau); }
  void operator()(const push_fetch& d) {
    steps("push", d.push);
    steps("fetch", d.fetch);
  }

  void operator()(const gradient& e) { momentum(e.momentum); }
  void operator()(const outer_step& e) {
    momentum(e.momentum);
    if (!(e.rate > 0.0) || !std::isfinite(e.rate)) {
      say("has rate " + plain(e.rate) + "; it must be above 0");
    }
  }
  void operator()(const elastic& e) { inside("alpha", e.alpha); }
  void operator()(const token_merge& e) {
    inside("beta", e.beta);
    if (!(e.tolerance >= 0.0) || !std::isfinite(e.tolerance)) {
      say("has tolerance " + plain(e.tolerance) + "; 0 is the least");
    }
  }
  void operator()(const mix& e) { inside("weight", e.weight); }
  void operator()(const custom& e) {
    if (e.name.empty()) {
      say("is custom but names no rule; name one that the plan has");
    }
  }
  void operator()(const top_k& c) {
    if (!(c.fraction > 0.0 && c.fraction < 0.5)) {
      say("has fraction " + plain(c.fraction) +
          "; it must be above 0, and below 0.5, from where on indices and "
          "numbers are no less than all numbers");
    }
  }
  template <class Plain>
  void operator()(const Plain&) {}

 private:
  void say(const std::string& what) { found_.push_back(who_ + " " + what); }
  void steps(const char* name, std::optional<std::size_t> count) {
    if (count == 0U) {
      say(std::string("has ") + name + " 0; 1 step is the least");
    }
  }
  void inside(const char* name, std::optional<double> value) {
    if (value && !(*value > 0.0 && *value < 1.0)) {
      say(std::string("has ") + name + " " + plain(*value) +
          "; it must lie between 0 and 1");
    }
  }
  void momentum(double value) {
    if (!(value >= 0.0 && value < 1.0)) {
      say("has momentum " + plain(value) + "; it must be 0 or more, below 1");
    }
  }

  std::string who_;
  std::vector<std::string>& found_;
};

/// Synchronous elastic averaging is c <- (1 - N alpha) c + N alpha mean(w).
void check_alphas(const graph& wiring, std::size_t hub,
                  std::vector<std::string>& found) {
  double sum = 0.0;
  std::size_t count = 0;
  for (const link& l : wiring.links) {
    const auto* rule = std::get_if<elastic>(&l.exchange);
    if (l.to == hub && rule != nullptr &&
        std::holds_alternative<barrier>(l.discipline)) {
      sum += rule->alpha.value_or(0.0);
      ++count;
    }
  }
  if (sum > 1.0 + 1e-9) {
    found.push_back("at the barrier of " + checks::quoted(wiring, hub) +
                    " the alphas of " + std::to_string(count) +
                    " elastic links add up to " + plain(sum) +
                    "; the hub is stable up to 1, alpha " +
                    plain(1.0 / static_cast<double>(count)) + " for each");
  }
}

/// What the exchange and the discipline ask of the replica that they end at.
void check_end(const graph& wiring, std::size_t number,
               std::vector<std::string>& found) {
  const link& l = wiring.links[number];
  const std::string link = checks::named(wiring, number) + ": ";
  const std::string end = checks::quoted(wiring, l.to);
  const std::string what(name(l.exchange));
  const std::string when(name(l.discipline));
  if (wiring.replicas[l.to].is_hub()) {
    if (is_rule<token_merge, broadcast_delta, pair_average, mix, push_sum,
                all_reduce>(l.exchange)) {
      found.push_back(link + what +
                      " is between replicas that step, not for a hub; give " +
                      end + " workers");
    }
    return;
  }
  if (is_rule<gradient, outer_step>(l.exchange)) {
    found.push_back(link + what +
                    " needs a hub, which steps with what it gets; let " + end +
                    " have no workers");
  }
  if (is_one_of<push_fetch, bounded, one_of_group>(l.discipline) ||
      (is_rule<elastic>(l.exchange) && is_one_of<barrier>(l.discipline))) {
    found.push_back(link + when + " needs a hub at the link's end; let " + end +
                    " have no workers");
  }
  if (is_one_of<in_turn>(l.discipline)) {
    found.push_back(link +
                    "in-turn has no order here, which a hub keeps; let " + end +
                    " have no workers");
  }
}

}  // namespace

bool goes_together(const exchange& rule, const discipline& when) noexcept {
  return carried[rule.index()](when);
}

namespace checks {

void numbers(const graph& wiring, problems& found) {
  for (std::size_t i = 0; i < wiring.links.size(); ++i) {
    number_check check(named(wiring, i), found);
    std::visit(check, wiring.links[i].exchange);
    std::visit(check, wiring.links[i].discipline);
    std::visit(check, wiring.links[i].compression);
  }
  for (std::size_t i = 0; i < wiring.replicas.size(); ++i) {
    if (wiring.replicas[i].is_hub()) {
      check_alphas(wiring, i, found);
    }
  }
}

void pairs(const graph& wiring, problems& found) {
  for (std::size_t i = 0; i < wiring.links.size(); ++i) {
    const link& l = wiring.links[i];
    if (const std::string why = refusal(l.compression, l.exchange);
        !why.empty()) {
      found.push_back(named(wiring, i) + ": " + why);
    }
    if (!goes_together(l.exchange, l.discipline)) {
      found.push_back(named(wiring, i) + ": " +
                      std::string(name(l.discipline)) + " cannot carry " +
                      std::string(name(l.exchange)) + ", which goes with " +
                      disciplines_of(l.exchange));
    }
    if (l.to < wiring.replicas.size()) {
      check_end(wiring, i, found);
    }
  }
}

}  // namespace checks

}  // namespace sounder::topology

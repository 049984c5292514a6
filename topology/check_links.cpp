// Each link by itself: its numbers, and what its exchange and its discipline
// ask of each other and of its ends.

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "topology/checks.hpp"
#include "topology/range.hpp"
#include "topology/validate.hpp"

namespace sounder::topology {

namespace {

using checks::plain;

std::string disciplines_of(const exchange& rule) {
  std::string text;
  for_each_alternative<discipline>([&]<class Kind>(const Kind& when) {
    if (goes_together(rule, when)) {
      text += (text.empty() ? "" : ", ") + std::string(Kind::traits.name);
    }
  });
  return text;
}

/// Says what is wrong with the fields of one link.
class field_check {
 public:
  field_check(std::string who, std::vector<std::string>& found)
      : who_(std::move(who)), found_(found) {}

  template <class Choice>
  void check_choice(const Choice& choice) {
    std::visit([this](const auto& kind) { for_each_field(kind, *this); },
               choice);
  }
  template <class T>
  void operator()(const char* key, const T& value, range allowed) {
    check(key, value, allowed);
  }

 private:
  template <class T>
  void check(const char* key, const std::optional<T>& value, range allowed) {
    if (value) {
      check(key, *value, allowed);
    }
  }
  template <class... Kinds>
  void check(const char* /*key*/, const std::variant<Kinds...>& value, range) {
    check_choice(value);
  }
  void check(const char* /*key*/, const std::string& value, range) {
    if (value.empty()) {
      found_.push_back(who_ +
                       " is custom but names no rule; name one that the plan "
                       "has");
    }
  }
  template <class Number>
  requires std::is_arithmetic_v<Number> || std::is_enum_v<Number>
  void check(const char* key, Number given, range allowed) {
    const auto value = static_cast<double>(given);
    if (!is_within(value, allowed)) {
      found_.push_back(who_ + " has " + key + " " + plain(value) + "; " +
                       limits(allowed));
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
    if (l.to == hub && rule != nullptr && is_synchronous(l.discipline)) {
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

/// Whether updates over it count by their age.
bool has_age(const link& l) noexcept {
  return !std::holds_alternative<any_age>(age_of(l.exchange));
}

/// What the exchange and the discipline ask of the replica that they end at.
void check_end(const graph& wiring, std::size_t number,
               std::vector<std::string>& found) {
  const link& l = wiring.links[number];
  const std::string link = checks::named(wiring, number) + ": ";
  const std::string end = checks::quoted(wiring, l.to);
  const std::string what(traits_of(l.exchange).name);
  const std::string when(traits_of(l.discipline).name);
  const far_end wanted = traits_of(l.exchange).to;
  if (wiring.replicas[l.to].is_hub()) {
    if (wanted == far_end::stepper) {
      found.push_back(link + what +
                      " is between replicas that step, not for a hub; give " +
                      end + " workers");
    }
    return;
  }
  if (wanted == far_end::hub) {
    found.push_back(link + what +
                    " needs a hub, which steps with what it gets; let " + end +
                    " have no workers");
  }
  if (has_age(l)) {
    found.push_back(link + "age is counted by the updates of a hub; let " +
                    end + " have no workers");
  }
  const bool averages_at_once =
      has_exchange<elastic>(l) && discipline_of<barrier>(l) != nullptr;
  if (traits_of(l.discipline).needs_hub || averages_at_once) {
    found.push_back(link + when + " needs a hub at the link's end; let " + end +
                    " have no workers");
  }
}

}  // namespace

bool goes_together(const exchange& rule, const discipline& when) noexcept {
  return traits_of(rule).goes_with.has(when);
}

namespace checks {

void numbers(const graph& wiring, problems& found) {
  for (std::size_t i = 0; i < wiring.links.size(); ++i) {
    field_check check(named(wiring, i), found);
    check.check_choice(wiring.links[i].exchange);
    check.check_choice(wiring.links[i].discipline);
    check.check_choice(wiring.links[i].compression);
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
    if (has_age(l) && is_synchronous(l.discipline)) {
      found.push_back(named(wiring, i) +
                      ": age is of updates that come one by one; at once with "
                      "others, by " +
                      std::string(name(l.discipline)) + ", they have none");
    }
    const auto* one = discipline_of<one_of_group>(l);
    if (one != nullptr && one->random && !traits_of(l.exchange).averages) {
      found.push_back(named(wiring, i) + ": " + std::string(name(l.exchange)) +
                      " brings what has been moved since the pusher itself has "
                      "met, which a random one of " +
                      std::string(name(l.discipline)) +
                      " is not the last to have done; let the first push "
                      "always, or average");
    }
    if (l.to < wiring.replicas.size()) {
      check_end(wiring, i, found);
    }
  }
}

}  // namespace checks

}  // namespace sounder::topology

#pragma once

// Links that meet at one place, and what they have to share.

#include <optional>
#include <set>
#include <string>

#include "topology/checks.hpp"
#include "topology/describe.hpp"

namespace sounder::topology::checks {

using numbers_list = std::vector<std::size_t>;

/// Whether the link meets in one of these ways.
template <class... Kinds>
bool meets(const link& l) noexcept {
  return (std::holds_alternative<Kinds>(l.discipline) || ...);
}

/// Whether the link does one of these exchanges.
template <class... Kinds>
bool does(const link& l) noexcept {
  return (std::holds_alternative<Kinds>(l.exchange) || ...);
}

/// Local steps between two meetings, of those links that meet in that way.
template <class Kind>
std::optional<std::optional<std::size_t>> tau_of(const link& l) {
  return meets<Kind>(l) ? std::optional(steps(l.discipline)) : std::nullopt;
}

/// The discipline without its numbers.
inline std::optional<std::size_t> way_of(const link& l) {
  return l.discipline.index();
}

/// Whether those of the links that have a `value` have the same one. If not,
/// says `what` of the first two that differ.
template <class Value>
bool check_same(const graph& wiring, const numbers_list& links,
                const std::string& what, Value value, problems& found) {
  std::optional<std::size_t> first;
  for (const std::size_t i : links) {
    if (!value(wiring.links[i])) {
      continue;
    }
    if (first && *value(wiring.links[i]) != *value(wiring.links[*first])) {
      found.push_back(named(wiring, *first) + " and " + named(wiring, i) + " " +
                      what);
      return false;
    }
    first = first ? first : i;
  }
  return true;
}

/// Whether those who wait for each other by one discipline have the same
/// numbers.
inline bool check_fields(const graph& wiring, const numbers_list& links,
                         problems& found) {
  std::set<std::string> keys;
  for (const std::size_t i : links) {
    for (const auto& [key, words] : fields_of(wiring.links[i].discipline)) {
      keys.insert(key);
    }
  }
  for (const std::string& key : keys) {
    const auto value = [&](const link& l) {
      std::string all;
      for (const auto& [name, words] : fields_of(l.discipline)) {
        all += name == key ? words : "";
      }
      return std::optional(all);
    };
    const std::string why(traits_of(wiring.links[links[0]].discipline).why);
    if (!check_same(wiring, links, "differ in " + key + "; " + why, value,
                    found)) {
      return false;
    }
  }
  return true;
}

}  // namespace sounder::topology::checks

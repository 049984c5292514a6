#pragma once

// Links that meet at one place, and what they have to share.

#include <optional>

#include "topology/checks.hpp"

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

/// A member of its discipline, of those links that have that one.
template <class Kind, class Member>
auto when_of(Member Kind::*member) {
  return [member](const link& l) -> std::optional<Member> {
    const auto* when = std::get_if<Kind>(&l.discipline);
    return when != nullptr ? std::optional<Member>((*when).*member)
                           : std::nullopt;
  };
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

}  // namespace sounder::topology::checks

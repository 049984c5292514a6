#pragma once

// What exchanges, disciplines and other choices say of themselves. Each
// alternative carries its traits and its fields beside its value, and whoever
// asks, asks the alternative: reader and writer of wiring files, validate,
// estimates, tables for people. One that leaves anything out does not compile
// (an initializer is missing, a member is missing), so nobody needs to know
// them all.

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "topology/range.hpp"

namespace sounder::topology {

/// Of alternatives without fields.
struct no_fields {
  template <class Self, class Visit>
  static void fields(Self& /*self*/, Visit& /*visit*/) {}
};

/// Of alternatives of which nothing else is asked.
struct only_name {
  std::string_view name;
};

/// Calls visit("key", member, range) for each field, by the names that files
/// use.
template <class Value, class Visitor>
void for_each_field(Value& value, Visitor& visit) {
  std::remove_const_t<Value>::fields(value, visit);
}

/// The name of the alternative: "custom" for any rule of a user's own.
template <class... Kinds>
std::string_view kind_name(const std::variant<Kinds...>& choice) noexcept {
  static constexpr std::array<std::string_view, sizeof...(Kinds)> names = {
      Kinds::traits.name...};
  return names[choice.index()];
}

/// Calls visit(alternative) for each, with its defaults, in their order.
template <class Choice, class Visit>
void for_each_alternative(Visit visit) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (visit(std::variant_alternative_t<I, Choice>{}), ...);
  }
  (std::make_index_sequence<std::variant_size_v<Choice>>{});
}

/// Some alternatives of a variant.
template <class Choice>
struct set_of {
  unsigned bits = 0;

  constexpr bool has(const Choice& one) const noexcept {
    return (bits >> one.index() & 1U) != 0;
  }
};

namespace detail {

template <class Kind, class... Kinds>
constexpr unsigned bit_of(std::type_identity<std::variant<Kinds...>>) noexcept {
  static_assert((std::is_same_v<Kind, Kinds> || ...));
  unsigned bit = 1;
  static_cast<void>(
      ((std::is_same_v<Kind, Kinds> || (bit <<= 1U) == 0) || ...));
  return bit;
}

}  // namespace detail

template <class Choice, class... Kinds>
inline constexpr set_of<Choice> some_of = {
    (detail::bit_of<Kinds>(std::type_identity<Choice>{}) | ... | 0U)};

}  // namespace sounder::topology

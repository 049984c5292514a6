#pragma once

// Exchanges and disciplines as tables of tests have them: every alternative
// that there is, with a few settings of those whose fields matter. One that is
// added is in the tables by itself, with what its fields are by default.

#include <cstddef>
#include <string>
#include <vector>

#include "topology/describe.hpp"
#include "topology/graph.hpp"

namespace sounder::tests {

/// The rule that the plans of tests have for custom exchanges.
inline const std::string own_rule = "halfway";

// Settings, by alternative: as it is, unless said here.

template <class Kind>
std::vector<Kind> settings_of(const Kind& usual) {
  return {usual};
}
inline std::vector<topology::add_delta> settings_of(
    const topology::add_delta& usual) {
  return {usual, {topology::drop{0}}, {topology::scale{}}};
}
inline std::vector<topology::gradient> settings_of(
    const topology::gradient& usual) {
  using topology::combine;
  return {usual,
          {combine::sum, 0.0},
          {combine::mean, 0.5},
          {combine::mean, 0.0, topology::drop{1}},
          {combine::mean, 0.0, topology::scale{}}};
}
inline std::vector<topology::outer_step> settings_of(
    const topology::outer_step& usual) {
  return {usual, {1.0, 0.0}};
}
inline std::vector<topology::elastic> settings_of(
    const topology::elastic& usual) {
  return {usual, {0.25}};
}
inline std::vector<topology::token_merge> settings_of(
    const topology::token_merge& usual) {
  return {usual, {topology::token_form::reference, 0.01, {}}};
}
inline std::vector<topology::mix> settings_of(const topology::mix& usual) {
  return {usual, {0.25}};
}
inline std::vector<topology::custom> settings_of(const topology::custom&) {
  return {{own_rule}};
}
inline std::vector<topology::every> settings_of(const topology::every& usual) {
  return {usual, {{}, true}};
}
inline std::vector<topology::push_fetch> settings_of(
    const topology::push_fetch& usual) {
  return {usual, {2, 4}};
}
inline std::vector<topology::quorum> settings_of(
    const topology::quorum& usual) {
  return {usual, {{}, 1, 0}, {{}, 2, 0}, {{}, 2, 20}, {{}, 3, 0}};
}
inline std::vector<topology::bounded> settings_of(const topology::bounded&) {
  return {{{}, 2}, {{}, 0}, {{}, 1}};
}
inline std::vector<topology::one_of_group> settings_of(
    const topology::one_of_group& usual) {
  return {usual, {{}, true}};
}

/// All settings of all alternatives.
template <class Choice>
std::vector<Choice> all_of() {
  std::vector<Choice> all;
  topology::for_each_alternative<Choice>([&](const auto& usual) {
    for (const auto& each : settings_of(usual)) {
      all.push_back(each);
    }
  });
  return all;
}

}  // namespace sounder::tests

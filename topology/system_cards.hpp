#pragma once

// The systems of the literature for people who look for one.

#include <span>
#include <string_view>

namespace sounder::topology {

struct system_card {
  std::string_view name;     // as by_name knows it
  std::string_view summary;  // one line: who meets whom, and how
};

/// A card for each of names(), in the same order.
std::span<const system_card> system_cards() noexcept;

}  // namespace sounder::topology

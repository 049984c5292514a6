#pragma once

// What travels between nodes of a letter: a stretch of its values. One message
// of 1 MiB at most.

#include <cstdint>

#include "actors/parameters.hpp"
#include "actors/sync/target.hpp"

namespace sounder::actors {

/// Floats in a part: 1 MiB. Bigger ones are not faster, and would keep the
/// heartbeat waiting.
constexpr std::size_t letter_part_floats = std::size_t{1} << 18U;

struct letter_part {
  std::uint32_t to = 0;    // replica
  std::uint32_t from = 0;  // replica
  box kind = box::updates;
  std::uint64_t round = 0;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;   // floats in the whole letter
  std::uint64_t length = 0;  // floats in this part
  exact_double weight;
  parameters values;
  raw_bytes packed;  // instead of them, on a link that compresses
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, letter_part& x) {
  return f(caf::meta::type_name("letter_part"), x.to, x.from, x.kind, x.round,
           x.offset, x.total, x.length, x.weight, x.values, x.packed);
}

}  // namespace sounder::actors

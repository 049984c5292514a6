#pragma once

// What travels between nodes on a link: a stretch of parameters and what it
// is for. One message of 1 MiB at most.

#include <cstdint>

#include "actors/endpoint.hpp"
#include "actors/parameters.hpp"

namespace sounder::actors {

/// Floats in a packet: 1 MiB. Bigger ones are not faster, and would keep the
/// heartbeat waiting.
constexpr std::size_t packet_floats = std::size_t{1} << 18U;

/// Packets of one meeting that may be on their way without an answer.
constexpr std::size_t packets_in_flight = 3;

enum class packet_kind : std::uint8_t {
  trade,  // up, and down in answer
  push,   // up; answered by an empty packet
  pull,   // empty; down in answer
  sync,   // up to a barrier: empty answers, then all down when it opens
};

/// Of a meeting with an endpoint on another node.
struct packet {
  packet_kind kind = packet_kind::trade;
  std::uint64_t round = 0;    // meetings before, on this link
  std::uint64_t offset = 0;   // of the first coordinate
  std::uint64_t length = 0;   // coordinates, also of an empty packet
  std::uint64_t version = 0;  // of the endpoint; in answers
  exact_float step;
  parameters values;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, packet& x) {
  return f(caf::meta::type_name("packet"), x.kind, x.round, x.offset, x.length,
           x.version, x.step, x.values);
}

/// Of a letter to a replica on another node.
struct letter_part {
  std::uint32_t to = 0;    // replica
  std::uint32_t from = 0;  // replica
  box kind = box::updates;
  std::uint64_t round = 0;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;  // floats in the whole letter
  exact_double weight;
  parameters values;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, letter_part& x) {
  return f(caf::meta::type_name("letter_part"), x.to, x.from, x.kind, x.round,
           x.offset, x.total, x.weight, x.values);
}

}  // namespace sounder::actors

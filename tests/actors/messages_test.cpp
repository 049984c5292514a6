// Whatever a float is, it travels: inf, NaN, denormals and -0 come out of
// every message with the bits they went in with.

#include "actors/messages.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include "actors/network.hpp"
#include "actors/packet.hpp"

namespace a = sounder::actors;

namespace {

const std::vector<float> awkward = {
    std::numeric_limits<float>::infinity(),
    -std::numeric_limits<float>::infinity(),
    std::numeric_limits<float>::quiet_NaN(),
    std::bit_cast<float>(0xFFC12345U),  // another NaN
    std::numeric_limits<float>::denorm_min(),
    -0.0F,
    0.0F,
    std::numeric_limits<float>::max()};

std::vector<std::uint32_t> bits_of(const float* values, std::size_t n) {
  std::vector<std::uint32_t> bits;
  for (std::size_t j = 0; j < n; ++j) {
    bits.push_back(std::bit_cast<std::uint32_t>(values[j]));
  }
  return bits;
}

/// There and back as bytes.
template <class Message>
Message travelled(Message message) {
  caf::actor_system_config config;
  a::configure_network(config, {});
  caf::actor_system system(config);
  caf::binary_serializer::container_type bytes;
  caf::binary_serializer sink(system, bytes);
  REQUIRE_FALSE(sink(message));
  Message copy;
  caf::binary_deserializer source(system, bytes);
  REQUIRE_FALSE(source(copy));
  return copy;
}

void require_same(const a::parameters& found) {
  REQUIRE(bits_of(found.data(), found.size()) ==
          bits_of(awkward.data(), awkward.size()));
}

}  // namespace

TEST_CASE("messages: packets carry any float") {
  for (const float step : awkward) {
    a::packet part;
    part.kind = a::packet_kind::push;
    part.round = 7;
    part.offset = 3;
    part.length = awkward.size();
    part.step.value = step;
    part.values = a::as_parameters(awkward);

    const a::packet found = travelled(part);

    REQUIRE(found.kind == a::packet_kind::push);
    REQUIRE(found.offset == 3);
    REQUIRE(std::bit_cast<std::uint32_t>(found.step.value) ==
            std::bit_cast<std::uint32_t>(step));
    require_same(found.values);
  }
}

TEST_CASE("messages: letters carry any float") {
  a::letter_part part;
  part.kind = a::box::mixing;
  part.weight.value = std::numeric_limits<double>::quiet_NaN();
  part.values = a::as_parameters(awkward);

  const a::letter_part found = travelled(part);

  REQUIRE(found.kind == a::box::mixing);
  REQUIRE(std::isnan(found.weight.value));
  require_same(found.values);
}

TEST_CASE("messages: results carry any float") {
  a::leg_result result;
  result.step_size.value = -std::numeric_limits<double>::infinity();
  result.waiting.value = std::numeric_limits<double>::denorm_min();
  result.parameters = a::as_parameters(awkward);

  const a::leg_result found = travelled(result);

  REQUIRE(found.step_size.value == -std::numeric_limits<double>::infinity());
  REQUIRE(found.waiting.value == std::numeric_limits<double>::denorm_min());
  require_same(found.parameters);
}

TEST_CASE("messages: a length that lies is refused, not believed") {
  caf::actor_system_config config;
  a::configure_network(config, {});
  caf::actor_system system(config);
  for (const std::uint64_t claimed :
       {std::uint64_t{5}, a::most_floats, ~std::uint64_t{0}}) {
    caf::binary_serializer::container_type bytes;
    caf::binary_serializer sink(system, bytes);
    std::uint64_t n = claimed;
    REQUIRE_FALSE(sink(n));  // and no float follows
    a::parameters found;
    caf::binary_deserializer source(system, bytes);

    REQUIRE(source(found));
  }
}

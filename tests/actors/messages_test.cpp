// Whatever a float is, it travels: inf, NaN, denormals and -0 come out of
// every message with the bits they went in with.

#include "actors/messages.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include "actors/node/network.hpp"
#include "actors/sync/packet.hpp"

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
  a::network_config config;
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
  const auto [one, other] = a::socket_pair();
  const a::tls_context open_to_all{a::tls_files()};
  a::stream from(one, open_to_all, a::stream::side::connects);
  a::stream to(other, open_to_all, a::stream::side::accepts);
  a::outgoing out;
  a::incoming in(100);
  for (const float step : awkward) {
    a::packet_header header;
    header.kind = a::errand::push;
    header.factor = static_cast<double>(step);
    header.offset = 3;
    header.length = static_cast<std::uint32_t>(awkward.size());
    header.bytes = header.length * sizeof(float);
    std::memcpy(out.start(header), awkward.data(), header.bytes);

    REQUIRE(out.send_on(from));
    REQUIRE(in.receive_on(to));

    REQUIRE(in.is_complete());
    REQUIRE(in.header().kind == a::errand::push);
    REQUIRE(in.header().offset == 3);
    REQUIRE(std::bit_cast<std::uint64_t>(in.header().factor) ==
            std::bit_cast<std::uint64_t>(static_cast<double>(step)));
    REQUIRE(bits_of(in.values(), awkward.size()) ==
            bits_of(awkward.data(), awkward.size()));
    in.clear();
  }
}

TEST_CASE("messages: a packet that does not fit is refused") {
  const auto [one, other] = a::socket_pair();
  const a::tls_context open_to_all{a::tls_files()};
  a::stream from(one, open_to_all, a::stream::side::connects);
  a::stream to(other, open_to_all, a::stream::side::accepts);
  a::packet_header header;
  header.length = 8;
  header.bytes = header.length * sizeof(float);
  SECTION("beyond the vector's end") { header.offset = 93; }
  SECTION("beyond all vectors") { header.offset = ~std::uint64_t{0}; }
  SECTION("with bytes of another length") { header.bytes = 28; }
  SECTION("longer than packets are") { header.length = ~std::uint32_t{0}; }
  SECTION("of no kind") { header.kind = static_cast<a::errand>(9); }
  REQUIRE(from.write_some(&header, sizeof header) == sizeof header);
  a::incoming in(100);

  REQUIRE_THROWS_AS(in.receive_on(to), a::stream_error);
}

TEST_CASE("messages: a packet arrives in pieces, and its end is noticed") {
  const auto [one, other] = a::socket_pair();
  const a::tls_context open_to_all{a::tls_files()};
  auto from =
      std::make_unique<a::stream>(one, open_to_all, a::stream::side::connects);
  a::stream to(other, open_to_all, a::stream::side::accepts);
  a::packet_header header;
  header.length = 2;
  header.bytes = 8;
  a::outgoing out;
  out.start(header)[0] = 5.0F;
  const auto* bytes = reinterpret_cast<const char*>(&header);
  a::incoming in(100);
  for (std::size_t k = 0; k < sizeof header; ++k) {
    REQUIRE(from->write_some(bytes + k, 1) == 1);
    REQUIRE(in.receive_on(to));
    REQUIRE_FALSE(in.is_complete());
  }
  from.reset();

  REQUIRE_THROWS_AS(in.receive_on(to), a::stream_error);
}

TEST_CASE("messages: results carry any float") {
  a::phase_result result;
  result.step_size.value = -std::numeric_limits<double>::infinity();
  result.waiting.value = std::numeric_limits<double>::denorm_min();
  result.parameters = a::as_parameters(awkward);

  const a::phase_result found = travelled(result);

  REQUIRE(found.step_size.value == -std::numeric_limits<double>::infinity());
  REQUIRE(found.waiting.value == std::numeric_limits<double>::denorm_min());
  require_same(found.parameters);
}

TEST_CASE("messages: a length that lies is refused, not believed") {
  a::network_config config;
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

// Links that compress: what their streams carry and refuse.

#include "actors/sync/codec.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "actors/sync/packet.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;

namespace {

using vector = std::vector<float>;

const vector start = {1.0F, 2.0F, 3.0F, 4.0F};

a::codec compressing(k::packing form) {
  return {{form, 0.5}, k::payload::differences, k::payload::differences, start};
}

a::packet_header header_of(std::size_t length) {
  a::packet_header header;
  header.kind = a::errand::push;
  header.length = static_cast<std::uint32_t>(length);
  header.bytes = static_cast<std::uint32_t>(length * sizeof(float));
  return header;
}

/// Both ends of a link's stream.
struct ends {
  std::pair<int, int> sockets = a::socket_pair();
  a::tls_context open_to_all{a::tls_files()};
  a::stream from{sockets.first, open_to_all, a::stream::side::connects};
  a::stream to{sockets.second, open_to_all, a::stream::side::accepts};
};

}  // namespace

TEST_CASE("codec: without compression nothing is packed") {
  const a::codec none({}, k::payload::pulls, k::payload::pulls, start);

  CHECK_FALSE(none.out);
  CHECK_FALSE(none.in);
}

TEST_CASE("codec: a stream that compresses carries values in fewer bytes") {
  ends link;
  a::codec near = compressing(k::packing::top_k);
  a::codec far = compressing(k::packing::top_k);
  a::outgoing out(near.out);
  a::incoming in(start.size(), far.in);
  vector sum(4, 0.0F);

  std::copy(start.begin(), start.end(), out.start(header_of(4)));
  CHECK(out.seal() == 4 + 2 * 8);
  CHECK(out.residual(k::payload::differences, 1)[0] == 2.0F);
  CHECK(out.residual(k::payload::pulls, 1) == nullptr);
  for (int round = 0; round < 2; ++round) {
    REQUIRE(out.send_on(link.from));
    REQUIRE(in.receive_on(link.to));
    REQUIRE(in.is_complete());
    CHECK(in.header().bytes == 4 + 2 * 8);
    std::transform(sum.begin(), sum.end(), in.values(), sum.begin(),
                   std::plus<>());
    in.clear();
    std::fill_n(out.start(header_of(4)), 4, 0.0F);
    out.seal();
  }

  CHECK(sum == start);
}

TEST_CASE("codec: an empty packet stays empty") {
  ends link;
  a::outgoing out(compressing(k::packing::fp16).out);
  a::incoming in(4, compressing(k::packing::fp16).in);
  a::packet_header header = header_of(4);
  header.bytes = 0;

  out.start(header);
  CHECK(out.seal() == 0);
  REQUIRE(out.send_on(link.from));
  REQUIRE(in.receive_on(link.to));

  CHECK(in.is_complete());
  CHECK(in.header().length == 4);
}

TEST_CASE("codec: a stream refuses what is not packed as its link says") {
  const auto form =
      GENERATE(k::packing::fp16, k::packing::int8, k::packing::top_k);
  ends link;
  a::packet_header header = header_of(4);
  SECTION("too short") { header.bytes = 7; }
  SECTION("as it is") { header.bytes = 16; }
  SECTION("longer than any packet") { header.bytes = ~std::uint32_t{0}; }
  const std::vector<char> junk(16, '\x7f');
  REQUIRE(link.from.write_some(&header, sizeof header) == sizeof header);
  REQUIRE(link.from.write_some(junk.data(), junk.size()) == junk.size());
  a::incoming in(4, compressing(form).in);

  REQUIRE_THROWS_AS(in.receive_on(link.to), a::stream_error);
}

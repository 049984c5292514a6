// What a prediction does not foretell: exact to rounding, whatever the numbers,
// and bytes that lie.

#include "kernels/exchange/exceptions.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "kernels/data/random.hpp"
#include "tests/support/vectors.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

using vector = std::vector<float>;
using k::payload;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float exact = 1.0F / 2097152.0F;  // 2^-21

/// Of x against m, as parameters; none where it saves nothing.
std::vector<char> list_of(const vector& m, const vector& x) {
  const float ratio = k::common_ratio(m.data(), x.data(), x.size());
  const float slack = k::slack_of(payload::parameters, ratio, 1.0F);
  std::vector<std::uint32_t> at;
  return k::find_exceptions(m.data(), x.data(), x.size(), ratio, slack, at)
             ? k::encode_exceptions(x.data(), x.size(), ratio, at)
             : std::vector<char>();
}

bool decode(const vector& m, const std::vector<char>& bytes, vector& x) {
  return k::decode_exceptions(m.data(), bytes, x.data(), x.size());
}

std::vector<std::uint32_t> bits_of(const vector& x) {
  std::vector<std::uint32_t> bits;
  std::transform(x.begin(), x.end(), std::back_inserter(bits), [](float value) {
    return std::bit_cast<std::uint32_t>(value);
  });
  return bits;
}

}  // namespace

TEST_CASE("exceptions: what is said is exact, the rest within the slack") {
  const std::size_t n = GENERATE(1U, 9U, 300U, 5000U);
  const float shrinking = GENERATE(1.0F, 0.99F, 0.0F);
  k::random_stream random(1, 1);
  const vector m = t::random_vector(random, n);
  vector x = t::times(shrinking, m);
  t::move_some(x, random, 20);

  std::vector<char> bytes = list_of(m, x);
  bytes = bytes.empty() ? k::encode_whole(x.data(), n) : bytes;
  vector found(n);

  REQUIRE(decode(m, bytes, found));
  for (std::size_t j = 0; j < n; ++j) {
    REQUIRE(std::abs(found[j] - x[j]) <= exact * std::abs(found[j]));
  }
}

TEST_CASE("exceptions: an exception takes five bytes, a long gap some more") {
  const vector m(2000, 1.0F);
  vector x = m;
  CHECK(list_of(m, x).size() == 9);

  x[0] = 2.0F;
  x[1] = 2.0F;
  x[256] = 2.0F;   // 254 after the last one
  x[512] = 2.0F;   // 255
  x[1999] = 2.0F;  // 1486 = 5 * 255 + 211
  CHECK(list_of(m, x).size() == 9 + 5 * 5 + 1 + 5);
}

TEST_CASE("exceptions: the ratio is what most have in common") {
  k::random_stream random(1, 2);
  const vector m = t::random_vector(random, 4000);
  vector x = t::times(0.25F, m);
  // Popular features come first, and most of them were touched.
  for (std::size_t j = 0; j < 3000; ++j) {
    x[j] += 1.0F + static_cast<float>(random.below(100));
  }

  CHECK(k::common_ratio(m.data(), x.data(), x.size()) ==
        Approx(0.25F).epsilon(exact));
}

TEST_CASE("exceptions: where nothing is known the ratio is 0") {
  const vector none(10, 0.0F);
  const vector strange = {
      not_a_number, infinity,     -infinity,    0.0F,         not_a_number,
      not_a_number, not_a_number, not_a_number, not_a_number, not_a_number};
  const vector x(10, 3.0F);

  CHECK(k::common_ratio(none.data(), x.data(), 10) == 0.0F);
  CHECK(k::common_ratio(strange.data(), x.data(), 10) == 0.0F);
  CHECK(k::common_ratio(x.data(), strange.data(), 3) == 0.0F);
  CHECK(k::common_ratio(none.data(), x.data(), 0) == 0.0F);
}

TEST_CASE("exceptions: what is not finite arrives as it is") {
  vector m(1000, 1.0F);
  vector x = m;
  x[1] = not_a_number;
  x[2] = infinity;
  x[3] = -infinity;
  m[4] = not_a_number;
  m[5] = infinity;
  m[6] = infinity;
  x[6] = -infinity;
  m[7] = std::numeric_limits<float>::max();
  x[7] = infinity;

  const auto bytes = list_of(m, x);
  vector found(x.size());

  REQUIRE(decode(m, bytes, found));
  CHECK(bits_of(found) == bits_of(x));
  CHECK(bytes.size() == 9 + 5 * 7);
}

TEST_CASE("exceptions: a list that saves nothing is none") {
  k::random_stream random(1, 3);
  const vector m = t::random_vector(random, 1000);
  const vector x = t::random_vector(random, 1000);

  CHECK(list_of(m, x).empty());
  CHECK(k::encode_whole(x.data(), x.size()).size() == 4001);
  CHECK(k::encode_whole(x.data(), 0).empty());
}

TEST_CASE("exceptions: bytes that lie are refused") {
  const vector m(600, 1.0F);
  vector x = m;
  x[0] = x[400] = x[599] = 2.0F;
  const std::vector<char> good = list_of(m, x);
  vector found(x.size());
  REQUIRE(decode(m, good, found));
  REQUIRE(good.size() == 9 + 3 * 5 + 1);

  const auto is_refused = [&](std::vector<char> bytes) {
    return !decode(m, bytes, found);
  };
  const auto with = [&](std::size_t at, int value) {
    std::vector<char> bytes = good;
    bytes[at] = static_cast<char>(value);
    return bytes;
  };
  for (std::size_t length = 0; length < good.size(); ++length) {
    INFO("cut to " << length);
    CHECK(is_refused({good.begin(), good.begin() + static_cast<long>(length)}));
  }
  std::vector<char> longer = good;
  longer.push_back(0);
  CHECK(is_refused(longer));
  CHECK(is_refused(with(0, 2)));     // no such tag
  CHECK(is_refused(with(0, 0)));     // whole, but not as long
  CHECK(is_refused(with(4, 0x7F)));  // with 0x80 below it: not finite
  CHECK(is_refused(with(5, 2)));     // fewer than there are
  CHECK(is_refused(with(5, 4)));     // more
  CHECK(is_refused(with(7, 1)));     // more than the packet has
  CHECK(is_refused(with(21, 1)));    // the last beyond the packet
  CHECK(is_refused(with(24, 255)));  // a gap without an end
  std::vector<char> whole = k::encode_whole(x.data(), x.size());
  whole.pop_back();
  CHECK(is_refused(whole));
  CHECK_FALSE(k::decode_exceptions(m.data(), good, found.data(), 0));
  CHECK(k::decode_exceptions(m.data(), {}, found.data(), 0));
}

TEST_CASE("exceptions: no bytes are read or written out of bounds") {
  k::random_stream random(1, 4);
  const vector m = t::random_vector(random, 700);
  vector x = m;
  t::move_some(x, random, 30);
  const std::vector<char> good = list_of(m, x);
  REQUIRE_FALSE(good.empty());
  int accepted = 0;

  for (int round = 0; round < 20'000; ++round) {
    // Their ends are those of memory, which a sanitizer watches.
    std::vector<char> bytes = good;
    for (std::uint32_t change = 0; change <= random.below(4); ++change) {
      bytes[random.below(static_cast<std::uint32_t>(bytes.size()))] =
          static_cast<char>(random.below(256));
    }
    if (random.below(2) == 0) {
      bytes.resize(random.below(static_cast<std::uint32_t>(bytes.size() + 9)));
    }
    bytes.shrink_to_fit();
    vector found(m.size());
    accepted += decode(m, bytes, found) ? 1 : 0;
  }

  CHECK(accepted > 0);  // a value may be any
  CHECK(accepted < 20'000);
}

TEST_CASE("exceptions: nobody looks for them for long after finding none") {
  k::exception_search search;
  std::vector<int> looked;
  for (int at = 0; at < 400; ++at) {
    if (search.is_due()) {
      looked.push_back(at);
      search.note(false);
    }
  }
  CHECK(looked ==
        std::vector<int>{0, 2, 5, 10, 19, 36, 69, 134, 199, 264, 329, 394});

  search.note(true);
  CHECK(search.is_due());
  CHECK(search.is_due());
}

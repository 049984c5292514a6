// Numbers as fewer bytes: sizes, error bounds, what is not finite, and bytes
// that lie.

#include "kernels/exchange/compress.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include <catch2/catch.hpp>

#include "kernels/data/random.hpp"

namespace k = sounder::kernels;

namespace {

using vector = std::vector<float>;
using limits = std::numeric_limits<float>;
using k::packing;

constexpr float infinity = limits::infinity();

vector through(const k::compression& how, const vector& x) {
  const std::vector<char> bytes = k::encode(how, x.data(), x.size());
  vector found(x.size(), -1.0F);
  REQUIRE(k::decode(how.form, bytes, found.data(), found.size()));
  return found;
}

/// Of both signs, over many powers of two.
vector magnitudes(std::size_t n, int least, int most) {
  k::random_stream random(1, 7);
  vector x(n);
  for (float& value : x) {
    const auto power = random.below(static_cast<std::uint32_t>(most - least));
    const float digits = 1.0F + static_cast<float>(random.below(1 << 23U)) /
                                    static_cast<float>(1 << 23U);
    value = std::ldexp(random.below(2) == 0 ? digits : -digits,
                       least + static_cast<int>(power));
  }
  return x;
}

const std::vector<k::compression> forms = {{packing::none},
                                           {packing::fp16},
                                           {packing::bf16},
                                           {packing::int8},
                                           {packing::top_k, 0.1}};

}  // namespace

TEST_CASE("compress: each form has the bytes that it says") {
  const std::size_t n = GENERATE(1U, 7U, 1023U, 1024U, 1025U, 5000U);
  const vector x = magnitudes(n, -3, 3);
  const auto size = [&](const k::compression& how) {
    return k::encode(how, x.data(), n).size();
  };

  CHECK(size({packing::none}) == 4 * n);
  CHECK(size({packing::fp16}) == 2 * n);
  CHECK(size({packing::bf16}) == 2 * n);
  CHECK(size({packing::int8}) == n + 4 * ((n + 1023) / 1024));
  CHECK(size({packing::top_k, 0.1}) == 4 + 8 * ((n + 9) / 10));
  CHECK(k::encode({packing::fp16}, x.data(), 0).empty());
}

TEST_CASE("compress: fp16 is off by 2^-11 of a number, and by 2^-25") {
  for (const float x : magnitudes(20000, -14, 15)) {
    const float found = through({packing::fp16}, {x})[0];
    REQUIRE(std::abs(found - x) <= std::ldexp(std::abs(x), -11));
  }
  for (const float x : magnitudes(20000, -40, -14)) {
    const float found = through({packing::fp16}, {x})[0];
    REQUIRE(std::abs(found - x) <= std::ldexp(1.0F, -25));
  }
}

TEST_CASE("compress: bf16 is off by 2^-8 of a number") {
  for (const float x : magnitudes(20000, -126, 127)) {
    const float found = through({packing::bf16}, {x})[0];
    REQUIRE(std::abs(found - x) <= std::ldexp(std::abs(x), -8));
  }
}

TEST_CASE("compress: halves go to the even neighbour") {
  // 1 + 2^-11 lies in the middle of 1 and 1 + 2^-10, and so on.
  const auto at = [](int half, int ulp, int count) {
    return 1.0F + std::ldexp(static_cast<float>(count), ulp) +
           std::ldexp(1.0F, half);
  };

  CHECK(through({packing::fp16}, {at(-11, -10, 0)})[0] == 1.0F);
  CHECK(through({packing::fp16}, {at(-11, -10, 1)})[0] ==
        1.0F + std::ldexp(2.0F, -10));
  CHECK(through({packing::bf16}, {at(-8, -7, 0)})[0] == 1.0F);
  CHECK(through({packing::bf16}, {at(-8, -7, 1)})[0] ==
        1.0F + std::ldexp(2.0F, -7));
}

TEST_CASE("compress: what is beyond the range of fp16 goes to its end") {
  const vector found =
      through({packing::fp16}, {1e6F, -1e6F, limits::max(), 65504.0F});

  CHECK(found == vector{65504.0F, -65504.0F, 65504.0F, 65504.0F});
  CHECK(std::isfinite(through({packing::bf16}, {limits::max()})[0]));
}

TEST_CASE("compress: fp16 and bf16 carry zeros, infinities and NaN") {
  const auto form = GENERATE(packing::fp16, packing::bf16);

  const vector found =
      through({form}, {infinity, -infinity, -0.0F, 0.0F, limits::quiet_NaN(),
                       std::bit_cast<float>(0xFFC12345U), limits::denorm_min(),
                       std::bit_cast<float>(0x7F800001U)});

  CHECK(found[0] == infinity);
  CHECK(found[1] == -infinity);
  CHECK(std::signbit(found[2]));
  CHECK(!std::signbit(found[3]));
  CHECK(std::isnan(found[4]));
  CHECK(std::isnan(found[5]));
  CHECK(std::abs(found[6]) <= limits::denorm_min());
  CHECK(std::isnan(found[7]));
}

TEST_CASE("compress: int8 is off by half a scale, block by block") {
  vector x = magnitudes(3000, -20, 0);
  x[1500] = 1e6F;  // spoils the second block alone

  const vector found = through({packing::int8}, x);

  for (std::size_t first = 0; first < x.size(); first += 1024) {
    const std::size_t last = std::min<std::size_t>(first + 1024, x.size());
    float most = 0.0F;
    for (std::size_t j = first; j < last; ++j) {
      most = std::max(most, std::abs(x[j]));
    }
    // The scale itself and the product are rounded: a millionth more.
    const float bound = 0.5F * most / 127.0F * 1.0001F;
    for (std::size_t j = first; j < last; ++j) {
      REQUIRE(std::abs(found[j] - x[j]) <= bound);
    }
  }
  CHECK(through({packing::int8}, vector(2000, 0.0F)) == vector(2000, 0.0F));
}

TEST_CASE("compress: int8 keeps the smallest numbers finite, or loses them") {
  for (const float x : {limits::denorm_min(), 150 * limits::denorm_min(),
                        limits::min(), -limits::min()}) {
    const float found = through({packing::int8}, {x})[0];
    REQUIRE(std::abs(found) <= 2.0F * std::abs(x));
    REQUIRE(found * x >= 0.0F);
  }
}

TEST_CASE("compress: a block of int8 with no number in it becomes NaN") {
  const float bad =
      GENERATE(limits::quiet_NaN(), infinity, -infinity, limits::max());
  vector x(2500, 1.0F);
  x[1100] = bad;

  const vector found = through({packing::int8}, x);

  CHECK(found[1023] == Approx(1.0F));
  for (std::size_t j = 1024; j < 2048; ++j) {
    REQUIRE(std::isnan(found[j]));
  }
  CHECK(found[2048] == Approx(1.0F));
}

TEST_CASE("compress: top-k keeps the largest as they are") {
  const vector x = magnitudes(1000, -10, 10);
  vector sizes;
  for (const float value : x) {
    sizes.push_back(std::abs(value));
  }
  std::sort(sizes.begin(), sizes.end(), std::greater<>());

  const vector found = through({packing::top_k, 0.05}, x);

  std::size_t kept = 0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    REQUIRE((found[j] == x[j] || found[j] == 0.0F));
    if (found[j] != 0.0F) {
      ++kept;
      REQUIRE(std::abs(x[j]) >= sizes[49]);
    }
  }
  CHECK(kept == 50);
}

TEST_CASE("compress: top-k among equals keeps k of them, and no zeros") {
  const vector same = through({packing::top_k, 0.3}, vector(10, -2.0F));
  CHECK(std::count(same.begin(), same.end(), -2.0F) == 3);

  vector few(1000, 0.0F);
  few[17] = 3.0F;
  CHECK(through({packing::top_k, 0.5}, few) == few);
  CHECK(k::encode({packing::top_k, 0.5}, few.data(), few.size()).size() == 12);

  const vector one = through({packing::top_k, 1e-9}, {1.0F, -3.0F, 2.0F});
  CHECK(one == vector{0.0F, -3.0F, 0.0F});
}

TEST_CASE("compress: to top-k nothing is larger than NaN, then infinity") {
  vector x(100, limits::max());
  x[3] = limits::quiet_NaN();
  x[5] = -infinity;

  const vector one = through({packing::top_k, 0.01}, x);
  const vector two = through({packing::top_k, 0.02}, x);

  CHECK(std::isnan(one[3]));
  CHECK(one[5] == 0.0F);
  CHECK(two[5] == -infinity);
  CHECK(two[0] == 0.0F);
}

TEST_CASE("compress: bytes of another length are refused") {
  const vector x = magnitudes(2000, -3, 3);
  for (const k::compression& how : forms) {
    std::vector<char> bytes = k::encode(how, x.data(), x.size());
    vector found(2001);
    for (const std::size_t n : {0U, 1U, 1999U, 2001U}) {
      if (how.form != packing::top_k || n < 200) {
        CHECK_FALSE(k::decode(how.form, bytes, found.data(), n));
      }
    }
    bytes.push_back('x');
    CHECK_FALSE(k::decode(how.form, bytes, found.data(), 2000));
    bytes.resize(bytes.size() - 2);
    CHECK_FALSE(k::decode(how.form, bytes, found.data(), 2000));
    CHECK_FALSE(k::decode(how.form, {}, found.data(), 2000));
  }
}

TEST_CASE("compress: indices of top-k must ascend and exist") {
  const auto bytes_of = [](std::vector<std::uint32_t> words) {
    const auto* first = reinterpret_cast<const char*>(words.data());
    return std::vector<char>(first, first + 4 * words.size());
  };
  vector x(10);
  const auto fits = [&](const std::vector<char>& bytes) {
    return k::decode(packing::top_k, bytes, x.data(), x.size());
  };

  CHECK(fits(bytes_of({2, 0, 9, 7, 7})));
  CHECK(fits(bytes_of({0})));
  CHECK_FALSE(fits(bytes_of({2, 0, 10, 7, 7})));
  CHECK_FALSE(fits(bytes_of({2, 5, 5, 7, 7})));
  CHECK_FALSE(fits(bytes_of({2, 6, 5, 7, 7})));
  CHECK_FALSE(fits(bytes_of({0xFFFFFFFFU, 0, 1, 7, 7})));
  CHECK_FALSE(fits(bytes_of({11, 0, 1, 7, 7})));
}

#include "kernels/data/number.hpp"

#include <bit>
#include <cstdint>
#include <limits>
#include <random>

#include <catch2/catch.hpp>
#include <fast_float/fast_float.h>
#include <fmt/format.h>

namespace k = sounder::kernels;

namespace {

/// The bits that parse_float makes of `text`, which must be a number.
std::uint32_t bits_of(const std::string& text) {
  const std::string line = text + "\n";
  const char* last = line.data() + line.size();
  float value = 0;
  const char* end = k::parse_float(line.data(), last, value);
  if (end != last - 1) {
    FAIL(text << " was not read to its end");
  }
  return std::bit_cast<std::uint32_t>(value);
}

std::uint32_t oracle(const std::string& text) {
  float value = 0;
  fast_float::from_chars(text.data(), text.data() + text.size(), value);
  return std::bit_cast<std::uint32_t>(value);
}

/// REQUIRE for loops: says nothing when all is well.
void require_oracle(const std::string& text) {
  if (bits_of(text) != oracle(text)) {
    FAIL(text << " differs from fast_float");
  }
}

bool is_number(const std::string& text) {
  const std::string line = text + "\n";
  float value = 0;
  const char* last = line.data() + line.size();
  return k::parse_float(line.data(), last, value) == last - 1;
}

}  // namespace

TEST_CASE("parse_float: random decimals have the bits of fast_float") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 300'000; ++i) {
    const int whole = static_cast<int>(random() % 10);
    const int decimals = static_cast<int>(random() % 12);
    std::string text = random() % 2 == 0 ? "-" : "";
    for (int d = 0; d < whole; ++d) {
      text += static_cast<char>('0' + random() % 10);
    }
    text += whole == 0 || decimals > 0 ? "." : "";
    for (int d = 0; d < decimals + (whole == 0 ? 1 : 0); ++d) {
      text += static_cast<char>('0' + random() % 10);
    }
    require_oracle(text);
  }
}

TEST_CASE("parse_float: every short fraction has the bits of fast_float") {
  for (int i = 0; i < 1'000'000; i += 3) {
    require_oracle(fmt::format("0.{:06}", i));
  }
}

TEST_CASE("parse_float: the middle of two floats rounds as in fast_float") {
  // m + 1/2 with 2^23 <= m < 2^24 is a tie; its neighbours in the last digit
  // are not, but a double may think they are.
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint32_t m = (1U << 23) + random() % (1U << 23);
    for (const char* tail : {".5", ".50", ".5000000", ".5000001", ".4999999"}) {
      const std::string text = std::to_string(m) + tail;
      require_oracle(text);
    }
    const std::string integer =
        std::to_string((std::uint64_t{m} << 17) + 65536);
    require_oracle(integer);
  }
}

TEST_CASE("parse_float: every form of a number is read") {
  REQUIRE(bits_of("+1") == std::bit_cast<std::uint32_t>(1.0F));
  REQUIRE(bits_of("-0") == std::bit_cast<std::uint32_t>(-0.0F));
  REQUIRE(bits_of("1.5e3") == std::bit_cast<std::uint32_t>(1500.0F));
  REQUIRE(bits_of("+2E-1") == std::bit_cast<std::uint32_t>(0.2F));
  REQUIRE(bits_of("1e-60") == 0);
  REQUIRE(bits_of("1e-45") == 1);
  REQUIRE(bits_of("123456789012345678901234567890") ==
          oracle("123456789012345678901234567890"));
  REQUIRE(bits_of("3.4028235e38") ==
          std::bit_cast<std::uint32_t>(std::numeric_limits<float>::max()));
}

TEST_CASE("parse_float: what is not a finite number is refused by name") {
  for (const char* text : {"", "+", "-", ".", "x", "+-1", "++1", "--1", "e5"}) {
    CAPTURE(text);
    REQUIRE_FALSE(is_number(text));
    REQUIRE(k::number_problem(text) == std::string_view("is not a number"));
  }
  for (const char* text : {"inf", "-inf", "nan", "NaN", "+Infinity"}) {
    CAPTURE(text);
    REQUIRE_FALSE(is_number(text));
    REQUIRE(k::number_problem(text) == std::string_view("is not finite"));
  }
  for (const char* text :
       {"1e39", "-1e400", "999999999999999999999999999999e9"}) {
    CAPTURE(text);
    REQUIRE_FALSE(is_number(text));
    REQUIRE(k::number_problem(text) ==
            std::string_view("is too large for a float"));
  }
  REQUIRE(k::number_problem("1.5x") == std::string_view("is not a number"));
}

TEST_CASE("number_in: a token counts as a whole or not at all") {
  REQUIRE(k::number_in("+2.5") == 2.5F);
  REQUIRE_FALSE(k::number_in("2.5 "));
  REQUIRE_FALSE(k::number_in("nan"));
  REQUIRE_FALSE(k::number_in("1e39"));
  REQUIRE_FALSE(k::number_in(std::string_view()));
}

TEST_CASE("quoted: long and binary tokens stay one short line") {
  REQUIRE(k::quoted("a\x01z") == "'a?z'");
  REQUIRE(k::quoted(std::string(100, 'x')) ==
          "'" + std::string(24, 'x') + "...'");
}

// What is lost on the way is not lost for good.

#include "kernels/exchange/packer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <catch2/catch.hpp>

#include "kernels/data/random.hpp"
#include "kernels/exchange/add_delta.hpp"
#include "kernels/exchange/elastic.hpp"
#include "kernels/exchange/gradient.hpp"
#include "tests/support/vectors.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

using vector = std::vector<float>;
using k::packing;
using k::payload;

const std::vector<k::compression> forms = {
    {packing::fp16}, {packing::bf16}, {packing::int8}, {packing::top_k, 0.1}};

/// One way of a link.
struct way {
  k::packer out;
  k::unpacker in;
  way(const k::compression& how, payload what, const vector& start)
      : out(how, what, start), in(how.form, what, start) {}

  /// In two parts, as long vectors go.
  vector carry(const vector& x) {
    vector found(x.size());
    const std::size_t half = x.size() / 2;
    for (const auto& [first, n] :
         {std::pair(std::size_t{0}, half), std::pair(half, x.size() - half)}) {
      const auto bytes = out.pack(first, x.data() + first, n);
      REQUIRE(in.unpack(first, bytes, found.data() + first, n));
    }
    return found;
  }
};

float largest_gap(const vector& a, const vector& b) {
  float most = 0.0F;
  for (std::size_t j = 0; j < a.size(); ++j) {
    most = std::max(most, std::abs(a[j] - b[j]));
  }
  return most;
}

}  // namespace

TEST_CASE("packer: what arrived and what is remembered is what was said") {
  constexpr std::size_t n = 300;
  constexpr int rounds = 50;
  // Sums of 50 numbers below 1, each with a rounding of 2^-24 of at most 50.
  constexpr double rounding = rounds * 50 / 16777216.0;
  for (const k::compression& how : forms) {
    k::random_stream random(3, 1);
    way link(how, payload::differences, vector(n, 9.0F));
    std::vector<double> said(n);
    std::vector<double> arrived(n);

    for (int round = 0; round < rounds; ++round) {
      const vector x = t::random_vector(random, n);
      const vector found = link.carry(x);
      for (std::size_t j = 0; j < n; ++j) {
        said[j] += x[j];
        arrived[j] += found[j];
      }
    }

    for (std::size_t j = 0; j < n; ++j) {
      const double kept = *link.out.memory(j);
      REQUIRE(std::abs(arrived[j] + kept - said[j]) <= rounding);
    }
  }
}

TEST_CASE("packer: a difference said once arrives in full with time") {
  k::random_stream random(3, 2);
  const vector x = t::random_vector(random, 300);
  way link({packing::top_k, 0.1}, payload::differences, x);

  vector sum = link.carry(x);
  for (int round = 1; round < 10; ++round) {
    const vector found = link.carry(vector(x.size(), 0.0F));
    std::transform(sum.begin(), sum.end(), found.begin(), sum.begin(),
                   std::plus<>());
  }

  CHECK(sum == x);
}

TEST_CASE("packer: parameters that stay arrive exactly with time") {
  for (const k::compression& how : forms) {
    k::random_stream random(3, 3);
    const vector start = t::random_vector(random, 300);
    const vector x = t::random_vector(random, 300);
    way link(how, payload::parameters, start);

    float gap = largest_gap(x, start);
    for (int round = 0; round < 12; ++round) {
      const float now = largest_gap(x, link.carry(x));
      REQUIRE(now <= gap);
      gap = now;
    }

    // Two units in the last place of 1.
    CHECK(gap <= 2.4e-7F);
  }
}

TEST_CASE("packer: both ends remember the same parameters to the bit") {
  for (const k::compression& how : forms) {
    k::random_stream random(3, 4);
    way link(how, payload::parameters, vector(300, 0.5F));

    vector found;
    for (int round = 0; round < 20; ++round) {
      found = link.carry(t::random_vector(random, 300));
    }

    CHECK(std::equal(found.begin(), found.end(), link.out.memory(0)));
  }
}

TEST_CASE("packer: the part of a pull that is lost is not made") {
  for (const k::compression& how : forms) {
    k::random_stream random(3, 5);
    vector w = t::random_vector(random, 300);
    vector c = t::random_vector(random, 300);
    vector sums(300);
    std::transform(w.begin(), w.end(), c.begin(), sums.begin(), std::plus<>());
    const k::elastic rule(0.25);
    way link(how, payload::pulls, w);

    for (int round = 0; round < 200; ++round) {
      vector pull(300);
      rule.ask({w.data(), nullptr, 300}, pull.data());
      rule.serve({c.data(), nullptr, 300}, pull.data());
      vector down(300);
      const auto bytes = link.out.pack(0, pull.data(), 300);
      k::take_back({c.data(), nullptr, 300}, link.out.memory(0));
      REQUIRE(link.in.unpack(0, bytes, down.data(), 300));
      rule.take({w.data(), nullptr, 300}, down.data(), nullptr);
    }

    // Drawn together, and their sum is what it was: each meeting rounds two
    // numbers below 2, by 2^-24 at most, and three times.
    for (std::size_t j = 0; j < 300; ++j) {
      REQUIRE(std::abs(w[j] + c[j] - sums[j]) <= 200 * 6 / 16777216.0F);
      REQUIRE(std::abs(w[j] - c[j]) <= 1e-3F);
    }
  }
}

TEST_CASE("packer: a replica goes on from what it has on hold") {
  const vector lost = {0.5F, 0.0F};
  vector w = {1.0F, 2.0F};
  vector s = {0.0F, 2.0F};

  k::add_delta().keep({w.data(), s.data(), 2}, lost.data());
  CHECK(w == vector{1.5F, 2.0F});
  CHECK(s == vector{0.5F, 2.0F});

  k::gradient(0.0, false).keep({w.data(), s.data(), 2, 0.5F}, lost.data());
  CHECK(w == vector{1.25F, 2.0F});
  CHECK(s == vector{0.25F, 2.0F});
}

TEST_CASE("packer: NaN arrives as NaN, from then on for ever") {
  const auto what = GENERATE(payload::differences, payload::parameters);
  for (const k::compression& how : forms) {
    way link(how, what, vector(300, 0.0F));
    vector x(300, 1.0F);
    x[7] = std::numeric_limits<float>::quiet_NaN();

    CHECK(std::isnan(link.carry(x)[7]));
    CHECK(std::isnan(link.carry(vector(300, 1.0F))[7]));
  }
}

TEST_CASE("packer: what is not for this vector is refused") {
  const vector start(10, 0.0F);
  k::unpacker in(packing::fp16, payload::parameters, start);
  const std::vector<char> bytes =
      k::encode({packing::fp16}, start.data(), start.size());
  vector x(20);

  CHECK(in.unpack(0, bytes, x.data(), 10));
  CHECK_FALSE(in.unpack(1, bytes, x.data(), 10));
  CHECK_FALSE(in.unpack(~std::size_t{0}, bytes, x.data(), 10));
  CHECK_FALSE(in.unpack(0, bytes, x.data(), 9));
  CHECK_FALSE(in.unpack(0, {}, x.data(), 10));
}

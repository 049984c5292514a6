#include "topology/spectrum.hpp"

#include <cmath>
#include <numbers>

#include <catch2/catch.hpp>

#include "topology/shapes.hpp"
#include "topology/weights.hpp"

namespace p = sounder::topology;
namespace s = sounder::topology::shapes;

namespace {

double gap(std::size_t n, const p::edges& pairs) {
  return p::spectral_gap(p::metropolis_weights(n, pairs));
}

// Of double arithmetic on matrices of this size.
const double rounding = 1e-9;

}  // namespace

TEST_CASE("spectrum: the gap of a ring is the closed form") {
  for (const std::size_t n : {4U, 5U, 8U, 16U, 31U}) {
    INFO(n);
    const double closed =
        2.0 / 3.0 *
        (1.0 - std::cos(2.0 * std::numbers::pi / static_cast<double>(n)));

    CHECK(gap(n, s::ring(n)) == Approx(closed).margin(rounding));
  }
}

TEST_CASE("spectrum: a clique reaches consensus at once") {
  for (const std::size_t n : {1U, 2U, 3U, 8U}) {
    CHECK(gap(n, s::clique(n)) == Approx(1.0).margin(rounding));
  }
}

TEST_CASE("spectrum: the gap of a hypercube is 2 / (d + 1)") {
  for (const unsigned d : {1U, 2U, 3U, 5U}) {
    CHECK(gap(std::size_t{1} << d, s::hypercube(d)) ==
          Approx(2.0 / (d + 1.0)).margin(rounding));
  }
}

TEST_CASE("spectrum: what is not connected has no gap") {
  CHECK(gap(4, s::groups(4, 2)) == Approx(0.0).margin(rounding));
}

TEST_CASE(
    "spectrum: a directed cycle that shares by halves has the closed "
    "form") {
  // eigenvalues (1 + e^(2 pi i k / n)) / 2, modulus cos(pi k / n)
  const auto shares = p::push_sum_weights(6, s::directed_ring(6));

  CHECK(p::spectral_gap(shares) ==
        Approx(1.0 - std::cos(std::numbers::pi / 6.0)).margin(rounding));
}

TEST_CASE("spectrum: effective neighbours lie between alone and all") {
  const auto effective = [](std::size_t n, const p::edges& pairs, double g) {
    return p::effective_neighbours(p::metropolis_weights(n, pairs), g);
  };

  CHECK(effective(8, {}, 0.9) == Approx(1.0).margin(rounding));
  CHECK(effective(8, s::clique(8), 0.9) == Approx(8.0).margin(rounding));
  CHECK(effective(1, {}, 0.5) == Approx(1.0).margin(rounding));
  // no memory: one averaging of three, sum of the squared weights 1/3
  CHECK(effective(16, s::ring(16), 0.0) == Approx(3.0).margin(rounding));
  CHECK(effective(16, s::ring(16), 0.9) < effective(16, s::ring(16), 0.99));
  CHECK(effective(16, s::ring(16), 0.99) < 16.0);
}

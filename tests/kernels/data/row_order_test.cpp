#include "kernels/data/row_order.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <thread>

#include <catch2/catch.hpp>

namespace k = sounder::kernels;

namespace {

using walk = std::vector<std::uint32_t>;

/// An epoch's walk, asked for in pieces of `piece` rows.
walk walk_of(k::row_order& order, std::size_t rows, unsigned epoch,
             std::size_t piece) {
  walk out(rows);
  for (std::size_t first = 0; first < rows; first += piece) {
    order.fill(epoch, first,
               std::span(out).subspan(first, std::min(piece, rows - first)));
  }
  return out;
}

walk walk_of(std::size_t rows, k::order_spec spec, unsigned epoch) {
  k::row_order order(rows, spec);
  return walk_of(order, rows, epoch, rows);
}

walk ascending(std::size_t rows) {
  walk all(rows);
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

std::vector<k::order_spec> specs() {
  std::vector<k::order_spec> all = {{k::order_kind::sequential, 32, 5},
                                    {k::order_kind::shuffle, 32, 5}};
  for (const std::size_t block : {0U, 1U, 2U, 7U, 32U, 1000U}) {
    all.push_back({k::order_kind::block, block, 5});
  }
  return all;
}

}  // namespace

TEST_CASE("row order: every epoch visits every row once") {
  for (const k::order_spec spec : specs()) {
    for (const std::size_t rows :
         {1U, 2U, 6U, 7U, 31U, 32U, 33U, 64U, 100U, 257U}) {
      for (unsigned epoch = 0; epoch < 5; ++epoch) {
        INFO("kind " << static_cast<int>(spec.kind) << ", blocks of "
                     << spec.block_rows << ", " << rows << " rows");
        walk visited = walk_of(rows, spec, epoch);
        std::sort(visited.begin(), visited.end());
        REQUIRE(visited == ascending(rows));
      }
    }
  }
}

TEST_CASE("row order: the walk does not depend on how it is asked for") {
  constexpr std::size_t rows = 101;
  for (const k::order_spec spec : specs()) {
    k::row_order order(rows, spec);
    for (const std::size_t piece : {1U, 3U, 7U, 32U, 100U}) {
      REQUIRE(walk_of(order, rows, 2, piece) == walk_of(rows, spec, 2));
    }
  }
}

TEST_CASE("row order: an empty piece is fine anywhere") {
  for (const k::order_spec spec : specs()) {
    k::row_order order(10, spec);
    walk nothing;
    order.fill(0, 10, nothing);
    order.fill(3, 0, nothing);
    REQUIRE(nothing.empty());
  }
}

TEST_CASE("row order: epochs and seeds differ, the same seed repeats") {
  constexpr std::size_t rows = 1000;
  for (const auto kind : {k::order_kind::shuffle, k::order_kind::block}) {
    const k::order_spec spec{kind, 32, 5};
    const k::order_spec other{kind, 32, 6};

    REQUIRE(walk_of(rows, spec, 3) == walk_of(rows, spec, 3));
    REQUIRE(walk_of(rows, spec, 0) != walk_of(rows, spec, 1));
    REQUIRE(walk_of(rows, spec, 0) != walk_of(rows, spec, 2));
    REQUIRE(walk_of(rows, spec, 0) != walk_of(rows, other, 0));
  }
}

TEST_CASE("row order: epochs may be asked for in any order") {
  constexpr std::size_t rows = 100;
  for (const k::order_spec spec : specs()) {
    k::row_order order(rows, spec);
    for (const unsigned epoch : {4U, 0U, 2U, 4U, 1U}) {
      REQUIRE(walk_of(order, rows, epoch, 9) == walk_of(rows, spec, epoch));
    }
  }
}

TEST_CASE("row order: sequential is the memory's order") {
  REQUIRE(walk_of(50, {k::order_kind::sequential, 32, 1}, 4) == ascending(50));
}

TEST_CASE("row order: blocks walk neighbours") {
  constexpr std::size_t rows = 320;
  const walk order = walk_of(rows, {k::order_kind::block, 32, 1}, 1);

  for (std::size_t k = 0; k < rows; ++k) {
    if (k % 32 != 0) {
      REQUIRE(order[k] == (order[k - 1] + 1) % rows);
    }
  }
}

TEST_CASE("row order: a shuffle puts every row anywhere") {
  // Position of row 0 over 4,000 epochs of 8 rows: each of the 8 places is
  // Binomial(4000, 1/8), mean 500, deviation 21; 6 deviations off has a chance
  // below 1e-8 for a fair shuffle, and the seed is fixed.
  k::row_order order(8, {k::order_kind::shuffle, 1, 9});
  std::vector<int> seen(8);
  for (unsigned epoch = 0; epoch < 4000; ++epoch) {
    const walk visited = walk_of(order, 8, epoch, 8);
    ++seen[static_cast<std::size_t>(
        std::find(visited.begin(), visited.end(), 0U) - visited.begin())];
  }

  for (const int count : seen) {
    REQUIRE(std::abs(count - 500) < 126);
  }
}

TEST_CASE("row order: threads in neighbouring epochs get their walks",
          "[stress]") {
  constexpr std::size_t rows = 3000;
  for (const k::order_spec spec : specs()) {
    k::row_order order(rows, spec);
    std::vector<walk> found(4);
    {
      std::vector<std::jthread> threads;
      for (unsigned n = 0; n < 4; ++n) {
        threads.emplace_back([&, n] {
          for (unsigned epoch = 0; epoch <= n; ++epoch) {
            found[n] = walk_of(order, rows, epoch, 11);
          }
        });
      }
    }

    for (unsigned n = 0; n < 4; ++n) {
      REQUIRE(found[n] == walk_of(rows, spec, n));
    }
  }
}

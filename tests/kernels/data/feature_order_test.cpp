#include "kernels/data/feature_order.hpp"

#include <numeric>

#include <catch2/catch.hpp>

#include "kernels/data/generate.hpp"
#include "kernels/data/statistics.hpp"
#include "tests/support/same_data.hpp"

namespace k = sounder::kernels;
using namespace sounder::tests;

namespace {

k::dataset documents() {
  return k::generate_sparse({.rows = 9'000,
                             .test_rows = 0,
                             .features = 3'000,
                             .mean_nonzeros = 20,
                             .zipf_exponent = 3.0})
      .train;
}

std::vector<float> ramp(std::size_t n) {
  std::vector<float> w(n);
  std::iota(w.begin(), w.end(), 1.0F);
  return w;
}

}  // namespace

TEST_CASE("feature_order: counts descend, ties ascend, unused come last") {
  const auto data = documents();
  const auto counts = k::feature_counts(data);

  const auto order = k::by_frequency(data);

  REQUIRE(counts[order.original(2'999)] == 0);
  for (std::uint32_t i = 1; i < 3'000; ++i) {
    const auto before = order.original(i - 1);
    const auto here = order.original(i);
    REQUIRE((counts[before] > counts[here] ||
             (counts[before] == counts[here] && before < here)));
    REQUIRE(order.internal(here) == i);
  }
}

TEST_CASE("feature_order: decision values survive a renumbering") {
  const bool sort_rows = GENERATE(false, true);
  const auto data = documents();
  const auto order = k::by_frequency(data);
  const auto original = ramp(3'000);
  std::vector<float> internal(3'000);
  order.arrange(original, internal);

  const auto renumbered = k::renumber(documents(), order, sort_rows, 3);

  for (std::size_t i = 0; i < data.rows(); ++i) {
    REQUIRE(dot(internal, renumbered, i) ==
            Approx(dot(original, data, i)).epsilon(1e-12));
  }
  REQUIRE(std::ranges::equal(renumbered.labels(), data.labels()));
}

TEST_CASE("feature_order: rows are ascending when asked for") {
  const auto order = k::by_frequency(documents());

  const auto sorted = k::renumber(documents(), order, true);
  const auto as_it_was = k::renumber(documents(), order, false);

  for (std::size_t i = 0; i < sorted.rows(); ++i) {
    const auto row = indices(sorted, i);
    REQUIRE(std::is_sorted(row.begin(), row.end()));
    REQUIRE(row.size() == indices(as_it_was, i).size());
  }
  REQUIRE(order.original(indices(as_it_was, 0)[0]) ==
          indices(documents(), 0)[0]);
}

TEST_CASE("feature_order: memory is reused unless somebody looks on") {
  auto data = documents();
  const auto order = k::by_frequency(data);
  const auto* memory = data.sparse().index;

  const auto onlooker = data.slice(0, 10);
  const auto copy = k::renumber(std::move(data), order);
  auto sole = documents();
  const auto* sole_memory = sole.sparse().index;
  const auto same = k::renumber(std::move(sole), order);

  REQUIRE(copy.sparse().index != memory);
  REQUIRE(same_data(onlooker, documents().slice(0, 10)));
  REQUIRE(same.sparse().index == sole_memory);
}

TEST_CASE("feature_order: renumbering back gives the data back") {
  const auto order = k::by_frequency(documents());
  std::vector<std::uint32_t> inverse(3'000);
  for (std::uint32_t u = 0; u < inverse.size(); ++u) {
    inverse[u] = order.internal(u);
  }

  auto there = k::renumber(documents(), order, true);
  const auto back =
      k::renumber(std::move(there), k::feature_order(inverse, 3'000), true);

  REQUIRE(same_data(back, documents()));
}

TEST_CASE("feature_order: weights go there and back, several a feature") {
  const auto order = k::by_frequency(documents());
  const auto values = GENERATE(std::size_t{1}, std::size_t{4});
  const auto original = ramp(3'000 * values);
  std::vector<float> internal(original.size());
  std::vector<float> back(original.size());

  order.arrange(original, internal, values);
  order.restore(internal, back, values);

  REQUIRE(back == original);
  REQUIRE(internal[values - 1] ==
          original[order.original(0) * values + values - 1]);
}

TEST_CASE("feature_order: a test set takes the width of the order") {
  const auto order = k::by_frequency(documents());
  k::sparse_storage s;
  s.start.push_back(0);
  s.start.push_back(1);
  s.index.push_back(4);
  s.value.push_back(1.0F);

  const auto renumbered =
      k::renumber(k::dataset(std::move(s), {1.0F}, 5), order);

  REQUIRE(renumbered.features() == 3'000);
  REQUIRE(indices(renumbered, 0)[0] == order.internal(4));
}

TEST_CASE("feature_order: dense sets keep their order") {
  const auto data = k::generate_regression({}).train;

  const auto order = k::by_frequency(data);

  REQUIRE(order.is_identity());
  REQUIRE(order.features() == 5);
  REQUIRE(same_data(k::renumber(k::dataset(data), order), data));
}

TEST_CASE("feature_order: features of no sample can be left out") {
  const auto data = documents();
  const auto counts = k::feature_counts(data);
  const auto used = static_cast<std::size_t>(std::count_if(
      counts.begin(), counts.end(), [](auto n) { return n > 0; }));
  REQUIRE(used < 3'000);

  const auto order = k::by_frequency(data, k::unused_features::leave_out);

  REQUIRE(order.features() == used);
  REQUIRE(order.width() == 3'000);
  REQUIRE(k::renumber(documents(), order).features() == used);
  REQUIRE(k::renumber(documents(), order).nonzeros() == data.nonzeros());
  const auto all = k::by_frequency(data);
  const auto w = ramp(used);
  std::vector<float> restored(3'000, -1.0F);
  order.restore(w, restored);
  for (std::uint32_t u = 0; u < 3'000; ++u) {
    if (counts[u] > 0) {
      REQUIRE(order.internal(u) == all.internal(u));
      REQUIRE(restored[u] == w[order.internal(u)]);
    } else {
      REQUIRE(order.internal(u) == used);
      REQUIRE(restored[u] == 0.0F);
    }
  }
  std::vector<float> back(used);
  order.arrange(restored, back);
  REQUIRE(back == w);
}

TEST_CASE("feature_order: other samples lose what is left out") {
  // Features 1 and 3 of five occur, 3 more often.
  const k::feature_order order({3, 1}, 5);
  k::sparse_storage s;
  for (const std::uint64_t start : {0U, 3U, 4U, 6U}) {
    s.start.push_back(start);
  }
  for (const std::uint32_t u : {0U, 1U, 3U, 4U, 1U, 2U}) {
    s.index.push_back(u);
    s.value.push_back(static_cast<float>(u + 1));
  }
  const bool sort_rows = GENERATE(false, true);

  const auto found = k::renumber(
      k::dataset(std::move(s), {1.0F, 2.0F, 3.0F}, 5), order, sort_rows);

  REQUIRE(found.features() == 2);
  REQUIRE(found.rows() == 3);
  REQUIRE(found.nonzeros() == 3);
  std::vector<float> w = {10.0F, 1.0F};  // of 3 and of 1
  CHECK(dot(w, found, 0) == 4.0F * 10.0F + 2.0F);
  CHECK(dot(w, found, 1) == 0.0F);
  CHECK(dot(w, found, 2) == 2.0F);
}

TEST_CASE("feature_order: data without features keeps all") {
  k::sparse_storage s;
  s.start.push_back(0);
  s.start.push_back(0);
  const k::dataset data(std::move(s), {1.0F}, 4);

  CHECK(k::by_frequency(data, k::unused_features::leave_out).features() == 4);
}

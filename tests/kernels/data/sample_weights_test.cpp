// Weights of samples and classes, and that they stay with their rows.

#include "kernels/data/sample_weights.hpp"

#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <catch2/catch.hpp>

#include "kernels/data/class_weights.hpp"
#include "kernels/data/constant_feature.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/data/feature_order.hpp"
#include "kernels/data/pack.hpp"
#include "kernels/data/split.hpp"
#include "tests/support/compressed.hpp"
#include "tests/support/problems.hpp"
#include "tests/support/temporary_directory.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;
using Catch::Matchers::Contains;

namespace {

/// Row i is labelled i and weighs i / 2.
k::dataset numbered(std::size_t rows, k::layout layout = k::layout::sparse) {
  std::vector<float> labels;
  std::vector<float> weights;
  for (std::size_t i = 0; i < rows; ++i) {
    labels.push_back(static_cast<float>(i));
    weights.push_back(0.5F * static_cast<float>(i));
  }
  return t::laid_out(layout, t::table(rows, {0.0F, 0.5F, 0.25F}),
                     std::move(labels), 3)
      .with_weights(std::move(weights));
}

/// Whether each row still weighs half its label.
bool is_aligned(const k::dataset& data) {
  bool all = data.is_weighted() && data.weights().size() == data.rows();
  for (std::size_t i = 0; all && i < data.rows(); ++i) {
    all = data.weights()[i] == 0.5F * data.labels()[i];
  }
  return all;
}

std::vector<float> weights_of(const k::dataset& data) {
  return {data.weights().begin(), data.weights().end()};
}

}  // namespace

TEST_CASE("weights stay with their rows whatever is made of these") {
  for (const auto layout : t::layouts) {
    const k::dataset all = numbered(40, layout);
    const k::train_test sides = k::split(all, 0.7, 3);

    CHECK(is_aligned(all.slice(5, 30).slice(2, 9)));
    CHECK(is_aligned(sides.train));
    CHECK(is_aligned(sides.test));
    CHECK(is_aligned(k::unpack(k::pack(all.slice(3, 20)))));
    CHECK(is_aligned(k::with_constant_feature(k::dataset(all), 2.0F)));
    CHECK(is_aligned(k::renumber(
        k::dataset(all), k::by_frequency(all, k::unused_features::leave_out),
        true)));
    CHECK(weights_of(all.with_labels(std::vector<float>(40))) ==
          weights_of(all));
  }
}

TEST_CASE("weights of a slice are new without those of others") {
  const k::dataset part = numbered(6).slice(2, 5).with_weights({7, 8, 9});

  CHECK(weights_of(part.slice(1, 3)) == std::vector<float>{8, 9});
  CHECK(part.largest_weight() == 9.0F);
  CHECK(part.mean_weight() == 8.0);
  CHECK_FALSE(part.with_weights({}).is_weighted());
  CHECK(part.with_weights({}).largest_weight() == 1.0F);
  CHECK(part.with_weights({}).mean_weight() == 1.0);
}

TEST_CASE("weights tell data sets apart") {
  const k::dataset all = numbered(6);

  CHECK(k::fingerprint(all) == k::fingerprint(numbered(6)));
  CHECK(k::fingerprint(all) != k::fingerprint(all.with_weights({})));
  CHECK(k::fingerprint(all) !=
        k::fingerprint(all.with_weights({0, 1, 1, 1, 1, 1})));
}

TEST_CASE("packed weights that are none are refused") {
  for (const float odd : {-1.0F, HUGE_VALF, NAN}) {
    const auto bytes = k::pack(numbered(3).with_weights({1.0F, odd, 1.0F}));

    CHECK_THROWS_AS(k::unpack(bytes), std::invalid_argument);
  }
}

TEST_CASE("sample weights are a line each, plain or compressed") {
  const t::temporary_directory here;
  const std::string text = "1\n 0.5\r\n+2e1\n0";
  const k::dataset data = numbered(4).with_weights({});

  for (const auto& form : t::compressed_forms) {
    const auto file = here.file("w", form.of(text));
    CHECK(weights_of(k::with_sample_weights(data, file)) ==
          std::vector<float>{1.0F, 0.5F, 20.0F, 0.0F});
  }
}

TEST_CASE("sample weights multiply those of classes, and these them") {
  const t::temporary_directory here;
  const auto file = here.file("w", "1\n2\n3\n");
  const k::class_weights by_class{{{1.0F, 10.0F}}, 4.0F};
  const k::dataset data = numbered(3).with_weights({});

  const auto first =
      k::with_class_weights(k::with_sample_weights(data, file), by_class);
  const auto second =
      k::with_sample_weights(k::with_class_weights(data, by_class), file);

  CHECK(weights_of(first) == std::vector<float>{4, 20, 12});
  CHECK(weights_of(second) == weights_of(first));
}

TEST_CASE("a weight that is none is named with its line") {
  const auto [text, problem] = GENERATE(table<std::string, std::string>({
      {"1\nx\n3\n", ":2: weight 'x' is not a number"},
      {"1\n2\n-0.5\n", ":3: weight '-0.5' is negative"},
      {"1\nnan\n3\n", ":2: weight 'nan' is not finite"},
      {"inf\n2\n3\n", ":1: weight 'inf' is not finite"},
      {"1\n1e99\n3\n", ":2: weight '1e99' is too large for a float"},
      {"1\n\n3\n", ":2: an empty line"},
      {"1\n2 2\n3\n", ":2: weight '2 2' is not a number"},
      {"1\n2\n", ": weights of 2 samples for data of 3"},
      {"1\n2\n3\n4\n", ": weights of 4 samples for data of 3"},
      {"0\n0\n0\n", ": all weights are 0"},
      {"", "is empty"},
  }));
  const t::temporary_directory here;
  const auto file = here.file("w.txt", text);

  CHECK_THROWS_WITH(k::with_sample_weights(numbered(3), file),
                    Contains("w.txt") && Contains(problem));
}

TEST_CASE("balanced: every class counts as many samples as the others") {
  const k::dataset data =
      t::sparse_from(t::table(6, {1.0F}), {3, 3, 3, 7, 3, 9}, 1);

  const auto three = k::balanced_weights(data, {3, 7, 9});
  const auto two = k::balanced_weights(data, 3.0F);

  // n / (classes * count), as scikit-learn's compute_class_weight.
  CHECK(three.of(3) == 0.5F);
  CHECK(three.of(7) == 2.0F);
  CHECK(three.of(9) == 2.0F);
  CHECK(two.of(3) == 0.75F);
  CHECK(two.of(7) == 1.5F);
  CHECK(two.of(-1) == 1.5F);
}

#include "actors/plan/learning_defaults.hpp"

#include <cmath>
#include <map>

#include <catch2/catch.hpp>

#include "actors/run/start_loss.hpp"
#include "kernels/model/linear.hpp"
#include "tests/support/training.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

p::graph system(const std::string& name, unsigned replicas) {
  return *p::by_name(name, {.replicas = replicas});
}

/// With one value each.
k::dataset sparse_rows(std::size_t rows) {
  k::sparse_storage storage;
  storage.start = k::buffer<std::uint64_t>(rows + 1);
  storage.index = k::buffer<std::uint32_t>(rows);
  storage.value = k::buffer<float>(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    storage.start[i + 1] = i + 1;
  }
  return {std::move(storage), std::vector<float>(rows), 1};
}

/// Rows of norm 5, targets +-1.
k::dataset rows_of_norm_5(std::size_t rows) {
  std::vector<float> labels;
  for (std::size_t i = 0; i < rows; ++i) {
    labels.push_back(i % 2 == 0 ? 1.0F : -1.0F);
  }
  return t::dense_from(t::table(rows, {3.0F, 4.0F}), labels, 2);
}

a::learning_defaults defaults(const p::graph& wiring, k::linear_model kind,
                              const k::dataset& data, double l2 = 0.0) {
  const auto model = k::make_linear(kind, data, 1, {k::penalty_form::l2, l2});
  return a::find_defaults(wiring, *model, data, 0);
}

}  // namespace

TEST_CASE("learning defaults: the step is 1 over curvature and squared norm") {
  const auto data = rows_of_norm_5(64);

  REQUIRE(defaults(p::serial(), k::linear_model::svm, data).step ==
          Approx(1.0 / 25));
  REQUIRE(defaults(p::serial(), k::linear_model::logistic, data).step ==
          Approx(4.0 / 25));
  REQUIRE(defaults(p::serial(), k::linear_model::least_squares, data).step ==
          Approx(1.0 / 25));
}

TEST_CASE("learning defaults: a few long rows lower the step of all") {
  auto rows = t::table(99, {1.0F});
  rows.push_back({10.0F});
  const auto data = t::dense_from(rows, std::vector<float>(100, 1.0F), 1);

  // mean |x|^4 / mean |x|^2 = (99 + 10^4) / (99 + 100)
  REQUIRE(defaults(p::serial(), k::linear_model::least_squares, data).step ==
          Approx(199.0 / 10099.0));
}

TEST_CASE("learning defaults: a token has the square of the step to fall by") {
  const auto data = rows_of_norm_5(64);
  const auto with_token =
      defaults(system("hogwildpp", 2), k::linear_model::svm, data, 1.0 / 64);
  const auto serial =
      defaults(p::serial(), k::linear_model::svm, data, 1.0 / 64);

  CHECK(with_token.step == Approx(0.5 * serial.step));
  CHECK(with_token.decay_rate == 0.0);
  CHECK(serial.decay_rate > 0.0);
}

TEST_CASE("learning defaults: scaling the features scales the step back") {
  for (const float scale : {1e-4F, 1e-2F, 1e2F, 1e4F}) {
    const auto data = t::dense_from(t::table(50, {3.0F * scale, 4.0F * scale}),
                                    std::vector<float>(50, 1.0F), 2);

    REQUIRE(defaults(p::serial(), k::linear_model::svm, data).step * scale *
                scale ==
            Approx(1.0 / 25).epsilon(1e-4));
  }
}

TEST_CASE("learning defaults: averaging wirings step further, adding not") {
  for (const auto& [name, growth] :
       {std::pair{"star", 1.0}, std::pair{"star-in-turn", 1.0},
        std::pair{"ssp", 1.0}, std::pair{"hogwildpp", 1.0},
        std::pair{"all-to-all", 1.0}, std::pair{"ea-wild", 4.0},
        std::pair{"easgd", 4.0}, std::pair{"ad-psgd", 4.0},
        std::pair{"d-psgd", 4.0}, std::pair{"sgp", 4.0},
        std::pair{"allreduce", 4.0}, std::pair{"async-msgd", 0.1},
        std::pair{"local-sgd", 1.0}}) {
    INFO(name);
    REQUIRE(a::step_growth(system(name, 4)) == Approx(growth));
  }
}

TEST_CASE("learning defaults: a squared loss bears no longer steps") {
  const auto data = rows_of_norm_5(64);

  REQUIRE(defaults(system("d-psgd", 4), k::linear_model::least_squares, data)
              .step == Approx(1.0 / 25));
  REQUIRE(defaults(system("d-psgd", 4), k::linear_model::svm, data).step ==
          Approx(4.0 / 25));
  REQUIRE(defaults(system("d-psgd", 16), k::linear_model::svm, data).step ==
          Approx(8.0 / 25));
}

TEST_CASE("learning defaults: gradients at a barrier are of larger batches") {
  const auto data = rows_of_norm_5(64);
  const auto batch = [&](const char* name, unsigned replicas) {
    return defaults(system(name, replicas), k::linear_model::svm, data)
        .batch_size;
  };

  REQUIRE(batch("allreduce", 2) == 8);
  REQUIRE(batch("sync", 4) == 4);
  REQUIRE(batch("allreduce", 16) == 1);
  REQUIRE(batch("d-psgd", 2) == 1);
  REQUIRE(batch("star", 2) == 1);
}

TEST_CASE("learning defaults: dense samples get fifty epochs at the least") {
  REQUIRE(a::usual_epochs(p::serial(), t::blank(10)) == 1000);
  REQUIRE(a::usual_epochs(p::serial(), t::blank(1'000'000)) == 50);
  REQUIRE(a::usual_epochs(system("ea-wild", 4), t::blank(1'000'000)) == 130);
}

TEST_CASE("learning defaults: small sets get more epochs, within bounds") {
  REQUIRE(a::usual_epochs(p::serial(), sparse_rows(10)) == 1000);
  REQUIRE(a::usual_epochs(p::serial(), sparse_rows(1'000'000)) == 25);
  REQUIRE(a::usual_epochs(p::serial(), sparse_rows(10'000'000)) == 10);
  REQUIRE(a::usual_epochs(system("ea-wild", 2), sparse_rows(10'000'000)) == 13);
  REQUIRE(a::usual_epochs(system("ea-wild", 4), sparse_rows(10'000'000)) == 26);
  REQUIRE(a::usual_epochs(system("hogwildpp", 2), sparse_rows(10'000'000)) ==
          15);
}

TEST_CASE("learning defaults: no step where the objective knows none") {
  const t::tally model(1);

  const auto found = a::find_defaults(p::serial(), model, t::blank(10), 0);

  REQUIRE(found.step == 0.0);
  REQUIRE(found.epochs == 10);
}

TEST_CASE("start loss: that of zeros for linear classifiers") {
  const auto data = rows_of_norm_5(5000);
  const auto at = [&](k::linear_model kind) {
    return a::loss_at_start(*k::make_linear(kind, data, 1, {}), data, 1);
  };

  REQUIRE(at(k::linear_model::svm) == Approx(1.0));
  REQUIRE(at(k::linear_model::logistic) == Approx(std::log(2.0)));
  REQUIRE(at(k::linear_model::least_squares) == Approx(0.5));
}

TEST_CASE("start loss: no row is looked at twice, however costly the model") {
  struct batches_of_64 : t::tally {
    using tally::tally;
    std::size_t evaluation_batch() const noexcept override { return 64; }
    double row_cost(double) const noexcept override { return 1e9; }
    k::loss_sums evaluate(const k::dataset&, std::size_t first,
                          std::size_t last, const float*) const override {
      for (std::size_t i = first; i < last; ++i) {
        ++looks[i];
      }
      return {0.0, 0, last - first};
    }
    mutable std::map<std::size_t, int> looks;
  };

  for (const std::size_t rows : {1U, 40U, 64U, 65U, 127U, 128U, 200U, 1000U}) {
    const batches_of_64 model(1);
    a::loss_at_start(model, t::blank(rows), 1);

    CAPTURE(rows);
    REQUIRE(model.looks.size() <= 4 * 64);
    REQUIRE(model.looks.size() >= std::min<std::size_t>(rows, 64));
    for (const auto& [row, count] : model.looks) {
      REQUIRE(count == 1);
    }
  }
}

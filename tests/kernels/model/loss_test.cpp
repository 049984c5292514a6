#include "kernels/model/loss.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include "kernels/model/multi_class_loss.hpp"

namespace k = sounder::kernels;

namespace {

constexpr float huge = std::numeric_limits<float>::max() / 4;

}  // namespace

TEST_CASE("hinge loss is flat from the margin on") {
  REQUIRE(k::hinge_loss::value(1.0F, 1.0F) == 0.0F);
  REQUIRE(k::hinge_loss::slope(1.0F, 1.0F) == 0.0F);
  REQUIRE(k::hinge_loss::value(-2.0F, 1.0F) == 3.0F);
  REQUIRE(k::hinge_loss::slope(-2.0F, 1.0F) == -1.0F);
  REQUIRE(k::hinge_loss::slope(0.5F, -1.0F) == 1.0F);
}

TEST_CASE("logistic loss stays finite at huge margins") {
  REQUIRE(k::logistic_loss::value(huge, 1.0F) == 0.0F);
  REQUIRE(k::logistic_loss::slope(huge, 1.0F) == 0.0F);
  REQUIRE(k::logistic_loss::value(-huge, 1.0F) == huge);
  REQUIRE(k::logistic_loss::slope(-huge, 1.0F) == -1.0F);
  REQUIRE(k::logistic_loss::value(huge, -1.0F) == huge);
  REQUIRE(k::logistic_loss::slope(huge, -1.0F) == 1.0F);
}

TEST_CASE("logistic loss is log 2 at 0 and keeps small values") {
  REQUIRE(k::logistic_loss::value(0.0F, 1.0F) == Approx(std::log(2.0)));
  REQUIRE(k::logistic_loss::slope(0.0F, 1.0F) == -0.5F);
  // log(1 + exp(-50)) = exp(-50) to a relative exp(-50)
  REQUIRE(k::logistic_loss::value(50.0F, 1.0F) == Approx(std::exp(-50.0)));
}

TEST_CASE("squared loss is half the squared distance") {
  REQUIRE(k::squared_loss::value(3.0F, 1.0F) == 2.0F);
  REQUIRE(k::squared_loss::slope(3.0F, 1.0F) == 2.0F);
}

TEST_CASE("softmax stays finite at huge scores") {
  const std::vector<float> z = {huge, -huge, 0.0F};
  std::vector<float> slope(3);

  k::softmax_loss::slopes(z.data(), 3, 1, slope.data());

  REQUIRE(k::softmax_loss::value(z.data(), 3, 0) == 0.0F);
  REQUIRE(k::softmax_loss::value(z.data(), 3, 1) == 2 * huge);
  REQUIRE(slope == std::vector<float>{1.0F, -1.0F, 0.0F});
}

TEST_CASE("softmax of equal scores is uniform") {
  const std::vector<float> z(4, 100.0F);
  std::vector<float> slope(4);

  k::softmax_loss::slopes(z.data(), 4, 2, slope.data());

  REQUIRE(k::softmax_loss::value(z.data(), 4, 2) == Approx(std::log(4.0)));
  REQUIRE(slope == std::vector<float>{0.25F, 0.25F, -0.75F, 0.25F});
}

TEST_CASE("a softmax of two classes is the logistic loss") {
  for (const float z : {-3.0F, -0.5F, 0.0F, 2.0F}) {
    const std::vector<float> scores = {z, 0.0F};
    std::vector<float> slope(2);

    k::softmax_loss::slopes(scores.data(), 2, 0, slope.data());

    REQUIRE(k::softmax_loss::value(scores.data(), 2, 0) ==
            Approx(k::logistic_loss::value(z, 1.0F)));
    REQUIRE(slope[0] == Approx(k::logistic_loss::slope(z, 1.0F)));
    REQUIRE(slope[1] == Approx(-slope[0]));
  }
}

TEST_CASE("one against rest is a hinge for every class") {
  const std::vector<float> z = {2.0F, -0.5F, -1.0F};
  std::vector<float> slope(3);

  const k::one_against_rest_loss loss;

  const bool any = loss.slopes(z.data(), 3, 0, slope.data());
  std::vector<float> others(3);
  const std::vector<float> apart = {1.0F, -1.0F, -1.0F};
  const bool none = !loss.slopes(apart.data(), 3, 0, others.data());

  REQUIRE(loss.value(z.data(), 3, 0) == 0.5F);
  REQUIRE(slope == std::vector<float>{0.0F, 1.0F, 0.0F});
  REQUIRE(any);
  REQUIRE(none);
}

TEST_CASE("one against rest: a class's weight counts in its own machine") {
  const std::vector<float> z = {0.0F, -0.5F, -2.0F};
  const k::one_against_rest_loss loss{{4.0F, 1.0F, 9.0F}};
  std::vector<float> slope(3);

  loss.slopes(z.data(), 3, 0, slope.data());

  REQUIRE(loss.value(z.data(), 3, 0) == 4.0F + 0.5F);
  REQUIRE(slope == std::vector<float>{-4.0F, 1.0F, 0.0F});
}

#include "kernels/data/labels.hpp"

#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "kernels/data/data_error.hpp"

namespace k = sounder::kernels;
using Catch::Contains;

namespace {

k::dataset with(std::vector<float> labels) {
  k::sparse_storage s;
  s.start.resize(labels.size() + 1);
  return {std::move(s), std::move(labels), 3};
}

std::vector<float> labels_of(const k::dataset& data) {
  return {data.labels().begin(), data.labels().end()};
}

}  // namespace

TEST_CASE("labels: samples of classes that training lacked are left out") {
  const auto split = k::leave_out_unseen(with({4, 1, 7, -1, 4}),
                                         std::vector<float>{1, -1}, "t");

  REQUIRE(labels_of(split.data) == std::vector<float>{1, -1});
  REQUIRE(split.unseen == 3);
  REQUIRE(split.labels == std::vector<float>{4, 7});
  REQUIRE(
      k::leave_out_unseen(with({1}), std::vector<float>{1, 2}, "t").unseen ==
      0);
  REQUIRE_THROWS_WITH(
      k::leave_out_unseen(with({0, 0}), std::vector<float>{1, 2}, "t"),
      Contains("t: its labels (0) are all other ones than the training labels "
               "(1, 2)"));
}

TEST_CASE("labels: of two labels the larger one is positive") {
  const auto [file, encoded] =
      GENERATE(table<std::vector<float>, std::vector<float>>(
          {{{1, -1, 1}, {1, -1, 1}},
           {{0, 1, 0}, {-1, 1, -1}},
           {{2, 1, 2}, {1, -1, 1}},
           {{-3, 7, 7}, {-1, 1, 1}}}));
  const auto data = with(file);

  const auto set = k::distinct_labels(data, "f");

  REQUIRE(labels_of(k::encode_binary(data, set, "f")) == encoded);
}

TEST_CASE("labels: a binary model refuses more than two classes") {
  const auto data = with({3, 1, 2});
  const auto set = k::distinct_labels(data, "f");

  REQUIRE_THROWS_WITH(k::encode_binary(data, set, "f.svm"),
                      Contains("f.svm: 3 classes (1, 2, 3)") &&
                          Contains("multi-class") && Contains("--positive"));
}

TEST_CASE("labels: classes are positions among the sorted labels") {
  const auto data = with({20, -5, 7, 20});
  const auto set = k::distinct_labels(data, "f");

  const auto encoded = labels_of(k::encode_classes(data, set, "f"));

  REQUIRE(set == k::label_set{-5, 7, 20});
  REQUIRE(encoded == std::vector<float>{2, 0, 1, 2});
}

TEST_CASE("labels: a label that training lacks is named with its row") {
  const k::label_set set = {-1, 1};
  const auto test = with({1, -1, 3});

  for (const auto encode : {k::encode_binary, k::encode_classes}) {
    REQUIRE_THROWS_WITH(
        encode(test, set, "t.svm"),
        Contains("t.svm: label 3 of row 3") && Contains("(-1, 1)"));
  }
}

TEST_CASE("labels: one class stands against the rest, unseen ones too") {
  const k::label_set set = {1, 2, 3};

  const auto encoded =
      k::encode_one_against_rest(with({1, 2, 3, 9}), set, 2, "f");

  REQUIRE(labels_of(encoded) == std::vector<float>{-1, 1, -1, -1});
  REQUIRE_THROWS_WITH(k::encode_one_against_rest(with({1}), set, 4, "f"),
                      Contains("positive label 4") && Contains("1, 2, 3"));
}

TEST_CASE("labels: what is not an integer is no class") {
  const float odd = GENERATE(0.5F, NAN, INFINITY);

  REQUIRE_THROWS_WITH(k::distinct_labels(with({1, odd}), "f"),
                      Contains("row 2") && Contains("regression"));
}

TEST_CASE("labels: one class alone cannot be learnt") {
  REQUIRE_THROWS_WITH(k::distinct_labels(with({1, 1}), "f"),
                      Contains("all labels are 1;"));
  REQUIRE_THROWS_AS(k::distinct_labels(with({}), "f"), k::data_error);
}

TEST_CASE("labels: long lists are cut in messages") {
  std::vector<float> many(20);
  for (std::size_t i = 0; i < many.size(); ++i) {
    many[i] = static_cast<float>(i + 1);
  }

  REQUIRE(k::list_labels(many) == "1, 2, 3, 4, 5, 6, 7, 8, ..., 20");
  REQUIRE(k::list_labels(std::span(many).first(3)) == "1, 2, 3");
}

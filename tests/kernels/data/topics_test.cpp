#include "kernels/data/topics.hpp"

#include <catch2/catch.hpp>

#include "kernels/data/data_error.hpp"
#include "kernels/data/svmlight.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_data.hpp"

namespace k = sounder::kernels;
using Catch::Matchers::Contains;
using sounder::tests::temporary_directory;
using sounder::tests::test_data;

namespace {

k::dataset rows(std::size_t n) {
  k::sparse_storage s;
  s.start.resize(n + 1);
  return {std::move(s), std::vector<float>(n), 3};
}

std::vector<float> labels_of(const k::dataset& data) {
  return {data.labels().begin(), data.labels().end()};
}

}  // namespace

TEST_CASE("topics: a line is a sample, its words are the topics") {
  const temporary_directory where;
  const auto file = where.file("t", "GCAT CCAT\n\n\t CCAT  MCAT\r\nECAT");

  const auto topics = k::read_topics(file);

  REQUIRE(topics.rows() == 4);
  REQUIRE(topics.names ==
          std::vector<std::string>{"CCAT", "ECAT", "GCAT", "MCAT"});
  REQUIRE(topics.start == std::vector<std::uint64_t>{0, 2, 2, 4, 5});
  REQUIRE(topics.topic == std::vector<std::uint32_t>{2, 0, 0, 3, 1});
}

TEST_CASE("topics: one topic stands against the rest") {
  const temporary_directory where;
  const auto topics =
      k::read_topics(where.file("t", "GCAT CCAT\n\nCCAT\nECAT\n"));

  REQUIRE(labels_of(k::select_topic(rows(4), topics, "CCAT")) ==
          std::vector<float>{1, -1, 1, -1});
  REQUIRE(labels_of(k::select_topic(rows(4), topics, "ECAT")) ==
          std::vector<float>{-1, -1, -1, 1});
}

TEST_CASE("topics: an unknown topic is refused with those there are") {
  const temporary_directory where;
  const auto topics = k::read_topics(where.file("t", "GCAT CCAT\n"));

  REQUIRE_THROWS_WITH(
      k::select_topic(rows(1), topics, "XCAT"),
      Contains("/t: no sample has the topic 'XCAT'; there are CCAT, GCAT"));
}

TEST_CASE("topics: they must be of as many samples as the data") {
  const temporary_directory where;
  const auto topics = k::read_topics(where.file("t", "CCAT\nCCAT\n"));

  REQUIRE_THROWS_WITH(k::select_topic(rows(3), topics, "CCAT"),
                      Contains("topics of 2 samples for data of 3"));
}

TEST_CASE("topics: an unknown one is answered with what was meant") {
  const temporary_directory where;
  const auto topics = k::read_topics(where.file("t", "CCAT\nGCAT\n"));

  REQUIRE_THROWS_WITH(k::select_topic(rows(2), topics, "gcat"),
                      Contains("there are CCAT, GCAT; did you mean GCAT?"));
}

TEST_CASE("topics: what is not text is refused by line") {
  const temporary_directory where;
  const auto file = where.file("t", std::string_view("CCAT\nA\0B\n", 9));

  REQUIRE_THROWS_WITH(k::read_topics(file), Contains("/t:2: not text"));
  REQUIRE_THROWS_AS(k::read_topics(where / "missing"), k::data_error);
}

TEST_CASE("topics: CCAT against the rest is what RCV1's labels say") {
  const auto samples = test_data("rcv1/rcv1_ccat_test.svm.xz");
  const auto topics = test_data("rcv1/rcv1_ccat_test.topics.xz");
  if (!samples || !topics) {
    return;
  }
  const auto data = k::read_svmlight(*samples, {.features = 47'236});

  const auto ccat = k::select_topic(data, k::read_topics(*topics), "CCAT");

  REQUIRE(labels_of(ccat) == labels_of(data));
}

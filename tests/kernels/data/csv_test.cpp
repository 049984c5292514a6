#include "kernels/data/csv.hpp"

#include <vector>

#include <catch2/catch.hpp>

#include "kernels/data/data_error.hpp"
#include "tests/support/compressed.hpp"
#include "tests/support/temporary_directory.hpp"

namespace k = sounder::kernels;
using Catch::Matchers::Contains;

namespace {

k::dataset read(const std::string& text, const k::csv_options& options = {}) {
  k::input_file file("t.csv", text);
  return k::read_csv(file, options);
}

std::vector<float> features(const k::dataset& d) {
  const float* value = d.floats().value;
  return {value, value + d.rows() * d.features()};
}

std::vector<float> labels(const k::dataset& d) {
  return {d.labels().begin(), d.labels().end()};
}

}  // namespace

TEST_CASE("csv: the label is the column that was named") {
  const std::string text = "1,2,3\n4,5,6\n";

  REQUIRE(labels(read(text)) == std::vector<float>{1, 4});
  REQUIRE(features(read(text)) == std::vector<float>{2, 3, 5, 6});
  REQUIRE(labels(read(text, {.label_column = 1})) == std::vector<float>{2, 5});
  REQUIRE(labels(read(text, {.label_column = -1})) == std::vector<float>{3, 6});
  REQUIRE(features(read(text, {.label_column = -1})) ==
          std::vector<float>{1, 2, 4, 5});
}

TEST_CASE("csv: a first line that is not numeric is a header") {
  REQUIRE(features(read("label,1x1\n+1,2\n")) == std::vector<float>{2});
  REQUIRE(features(read("\n,a\r\n1,2\r\n")) == std::vector<float>{2});
  REQUIRE(read("1,2\n3,4\n").rows() == 2);
}

TEST_CASE("csv: blanks, empty lines and separators of choice are tolerated") {
  const std::string text = " 1 ;\t2\r\n\n \n3; -4e-1";

  const k::dataset d = read(text, {.separator = ';'});

  REQUIRE(labels(d) == std::vector<float>{1, 3});
  REQUIRE(features(d) == std::vector<float>{2, -0.4F});
  REQUIRE(features(read("1\t2\n", {.separator = '\t'})) ==
          std::vector<float>{2});
}

TEST_CASE("csv: each kind of bad line is named with its number and column") {
  struct example {
    const char* line;
    const char* problem;
  };
  const auto e = GENERATE(values<example>({
      {"1,2", "t.csv:4: 2 fields where the first line has 3"},
      {"1,2,3,4", "t.csv:4: 4 fields where the first line has 3"},
      {"1,2,3,", "t.csv:4: 4 fields where the first line has 3"},
      {"1,,3", "t.csv:4: column 2: the field is empty"},
      {"1,2, ", "t.csv:4: column 3: the field is empty"},
      {"x,2,3", "t.csv:4: column 1: 'x' is not a number"},
      {"1,2y,3", "t.csv:4: column 2: '2y' is not a number"},
      {"1,2,nan", "t.csv:4: column 3: 'nan' is not finite"},
      {"1,1e39,3", "t.csv:4: column 2: '1e39' is too large for a float"},
  }));
  for (const std::size_t block : {1UL, 1000UL}) {
    const std::string text = std::string("a,b,c\n\n1,2,3\n") + e.line + "\nx\n";
    REQUIRE_THROWS_WITH(read(text, {.block_bytes = block}),
                        Contains(e.problem));
  }
}

TEST_CASE("csv: a first line with a mistake is no header") {
  REQUIRE_THROWS_WITH(read("1,,3\n"), Contains("t.csv:1: column 2: the field"));
  REQUIRE_THROWS_WITH(read("nan,2\n1,2\n"), Contains("t.csv:1: column 1"));
}

TEST_CASE("csv: files without samples or columns say what is missing") {
  REQUIRE_THROWS_WITH(read(""), "t.csv: is empty");
  REQUIRE_THROWS_WITH(read("a,b\n"), "t.csv: has no samples");
  REQUIRE_THROWS_WITH(read("1\n"), Contains("t.csv:1: one column"));
  REQUIRE_THROWS_WITH(read("1,2\n", {.label_column = 2}),
                      Contains("no label column 2 among 2 columns"));
}

TEST_CASE("csv: block size and compression leave the result as it is") {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 200; ++i) {
    text += std::to_string(i) + "," + std::to_string(i * i) + ",0." +
            std::to_string(i) + "\n";
  }
  const auto expected = features(read(text));
  REQUIRE(expected.size() == 400);
  for (const std::size_t block : {1UL, 5UL, 64UL}) {
    REQUIRE(features(read(text, {.block_bytes = block})) == expected);
  }
  for (const auto& form : sounder::tests::compressed_forms) {
    REQUIRE(features(read(form.of(text))) == expected);
  }
}

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

TEST_CASE("csv: the first line is a header when none of it can be a number") {
  REQUIRE(read("a,,c\n1,2,3\n").rows() == 1);
  REQUIRE(read("1x1,2\"\n1,2\n", {.header = k::csv_header::yes}).rows() == 1);
  REQUIRE(read("1,2\n3,4\n", {.header = k::csv_header::yes}).rows() == 1);
  for (const char* const field : {"NA", "n/a", "?", "nan", "1e99", "x"}) {
    const std::string row = std::string("1,") + field + ",0.3\n";
    const std::string problem = std::string(": column 2: '") + field + "' ";
    REQUIRE_THROWS_WITH(read(row + "0,1,2\n"),
                        Contains("t.csv:1" + problem) &&
                            Contains("if this line is a header, say so"));
    REQUIRE_THROWS_WITH(read("0,1,2\n" + row), Contains("t.csv:2" + problem));
  }
  REQUIRE_THROWS_WITH(read("a,b\n1,2\n", {.header = k::csv_header::no}),
                      Contains("t.csv:1: column 1: 'a' is not a number"));
}

TEST_CASE("csv: a byte-order mark is no text, and lines may end with CR") {
  const std::string mark = "\xef\xbb\xbf";
  for (const std::size_t block : {1UL, 2UL, 1000UL}) {
    const k::csv_options options{.block_bytes = block};

    REQUIRE(labels(read(mark + "1,2\n3,4\n", options)) ==
            std::vector<float>{1, 3});
    REQUIRE(labels(read(mark + "a,b\r1,2\r\r\n3,4", options)) ==
            std::vector<float>{1, 3});
    REQUIRE_THROWS_WITH(read("a,b\r1,2\r3\r", options),
                        Contains("t.csv:3: 1 fields"));
  }
  REQUIRE_THROWS_WITH(read("\xff\xfe\x31"),
                      Contains("UTF-16; save it as UTF-8"));
}

TEST_CASE("csv: the separator is found by the first lines") {
  const auto text =
      GENERATE(as<std::string>{}, "1,2,3\n", "1;2;3\n", "1\t2\t3\n", "1 2  3\n",
               "\"a;b\",c,d\n1,2,3\n", "a;\"b,c\";d, e\n1;2;3\n",
               "\"1\";\"2\";\"3\"", "\ta\tb\n1\t2\t3\n", "1,\t2,\t3\n");

  REQUIRE(labels(read(text)) == std::vector<float>{1});
  REQUIRE(features(read(text)) == std::vector<float>{2, 3});
}

TEST_CASE("csv: decimal commas are named as what they are") {
  REQUIRE_THROWS_WITH(read("1;0,5;2\n"),
                      Contains("t.csv:1: column 2: '0,5' is not a number; "
                               "write a point, not a comma"));
  REQUIRE_THROWS_WITH(read("0,5;2,5;1\n", {.separator = ';'}),
                      Contains("t.csv:1: column 1: '0,5'"));
}

TEST_CASE("csv: fields may be in quotes") {
  const std::string text =
      "\"la\"\"bel\",\"a,\nb\", \"c\" \n\"1\",2, \"3\"\r\n\n4,\" 5 \",6\n";
  for (const std::size_t block : {1UL, 7UL, 1000UL}) {
    const k::dataset d = read(text, {.block_bytes = block});

    REQUIRE(labels(d) == std::vector<float>{1, 4});
    REQUIRE_THROWS_WITH(read(text + "\"7,8,9\n1,2,3\n", {.block_bytes = block}),
                        Contains("t.csv:6: column 1: the quote does not close "
                                 "on its line"));
    REQUIRE_THROWS_WITH(
        read(text + "7,\"8\"8,9\n", {.block_bytes = block}),
        Contains("t.csv:6: column 2: '\"8\"8' is not a number"));
  }
  REQUIRE_THROWS_WITH(read("a,\"b\n1,2\n"),
                      Contains("t.csv:1: column 2: the quote does not close"));
}

TEST_CASE("csv: samples without labels have all columns for features") {
  const k::dataset d = read("a,b\n1,2\n3,4\n", {.has_labels = false});

  REQUIRE(labels(d) == std::vector<float>{0, 0});
  REQUIRE(features(d) == std::vector<float>{1, 2, 3, 4});
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
    for (const unsigned threads : {1U, 3U}) {
      REQUIRE(features(read(text, {.threads = threads,
                                   .block_bytes = block})) == expected);
    }
  }
  for (const auto& form : sounder::tests::compressed_forms) {
    REQUIRE(features(read(form.of(text))) == expected);
  }
}

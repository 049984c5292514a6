#include "kernels/data/svmlight.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "kernels/data/data_error.hpp"
#include "tests/support/compressed.hpp"
#include "tests/support/temporary_directory.hpp"

namespace k = sounder::kernels;
using Catch::Matchers::Contains;
using sounder::tests::content_of;
using sounder::tests::temporary_directory;

namespace {

k::dataset read(const std::string& text,
                const k::svmlight_options& options = {}) {
  k::input_file file("t.svm", text);
  return k::read_svmlight(file, options);
}

/// The message of the error in `text`, or nothing.
std::string error_of(const std::string& text,
                     const k::svmlight_options& options = {}) {
  try {
    read(text, options);
    return "";
  } catch (const k::data_error& e) {
    return e.what();
  }
}

using pairs = std::vector<std::pair<std::uint32_t, float>>;

pairs row(const k::dataset& samples, std::size_t i) {
  const auto rows = samples.sparse();
  pairs result;
  for (auto p = rows.start[i]; p < rows.start[i + 1]; ++p) {
    result.emplace_back(rows.index[p], rows.value[p]);
  }
  return result;
}

bool same(const k::dataset& a, const k::dataset& b) {
  if (a.rows() != b.rows() || a.features() != b.features() ||
      !std::ranges::equal(a.labels(), b.labels())) {
    return false;
  }
  const auto ra = a.sparse();
  const auto rb = b.sparse();
  const auto n = a.nonzeros();
  return std::equal(ra.start, ra.start + a.rows() + 1, rb.start) &&
         std::equal(ra.index, ra.index + n, rb.index) &&
         std::equal(ra.value, ra.value + n, rb.value);
}

/// Rows of differing length, some empty, with numbers of every size.
k::dataset random_samples(std::size_t rows) {
  std::mt19937 engine(11);
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  std::uniform_real_distribution<float> exponent(-30, 30);
  k::sparse_storage s;
  s.start.push_back(0);
  std::vector<float> labels;
  for (std::size_t i = 0; i < rows; ++i) {
    std::uint32_t index = random() % 5;
    for (auto left = random() % 30; left > 0; --left) {
      s.index.push_back(index);
      s.value.push_back((random() % 2 == 0 ? 1.0F : -1.0F) *
                        std::pow(10.0F, exponent(engine)));
      index += 1 + random() % 1000;
    }
    s.start.push_back(s.index.size());
    labels.push_back(std::pow(10.0F, exponent(engine)));
  }
  return {std::move(s), std::move(labels), 50'000};
}

}  // namespace

TEST_CASE("svmlight: labels, indices and values arrive") {
  const k::dataset d = read("+1 1:0.5 3:-2\n-1 2:1e2\n");

  REQUIRE(d.rows() == 2);
  REQUIRE(d.features() == 3);
  REQUIRE(d.labels()[0] == 1.0F);
  REQUIRE(d.labels()[1] == -1.0F);
  REQUIRE(row(d, 0) == pairs{{0, 0.5F}, {2, -2.0F}});
  REQUIRE(row(d, 1) == pairs{{1, 100.0F}});
}

TEST_CASE("svmlight: blanks, comments, qid and missing ends are tolerated") {
  const std::string text =
      "# head\r\n\r\n\t\n"
      "  1\tqid:7  1:2\t 4:5  # tail 3:3\r\n"
      "2\n"
      "3#no pairs\n"
      "4 qid:1\n"
      "5 2:0\r\n"
      "6 1:1#";

  const k::dataset d = read(text);

  REQUIRE(d.rows() == 6);
  REQUIRE(row(d, 0) == pairs{{0, 2.0F}, {3, 5.0F}});
  REQUIRE(row(d, 1).empty());
  REQUIRE(row(d, 4) == pairs{{1, 0.0F}});
  REQUIRE(row(d, 5) == pairs{{0, 1.0F}});
  for (std::size_t i = 0; i < 6; ++i) {
    REQUIRE(d.labels()[i] == static_cast<float>(i + 1));
  }
}

TEST_CASE("svmlight: the width is the declared one, or that of the data") {
  REQUIRE(read("1 5:1\n").features() == 5);
  REQUIRE(read("1 5:1\n", {.features = 9}).features() == 9);
  REQUIRE(read("1 5:1\n", {.zero_based = true}).features() == 6);
  REQUIRE(read("1\n", {.features = 3}).features() == 3);
  REQUIRE(read("1 4294967294:1\n").features() == 4294967294);
  REQUIRE(row(read("1 0:1 2:2\n", {.zero_based = true}), 0) ==
          pairs{{0, 1.0F}, {2, 2.0F}});
}

TEST_CASE("svmlight: each kind of bad line is named with its number") {
  struct example {
    const char* line;
    const char* problem;
  };
  const auto e = GENERATE(values<example>({
      {"x 1:1", "label 'x' is not a number"},
      {"1x 1:1", "label '1x' is not a number"},
      {"nan 1:1", "label 'nan' is not finite"},
      {"1e99 1:1", "label '1e99' is too large for a float"},
      {"1:1 2:1", "no label before '1:1'"},
      {"1,3,7 5:0.1", "several labels '1,3,7'; give each sample one"},
      {"1 0:1", "index 0; indices start at 1 (--zero-based"},
      {"1 3:1 2:1", "index 2 after 3; indices must ascend"},
      {"1 3:1 3:1", "index 3 twice"},
      {"1 11:1", "index 11 is beyond the declared 10 features (--features)"},
      {"1 4294967295:1", "index '4294967295' is too large"},
      {"1 18446744073709551617:1", "index '18446744073709551617' is too"},
      {"1 -3:1", "index '-3' is not a whole number"},
      {"1 a:1", "index 'a' is not a whole number"},
      {"1 1.5:1", "index '1.5' is not a whole number"},
      {"1 :1", "index '' is not a whole number"},
      {"1 5", "'5' is not INDEX:VALUE"},
      {"1 word", "'word' is not INDEX:VALUE"},
      {"1 5:", "value '' of index 5 is not a number"},
      {"1 5: x", "value 'x' of index 5 is not a number"},
      {"1 5:x", "value 'x' of index 5 is not a number"},
      {"1 5:1x", "value '1x' of index 5 is not a number"},
      {"1 5:1:2", "value '1:2' of index 5 is not a number"},
      {"1 5:1,6:2", "value '1,6:2' of index 5 is not a number"},
      {"1 5:inf", "value 'inf' of index 5 is not finite"},
      {"1 5:-nan", "value '-nan' of index 5 is not finite"},
      {"1 5:1e39", "value '1e39' of index 5 is too large for a float"},
      {"1 5:1 qid:3", "index 'qid' is not a whole number"},
  }));
  const std::string good = "1 1:1\n# comment\n\n-1 2:1\n";
  const std::string text = good + e.line + "\n1 bad too\n";

  REQUIRE_THAT(error_of(text, {.features = 10}),
               Contains(std::string("t.svm:5: ") + e.problem));
}

TEST_CASE("svmlight: the first bad line is reported whatever the threads do") {
  std::string text;
  for (int i = 1; i <= 2000; ++i) {
    text += i == 700 || i == 705 || i == 1500 ? "1 bad\n" : "1 1:1 2:2\n";
  }
  for (const unsigned threads : {1U, 2U, 5U}) {
    for (const std::size_t block : {1UL, 7UL, 100UL, 100'000UL}) {
      const std::string error =
          error_of(text, {.threads = threads, .block_bytes = block});
      REQUIRE_THAT(error, Contains("t.svm:700: 'bad'"));
    }
  }
}

TEST_CASE("svmlight: files without content say what is missing") {
  REQUIRE(error_of("") == "t.svm: is empty");
  REQUIRE(error_of("\n# nothing\n") == "t.svm: has no samples");
  REQUIRE_THAT(error_of("1\n-1\n"), Contains("no sample has a feature"));
}

TEST_CASE("svmlight: threads and block size leave the result as it is") {
  const temporary_directory where;
  const auto path = where / "t.svm";
  k::write_svmlight(path, random_samples(300));
  const std::string text = content_of(path);
  const k::dataset reference = read(text, {.threads = 1});

  for (const unsigned threads : {1U, 2U, 3U, 8U}) {
    for (const std::size_t block : {1UL, 2UL, 13UL, 64UL, 1000UL, 4096UL}) {
      REQUIRE(same(read(text, {.threads = threads, .block_bytes = block}),
                   reference));
    }
  }
}

TEST_CASE("svmlight: writing and reading gives the same floats") {
  const temporary_directory where;
  const k::dataset samples = random_samples(500);
  for (const bool zero_based : {false, true}) {
    k::write_svmlight(where / "t.svm", samples, zero_based);
    const k::dataset back = k::read_svmlight(
        where / "t.svm", {.features = 50'000, .zero_based = zero_based});
    REQUIRE(same(back, samples));
  }
}

TEST_CASE("svmlight: compressed text reads like plain text") {
  const temporary_directory where;
  k::write_svmlight(where / "t.svm", random_samples(300));
  const std::string text = content_of(where / "t.svm");
  for (const auto& form : sounder::tests::compressed_forms) {
    REQUIRE(same(read(form.of(text), {.threads = 2, .block_bytes = 500}),
                 read(text)));
  }
}

TEST_CASE("svmlight: a damaged file is an error even after good samples") {
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    text += fmt::format("1 {}:{}\n", i + 1, i * i);
  }
  for (const auto& form : sounder::tests::compressed_forms) {
    const std::string stored = form.of(text);
    const std::string cut = stored.substr(0, stored.size() - 5);
    REQUIRE_THAT(error_of(cut, {.threads = 2, .block_bytes = 100}),
                 Contains("t.svm: the compressed file is damaged"));
  }
}

TEST_CASE("svmlight: a bad line in a damaged file is put down to the damage") {
  std::string text = "what damage has made of the first line\n";
  for (int i = 0; i < 3000; ++i) {
    text += fmt::format("1 {}:{}\n", i + 1, i * i);
  }
  for (const auto& form : sounder::tests::compressed_forms) {
    const std::string stored = form.of(text);
    REQUIRE_THAT(error_of(stored, {.threads = 1, .block_bytes = 100}),
                 Contains("t.svm:1:"));
    const std::string cut = stored.substr(0, stored.size() - 5);
    REQUIRE_THAT(error_of(cut, {.threads = 1, .block_bytes = 100}),
                 Contains("t.svm: the compressed file is damaged"));
  }
}

TEST_CASE("svmlight: dense rows are written without their zeros") {
  const temporary_directory where;
  k::dense_storage floats;
  floats.floats.append(std::vector<float>{0, 1.5F, 0, -2, 0, 0});
  k::dense_storage bytes;
  bytes.bytes.append(std::vector<std::uint8_t>{0, 255, 3, 0});
  bytes.scale = 0.5F;

  k::write_svmlight(where / "floats", {std::move(floats), {1, -1}, 3});
  k::write_svmlight(where / "bytes", {std::move(bytes), {7, 8}, 2});

  REQUIRE(content_of(where / "floats") == "1 2:1.5\n-1 1:-2\n");
  REQUIRE(content_of(where / "bytes") == "7 2:127.5\n8 1:1.5\n");
}

TEST_CASE("svmlight: a slice is written alone, an explicit zero stays") {
  const temporary_directory where;
  const k::dataset all = read("1 1:1\n2 2:0 3:3\n3 1:1\n");

  k::write_svmlight(where / "slice", all.slice(1, 2));

  REQUIRE(content_of(where / "slice") == "2 2:0 3:3\n");
}

TEST_CASE("svmlight: what cannot be read back is not written") {
  const temporary_directory where;
  const auto path = where.file("t.svm", "old");
  k::dense_storage s;
  s.floats.append(
      std::vector<float>{1, std::numeric_limits<float>::infinity()});

  REQUIRE_THROWS_WITH(k::write_svmlight(path, {std::move(s), {1, 1}, 1}),
                      Contains("t.svm: cannot write sample 2"));
  REQUIRE(content_of(path) == "old");
}

TEST_CASE("svmlight: blanks may follow a colon, and a point may lead") {
  const k::dataset d =
      read("1   21:1.00   42:1.00   63: .50\n0\t21: \t-.5  42:1\t\n");

  REQUIRE(row(d, 0) == pairs{{20, 1}, {41, 1}, {62, 0.5F}});
  REQUIRE(row(d, 1) == pairs{{20, -0.5F}, {41, 1}});
  REQUIRE_THAT(error_of("1 2: x 3:1\n"),
               Contains("t.svm:1: value 'x' of index 2"));
  REQUIRE_THAT(error_of("1 2: 3:1\n"), Contains("value '3:1' of index 2"));
  REQUIRE_THAT(error_of("1 2:\n3 4:5\n"),
               Contains("t.svm:1: value '' of index 2"));
  REQUIRE_THAT(error_of("1 2 :3\n"), Contains("'2' is not INDEX:VALUE"));
}

TEST_CASE("svmlight: a byte-order mark is no text, and lines may end with CR") {
  for (const std::size_t block : {1UL, 3UL, 1000UL}) {
    const k::svmlight_options options{.block_bytes = block};
    const k::dataset d =
        read("\xef\xbb\xbf+1 1:1\r# none\r\n-1 2:2\r\r3 1:4", options);

    REQUIRE(d.rows() == 3);
    REQUIRE(d.labels()[1] == -1);
    REQUIRE(row(d, 2) == pairs{{0, 4}});
    REQUIRE_THAT(error_of("1 1:1\r\n2 1:1\rx 1:1\r", options),
                 Contains("t.svm:3: label 'x'"));
  }
  REQUIRE_THAT(error_of(std::string("\xfe\xff\0\x31", 4)),
               Contains("is text in UTF-16; save it as UTF-8"));
  REQUIRE_THAT(error_of("\xef\xbb\xbf"), Contains("has no samples"));
}

TEST_CASE("svmlight: labels may be missing where none are needed") {
  const k::dataset d = read("1:0.89 2:1\n7 1:1\n", {.needs_labels = false});

  REQUIRE(row(d, 0) == pairs{{0, 0.89F}, {1, 1}});
  REQUIRE(d.labels()[0] == 0);
  REQUIRE(d.labels()[1] == 7);
  REQUIRE_THAT(error_of("x 1:1\n", {.needs_labels = false}),
               Contains("label 'x' is not a number"));
  REQUIRE_THAT(error_of("1:0.89 2:1\n"),
               Contains("t.svm:1: no label before '1:0.89'; give each sample "
                        "one ('sounder predict' needs none)"));
}

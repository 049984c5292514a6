// What a terminal shows: nothing wider than it is, one line of progress a run.

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/program/nodes.hpp"
#include "tests/program/program.hpp"
#include "tests/support/screen.hpp"

namespace {

using namespace sounder::tests;

struct shown {
  int code = -1;
  std::vector<std::string> rows;
  std::size_t wraps = 0;
  std::string output;
};

shown on_terminal(const words& line, unsigned columns) {
  terminal_process seen(program_words(line), columns);
  shown all;
  all.code = seen.finish();
  all.output = seen.output();
  screen view(columns);
  view.write(all.output);
  all.rows = view.rows();
  all.wraps = view.wraps();
  return all;
}

std::size_t rows_with(const shown& seen, const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      seen.rows.begin(), seen.rows.end(),
      [&](const std::string& row) { return row.find(text) != row.npos; }));
}

/// The row that begins with this word and goes on with what the others say.
std::string row_of(const shown& seen, const std::string& first) {
  for (const std::string& row : seen.rows) {
    if (row.starts_with(first)) {
      return row;
    }
  }
  return "";
}

const words small = {"--generate", "p1", "--rows", "500", "--test-rows", "100"};

}  // namespace

TEST_CASE("a terminal shows one line of progress a run, and no wider one") {
  const unsigned columns = GENERATE(80U, 50U, 30U);
  const auto [line, runs] = GENERATE(table<words, std::size_t>({
      {{"train", "--epochs", "7"}, 1},
      {{"compare", "--epochs", "7", "--topologies", "hogwild,star"}, 4},
  }));
  INFO(columns << " columns, " << line[0]);

  const shown seen = on_terminal(line + small, columns);

  INFO(seen.output);
  CHECK(seen.code == 0);
  CHECK(seen.wraps == 0);
  CHECK(rows_with(seen, "epoch 7/7") == runs);
  CHECK(rows_with(seen, "epoch 3/7") == 0);
  CHECK(rows_with(seen, "  loss 0.") == runs);
}

TEST_CASE("progress keeps to a window that has become narrower") {
  terminal_process seen(
      program_words({"train", "--generate", "p1", "--epochs", "1000000"}), 100);
  REQUIRE(seen.shows("epoch 2/"));

  seen.resize(40);
  // The row or two that the long line wrapped into, and some lines more.
  REQUIRE(seen.shows("A\r\x1b[J"));
  for (int k = 0; k < 20; ++k) {
    REQUIRE(seen.shows("\r", seen.output().size()));
  }

  screen view(40);
  const std::string& all = seen.output();
  view.write(all.substr(all.find("\x1b[J")));
  CHECK(view.wraps() == 0);
}

TEST_CASE("tables have the width of the terminal, and names and losses stay") {
  const unsigned columns = GENERATE(80U, 50U, 40U);
  const auto [line, name, value] =
      GENERATE(table<words, std::string, std::string>({
          {words{"train", "--epochs", "3", "--topology", "star"} + small,
           "epoch ", "train loss"},  // the table's, not the progress line's
          {words{"compare", "--epochs", "2"} + small, "topology", "train loss"},
          {{"topology", "async-easgd", "--replicas", "3", "--analyse"},
           "link",
           "exchange"},
          {{"topology"}, "system", ""},
          {{"model"}, "model", ""},
          {{"model", "resnet50"}, "layer", "parameters"},
          {{"model", "googlenet-bn"}, "layer", "parameters"},
      }));
  INFO(columns << " columns: " << fmt::format("{}", fmt::join(line, " ")));

  const shown seen = on_terminal(line, columns);

  INFO(seen.output);
  CHECK(seen.code == 0);
  CHECK(seen.wraps == 0);
  CHECK_THAT(row_of(seen, name + " "), Catch::Contains(value));
}

TEST_CASE("a description of data and a node's status keep to the terminal") {
  const temporary_directory here;
  const std::string file =
      here.file("samples-with-a-name-that-is-rather-long.svm", separable)
          .string();
  const node idle;

  const shown info = on_terminal({"data", "info", file}, 30);
  const shown status = on_terminal({"status", idle.address()}, 30);

  INFO(info.output << status.output);
  CHECK(info.code == 0);
  CHECK(info.wraps == 0);
  CHECK_THAT(row_of(info, "samples"), Catch::EndsWith(" 4"));
  CHECK(status.code == 0);
  CHECK(status.wraps == 0);
}

TEST_CASE("what is no terminal gets the full width") {
  const outcome seen =
      program(words{"compare", "--epochs", "2"} + small, {"COLUMNS=40"});

  CHECK(seen.code == 0);
  CHECK_THAT(seen.out, Catch::Contains("topology     workers") &&
                           Catch::Contains(
                               "samples  train loss  train error  test error"));
}

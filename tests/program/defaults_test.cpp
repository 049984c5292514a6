// What becomes of a run when nobody types an option.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/program/program.hpp"

using namespace sounder::tests;
using nlohmann::json;

namespace {

json train(const words& options) {
  const outcome seen =
      program(words{"train", "--quiet", "--output", "json"} + options);
  INFO(seen.err);
  REQUIRE(seen.code == 0);
  return json::parse(seen.out);
}

double last_loss(const json& run) {
  return run.at("epochs").back().at("train_loss");
}

/// A hundred features, a fifth of them in each sample, some labels wrong.
words generated_lines(const temporary_directory& here, int rows) {
  const std::string file = (here.path() / "plain.svm").string();
  REQUIRE(program({"data", "generate", "--kind", "p1", "--rows",
                   std::to_string(rows), "--out", file, "--quiet"})
              .code == 0);
  std::ifstream in(file);
  words lines;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  return lines;
}

/// The samples in another order, under other labels, each value times
/// `factor`.
std::string otherwise(words lines, double factor) {
  std::shuffle(lines.begin(), lines.end(), std::minstd_rand(5));
  std::string text;
  for (const std::string& line : lines) {
    std::istringstream in(line);
    double label = 0.0;
    in >> label;
    text += label > 0.0 ? "7" : "3";
    for (std::string pair; in >> pair;) {
      const std::size_t colon = pair.find(':');
      text += fmt::format(" {}:{:.9g}", pair.substr(0, colon),
                          factor * std::atof(pair.c_str() + colon + 1));
    }
    text += '\n';
  }
  return text;
}

const std::vector<words>& wirings() {
  static const std::vector<words> all = {
      {"--topology", "serial"},
      {"--topology", "hogwild", "--workers", "2"},
      {"--topology", "star", "--replicas", "4"},
      {"--topology", "hogwildpp"},
      {"--topology", "ea-wild"},
      {"--topology", "ad-psgd"},
      {"--topology", "d-psgd"},
      {"--topology", "ssp"},
      {"--topology", "local-sgd"},
      {"--topology", "allreduce"},
  };
  return all;
}

}  // namespace

TEST_CASE("defaults: every wiring ends near the optimum, at any scale") {
  const temporary_directory here;
  const words lines = generated_lines(here, 300);
  const words files = {
      (here.path() / "plain.svm").string(),
      here.file("small.svm", otherwise(lines, 1e-4)).string(),
      here.file("large.svm", otherwise(lines, 1e4)).string(),
  };

  // Of many seeds the median is below 1.05 (docs/results/defaults.md). Here is
  // one, on a machine that may be busy: a token then waits for whoever sleeps.
  constexpr double worst = 1.15;
  for (const std::string& data : files) {
    const double optimum =
        last_loss(train({"--data", data, "--topology", "serial"}));
    for (const words& wiring : wirings()) {
      INFO(wiring[1] << " " << data);
      CHECK(last_loss(train(words{"--data", data} + wiring)) < worst * optimum);
    }
  }
}

TEST_CASE("defaults: a step that diverges is halved, and that is said") {
  // Every other sample is looked at for the step, the others are ten times as
  // long and have a feature of their own.
  std::string text;
  for (int i = 0; i < 16'384; ++i) {
    text += i % 2 == 0 ? "0.1 1:0.1\n" : "2 2:1\n";
  }
  const temporary_directory here;
  const words run = {
      "train",   "--data",        here.file("x.svm", text).string(),
      "--model", "least-squares", "--normalise",
      "none",    "--epochs",      "2"};

  const outcome found = program(run);
  const outcome chosen = program(run + words{"--step", "100"});

  CHECK(found.code == 0);
  CHECK_THAT(found.err, Catch::Contains("again with half the step"));
  CHECK(chosen.code == 1);
  CHECK_THAT(chosen.err, Catch::Contains("diverged: the loss is") &&
                             Catch::Contains("; try "));
}

TEST_CASE("defaults: a model worse than none is no success") {
  const temporary_directory here;
  // One sample in the way of all others, and a step that leaves it there.
  std::string text;
  for (int i = 0; i < 63; ++i) {
    text += "1 1:1\n";
  }
  text += "-1 1:100\n";
  const std::string data = here.file("x.svm", text).string();
  const std::string model = (here.path() / "m.txt").string();

  const outcome seen =
      program({"train", "--data", data, "--normalise", "none", "--order",
               "sequential", "--step", "10", "--schedule", "constant",
               "--epochs", "1", "--save", model});

  CHECK(seen.code == 1);
  CHECK_THAT(seen.err, Catch::Contains("at the start"));
  CHECK_FALSE(std::ifstream(model).good());
}

TEST_CASE("defaults: schedules move within an epoch of a small set") {
  const json run = train(
      {"--generate", "p1", "--rows", "64", "--warmup", "1", "--epochs", "1"});

  CHECK(last_loss(run) < 0.99);
}

TEST_CASE("defaults: more epochs never end worse") {
  double before = 1.0;
  for (const char* const epochs : {"3", "10", "30", "100"}) {
    const double loss =
        last_loss(train({"--generate", "p1", "--rows", "1000", "--topology",
                         "serial", "--epochs", epochs}));

    CHECK(loss < 1.002 * before);
    before = loss;
  }
}

TEST_CASE("defaults: the loss shown is that of the model saved") {
  const temporary_directory here;
  generated_lines(here, 400);
  const std::string data = (here.path() / "plain.svm").string();
  const std::string model = (here.path() / "m.txt").string();
  words end;
  SECTION("of a run that is done") { end = {"--epochs", "3"}; }
  SECTION("of one that its time limit stops within an epoch") {
    end = {"--epochs", "1000000",      "--evaluate-every",
           "500000",   "--time-limit", "0.5"};
  }

  for (const words& wiring : wirings()) {
    INFO(wiring[1]);
    const json run =
        train(words{"--data", data, "--save", model} + end + wiring);
    const outcome seen = program({"evaluate", "--model-file", model, "--data",
                                  data, "--output", "json"});
    REQUIRE(seen.code == 0);

    REQUIRE_FALSE(run.at("epochs").empty());
    const json& last = run.at("epochs").back();
    CHECK(json::parse(seen.out).at("loss").get<double>() ==
          Approx(last.at("train_loss").get<double>() -
                 last.at("penalty").get<double>())
              .epsilon(1e-4));
  }
}

// Networks from the command line: training, files, several processes.

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/program/small_images.hpp"

namespace {

using namespace sounder;
using namespace sounder::tests;
using json = nlohmann::json;

/// The numbers of each line.
std::vector<std::vector<double>> table_of(const std::string& text) {
  std::vector<std::vector<double>> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream numbers(line);
    rows.emplace_back(std::istream_iterator<double>(numbers),
                      std::istream_iterator<double>());
  }
  return rows;
}

}  // namespace

TEST_CASE("a network by name or from a file learns, is saved and predicts") {
  const small_images data;
  const std::string model = GENERATE("mlp:8", "file");
  const std::string file = data.trained(
      model == "file" ? data.path("mine.net") : model, {"--batch", "8"});

  const json measured = data.evaluate(file);
  const outcome predicted =
      program({"predict", "--model-file", file, "--data", data.folder(),
               "--scores", "--probabilities"});

  CHECK(measured["model"] == "network");
  CHECK(measured["samples"] == 24);
  CHECK(measured["error"].get<double>() < 0.1);
  const auto rows = table_of(predicted.out);
  REQUIRE(rows.size() == 24);
  std::size_t errors = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    REQUIRE(rows[i].size() == 1 + 3 + 3);
    errors += rows[i][0] == static_cast<double>(i % 3) ? 0 : 1;
    CHECK(rows[i][4] + rows[i][5] + rows[i][6] == Approx(1.0));
  }
  CHECK(errors == measured["errors"].get<std::size_t>());
}

TEST_CASE("predictions of images need no labels") {
  const small_images data;
  const std::string file = data.trained("mlp:8", {"--epochs", "1"});
  const words predict = {"predict", "--model-file", file, "--data",
                         data.folder()};
  const outcome with_labels = program(predict);

  std::filesystem::remove(data.path("t10k-labels-idx1-ubyte"));

  CHECK(with_labels.code == 0);
  CHECK(program(predict).out == with_labels.out);
  check_complaint(
      program({"evaluate", "--model-file", file, "--data", data.folder()}), 3,
      "t10k-labels-idx1-ubyte: is missing");
}

TEST_CASE("evaluation of a saved network is that of the last epoch") {
  const small_images data;
  const outcome seen = data.train(
      data.path("mine.net"),
      {"--epochs", "2", "--output", "json", "--save", data.path("m.npz")});
  REQUIRE(seen.code == 0);
  const json last = json::parse(seen.out)["epochs"].back();

  const json measured = data.evaluate(data.path("m.npz"));

  CHECK(measured["loss"].get<double>() ==
        Approx(last["test_loss"].get<double>()).epsilon(1e-4));
  CHECK(measured["error"] == last["test_error"]);
}

TEST_CASE("a resumed network begins where the saved one ended") {
  const small_images data;
  const std::string file = data.trained("mlp:8", {"--epochs", "3"});
  const double saved = data.evaluate(file)["loss"];

  const outcome seen =
      data.train("mlp:8", {"--warm-start", file, "--epochs", "1", "--step",
                           "1e-20", "--output", "json"});

  REQUIRE(seen.code == 0);
  CHECK(json::parse(seen.out)["epochs"][0]["test_loss"].get<double>() ==
        Approx(saved).epsilon(1e-5));
}

TEST_CASE("outputs without a label are never predicted") {
  const small_images data;
  const std::string file =
      data.trained(data.network("input 8x8x1\ndense 200\n"),
                   {"--epochs", "1", "--step", "1e-20"});

  const outcome seen = program({"predict", "--model-file", file, "--data",
                                data.folder(), "--probabilities"});

  for (const std::vector<double>& row : table_of(seen.out)) {
    REQUIRE(row.size() == 4);
    CHECK(row[0] < 3);
    CHECK(row[1] + row[2] + row[3] == Approx(1.0));
  }
}

TEST_CASE("a dumped config repeats the run of a network") {
  const small_images data;
  const words options = {"--epochs", "2",        "--flip", "--image",
                         "8x8x1",    "--output", "json"};
  const outcome dumped = data.train("mlp:8", options + words{"--dump-config"});
  REQUIRE(dumped.code == 0);
  const std::string config = data.path("run.cfg");
  std::ofstream(config) << dumped.out;

  const outcome first = data.train("mlp:8", options);
  const outcome second = program({"train", "--config", config});

  INFO(first.err << second.err);
  REQUIRE(first.code == 0);
  REQUIRE(second.code == 0);
  const auto losses = [](const outcome& run) {
    std::vector<double> all;
    const auto report = nlohmann::json::parse(run.out);
    for (const auto& epoch : report["epochs"]) {
      all.push_back(epoch["train_loss"].get<double>());
    }
    return all;
  };
  CHECK(losses(first) == losses(second));
}

TEST_CASE("a profile has a row for every layer and one for the rest") {
  const small_images data;
  const std::string file = data.path("mine.net");

  const outcome table = data.train(file, {"--profile", "--epochs", "1"});
  const outcome text =
      data.train(file, {"--profile", "--epochs", "1", "--output", "json"});

  for (const char* const part : {"layer", "GFLOP/s", "conv1", "bn1", "relu1",
                                 "max-pool1", "fc", "other", "all layers: "}) {
    CHECK_THAT(table.out, Catch::Contains(part));
  }
  const json layers = json::parse(text.out)["profile"];
  REQUIRE(layers.size() == 5);
  CHECK(layers[0]["layer"] == "conv1");
  for (const char* const key : {"forward_s", "backward_s", "flops"}) {
    CHECK(layers[0][key].get<double>() > 0.0);
  }
}

TEST_CASE("a deterministic network gives the same bytes for the same seed") {
  const small_images data;
  const words how = GENERATE(words{}, words{"--workers", "2"},
                             words{"--replicas", "2", "--topology", "star"});
  const auto train = [&](const std::string& seed) {
    const words more = {"--deterministic", "--epochs", "2",  "--crop",  "1",
                        "--flip",          "--seed",   seed, "--batch", "8"};
    return content_of(data.trained(data.path("mine.net"), more + how));
  };

  const std::string first = train("3");

  CHECK(train("3") == first);
  CHECK(train("4") != first);
}

TEST_CASE("two node processes train a network") {
  const small_images data;
  const std::string system = GENERATE("star", "allreduce");
  const std::string file = data.path("m.npz");

  const outcome seen =
      program({"launch", "--local", "2", "--topology", system, "--data",
               data.folder(), "--model", data.path("mine.net"), "--batch", "8",
               "--epochs", "8", "--quiet", "--save", file});

  INFO(seen.err);
  REQUIRE(seen.code == 0);
  CHECK(data.evaluate(file)["error"].get<double>() < 0.1);
}

TEST_CASE("a node trains a network on its own copy of the images") {
  const small_images data;
  process node(program_words(
      {"node", "--listen", "127.0.0.1:0", "--data", data.folder()}));
  const std::string line = node.prints("\n");
  const std::string start = "listening on ";
  REQUIRE_THAT(line, Catch::StartsWith(start));
  const std::string address =
      line.substr(start.size(), line.size() - start.size() - 1);

  const outcome seen = data.train(
      data.path("mine.net"),
      {"--flip", "--crop", "1", "--label-smoothing", "0.1", "--batch", "8",
       "--epochs", "1", "--replicas", "2", "--nodes", address});

  INFO(seen.err);
  CHECK(seen.code == 0);
}

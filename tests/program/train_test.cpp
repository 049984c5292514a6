// sounder train: results, metrics, interrupts, what stops a run.

#include <csignal>
#include <sstream>

#include <nlohmann/json.hpp>

#include "tests/program/program.hpp"
#include "tests/support/image_files.hpp"

namespace {

using namespace sounder::tests;
using json = nlohmann::json;

std::vector<json> lines_of(const std::filesystem::path& file) {
  std::vector<json> records;
  std::istringstream text(content_of(file));
  for (std::string line; std::getline(text, line);) {
    records.push_back(json::parse(line));
  }
  return records;
}

/// A run on P1 that lasts until it is told to stop.
std::vector<std::string> endless(const std::filesystem::path& model) {
  return program_words({"train", "--generate", "p1", "--epochs", "100000000",
                        "--workers", "2", "--save", model.string()});
}

}  // namespace

TEST_CASE("a result on stdout, progress on stderr") {
  const outcome seen =
      program({"train", "--generate", "p1", "--epochs", "3", "--step", "0.01"});

  CHECK(seen.code == 0);
  CHECK_THAT(seen.out, Catch::Contains("epochs done after"));
  CHECK_THAT(seen.out, Catch::Contains("test error"));
  CHECK_THAT(seen.err, Catch::Contains("epoch 1/3"));
  CHECK_THAT(seen.err, Catch::Contains("epoch 3/3"));
}

TEST_CASE("quiet means nothing on stderr") {
  const outcome seen =
      program({"train", "--generate", "p1", "--epochs", "1", "--quiet"});

  CHECK(seen.code == 0);
  CHECK(seen.err.empty());
}

TEST_CASE("the result as JSON has the run and its epochs") {
  const outcome seen =
      program({"train", "--generate", "p1", "--epochs", "2", "--workers", "2",
               "--output", "json", "--quiet"});

  const json result = json::parse(seen.out);
  CHECK(result["topology"] == "hogwild");
  CHECK(result["workers"] == 2);
  CHECK(result["stop_reason"] == "epochs done");
  CHECK(result["epochs"].size() == 2);
  CHECK(result["epochs"][1]["epoch"] == 2);
}

TEST_CASE("metrics are JSON lines with the documented keys") {
  const temporary_directory here;
  const std::string data = here.file("x.svm", separable).string();

  const outcome seen =
      program({"train", "--data", data, "--test", data, "--epochs", "2",
               "--metrics", (here / "m.jsonl").string()});

  REQUIRE(seen.code == 0);
  const std::vector<json> records = lines_of(here / "m.jsonl");
  REQUIRE(records.size() == 5);
  for (const json& record : records) {
    CHECK(record["run"] == records[0]["run"]);
    CHECK(record["time_s"].is_number());
  }
  CHECK(records[0]["event"] == "load");
  CHECK(records[0]["file"] == data);
  CHECK(records[0]["bytes"] == std::string_view(separable).size());
  CHECK(records[0]["seconds"].is_number());
  CHECK(records[3]["event"] == "epoch");
  CHECK(records[3]["epoch"] == 2);
  CHECK(records[3]["samples"] == 8);
  CHECK(records[3]["nonzeros"] == 12);
  for (const char* const key :
       {"train_s", "samples_per_s", "nonzeros_per_s", "train_loss",
        "train_error", "test_loss", "test_error", "step_size", "penalty"}) {
    INFO(key);
    CHECK(records[3][key].is_number());
  }
  CHECK(records[4]["event"] == "end");
  CHECK(records[4]["stop_reason"] == "epochs done");
  CHECK(records[4]["epochs"] == 2);
  for (const char* const key : {"total_s", "train_s", "peak_rss_bytes"}) {
    CHECK(records[4][key].is_number());
  }
}

TEST_CASE("metrics and models that cannot be written stop the run first") {
  const temporary_directory here;

  check_complaint(program({"train", "--generate", "p1", "--quiet", "--metrics",
                           (here / "no/m.jsonl").string()}),
                  3, "m.jsonl: cannot be written");
  check_complaint(program({"train", "--generate", "p1", "--quiet", "--save",
                           (here / "no/m.txt").string()}),
                  3, "does not exist");
}

TEST_CASE("an interrupt ends the run with 130 and a model that loads") {
  const temporary_directory here;
  const int number = GENERATE(SIGINT, SIGTERM);
  process running(endless(here / "m.txt"));
  REQUIRE(running.says("epoch 1/"));

  running.signal(number);
  const outcome seen = running.finish();

  CHECK(seen.code == 130);
  CHECK_THAT(seen.err, Catch::Contains("sounder: interrupted"));
  CHECK(program({"evaluate", "--model-file", (here / "m.txt").string(),
                 "--data", here.file("x.svm", separable).string()})
            .code == 0);
}

TEST_CASE("a deterministic run gives the same bytes again") {
  const temporary_directory here;
  const std::string topology = GENERATE("hogwild", "round-robin", "aig");
  const auto train = [&](const std::string& file) {
    return program({"train", "--generate", "p1", "--rows", "500", "--epochs",
                    "3", "--topology", topology, "--workers", "3",
                    "--deterministic", "--quiet", "--save",
                    (here / file).string()})
        .code;
  };

  REQUIRE(train("a.txt") == 0);
  REQUIRE(train("b.txt") == 0);

  CHECK(content_of(here / "a.txt") == content_of(here / "b.txt"));
}

TEST_CASE("divergence is exit code 1, names a step size, saves nothing") {
  const temporary_directory here;

  const outcome seen = program({"train", "--generate", "p4", "--model",
                                "least-squares", "--step", "1000", "--quiet",
                                "--save", (here / "m.txt").string()});

  CHECK(seen.code == 1);
  CHECK_THAT(seen.err, Catch::StartsWith("sounder: diverged"));
  CHECK_THAT(seen.err, Catch::Contains("try 0."));
  CHECK_FALSE(std::filesystem::exists(here / "m.txt"));
}

TEST_CASE("stopping rules end a run early with exit code 0") {
  const auto [option, value, reason] =
      GENERATE(table<std::string, std::string, std::string>(
          {{"--target-error", "0.5", "target reached"},
           {"--loss-change", "1000", "loss settled"},
           {"--time-limit", "0.001", "time spent"}}));

  const outcome seen =
      program({"train", "--generate", "p1", "--epochs", "100000", "--quiet",
               "--step", "0.01", option, value});

  CHECK(seen.code == 0);
  CHECK_THAT(seen.out, Catch::Contains(reason));
}

TEST_CASE("more workers than processors are told apart from speed") {
  const outcome seen = program({"train", "--generate", "p1", "--rows", "1000",
                                "--epochs", "1", "--workers", "1000"});

  CHECK(seen.code == 0);
  CHECK_THAT(seen.err, Catch::Contains("oversubscribed"));
}

TEST_CASE("a folder of images trains on one half and tests on the other") {
  const temporary_directory here;
  here.file("train-images-idx3-ubyte", idx_images(40));
  here.file("train-labels-idx1-ubyte", idx_labels(40));
  here.file("t10k-images-idx3-ubyte", idx_images(20));
  here.file("t10k-labels-idx1-ubyte", idx_labels(20));

  const outcome seen =
      program({"train", "--data", here.path().string(), "--model", "softmax",
               "--step", "1e-5", "--rows", "30", "--output", "json"});

  REQUIRE(seen.code == 0);
  const json result = json::parse(seen.out);
  CHECK(result["samples"] == 30);
  CHECK(result["features"] == 6);
  CHECK(result["epochs"].back()["test_error"].is_number());
}

TEST_CASE("closed standard streams do no harm") {
  const temporary_directory here;
  const std::string model = (here / "m.txt").string();

  const outcome seen = run({"sh", "-c",
                            SOUNDER_PROGRAM " train --generate p1 --save " +
                                model + " <&- >&- 2>&-"});

  CHECK(seen.code == 0);
  CHECK_THAT(content_of(model), Catch::StartsWith("solver_type"));
}

TEST_CASE("a result that cannot be printed is exit code 3") {
  const outcome seen = run(
      {"sh", "-c", SOUNDER_PROGRAM " train --generate p1 --quiet >/dev/full"});

  check_complaint(seen, 3, "cannot write to standard output");
}

TEST_CASE("a batch that grows shows in the table and in the records") {
  const auto train = [](const words& more) {
    return program(words{"train", "--generate", "p1", "--rows", "200",
                         "--batch", "8", "--epochs", "3", "--quiet"} +
                   more)
        .out;
  };

  const json epochs = json::parse(train(
      {"--gd-epochs", "2", "--gd-batch", "2", "--output", "json"}))["epochs"];

  CHECK(epochs[0]["batch_size"] == 2);
  CHECK(epochs[1]["batch_size"] == 5);
  CHECK(epochs[2]["batch_size"] == 8);
  CHECK_THAT(train({"--gd-epochs", "2"}), Catch::Contains("  batch  "));
  CHECK_THAT(train({}), !Catch::Contains("batch"));
}

// Runs that outlive their processes: killed in the midst, resumed from their
// checkpoints.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "tests/program/nodes.hpp"

namespace {

using namespace sounder::tests;
namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;
using Catch::Contains;

struct run_folder {
  temporary_directory here;
  std::string folder = (here / "run").string();
  std::string model = (here / "model.txt").string();

  std::string in(const std::string& name) const {
    return (here / name).string();
  }
  std::vector<fs::path> checkpoints() const {
    std::vector<fs::path> found;
    std::error_code none;
    for (const auto& each : fs::directory_iterator(folder, none)) {
      if (each.path().extension() == ".checkpoint") {
        found.push_back(each.path());
      }
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return a.string().size() != b.string().size()
                 ? a.string().size() < b.string().size()
                 : a < b;
    });
    return found;
  }
  /// Waits until there is one of that epoch or a later one.
  bool has_come_to(unsigned epoch) const {
    const auto until = clock::now() + longest_run;
    while (clock::now() < until) {
      const auto all = checkpoints();
      if (!all.empty() &&
          std::stoul(all.back().stem().string().substr(6)) >= epoch) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
};

/// Waits until an epoch has ended so many seconds after the start.
bool has_trained_for(const std::string& metrics, double seconds) {
  for (const auto until = clock::now() + longest_run; clock::now() < until;) {
    std::ifstream file(metrics);
    for (std::string line; std::getline(file, line);) {
      const auto record = nlohmann::json::parse(line, nullptr, false);
      if (record.is_object() && record["event"] == "epoch" &&
          record["time_s"].get<double>() >= seconds) {
        return true;
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

/// The same bits every time. A second's work, or two.
words reproducible(const std::string& system, unsigned epochs = 150) {
  return {"--generate", "p1",         "--rows",
          "20000",      "--topology", system,
          "--replicas", "2",          "--step",
          "0.01",       "--decay",    "0.999",
          "--batch",    "8",          "--tau",
          "500",        "--epochs",   std::to_string(epochs),
          "--seed",     "3",          "--quiet"};
}

/// The model file of a run that nobody disturbs.
std::string over_two_nodes(const words& how, const run_folder& run) {
  const std::string whole = run.in("whole.txt");
  REQUIRE(
      run_within(words{"launch", "--local", "2"} + how + words{"--save", whole})
          .code == 0);
  return whole;
}

}  // namespace

TEST_CASE("checkpoints: a killed run is resumed to the same bits") {
  const auto* const system = GENERATE("star-in-turn", "allreduce", "easgd");
  CAPTURE(system);
  const run_folder run;
  const std::string whole = run.in("whole.txt");
  REQUIRE(
      program(words{"train"} + reproducible(system) + words{"--save", whole})
          .code == 0);
  {
    process training(
        program_words(words{"train"} + reproducible(system) +
                      words{"--save", run.model, "--checkpoint", run.folder,
                            "--checkpoint-every", "0", "--keep", "3"}));
    REQUIRE(run.has_come_to(5));
    training.signal(SIGKILL);
    REQUIRE(training.finish().code == 128 + SIGKILL);
  }
  REQUIRE_FALSE(fs::exists(run.model));
  REQUIRE(run.checkpoints().size() <= 4);  // one may have come at the end

  const outcome seen = program({"train", "--resume", run.folder});

  INFO(seen.err);
  CHECK(seen.code == 0);
  const bool is_the_same = content_of(run.model) == content_of(whole);
  CHECK(is_the_same);
  CHECK(run.checkpoints().back().filename() == "epoch-150.checkpoint");
}

TEST_CASE("checkpoints: nodes that are killed are replaced, bit for bit") {
  const run_folder run;
  const words how = reproducible("allreduce");
  const std::string whole = over_two_nodes(how, run);
  {
    node first({"--quiet"});
    node second({"--quiet"});
    process training(program_words(
        words{"train"} + how +
        words{"--save", run.model, "--checkpoint", run.folder, "--restarts",
              "0", "--checkpoint-every", "0", "--nodes",
              first.address() + "," + second.address()}));
    REQUIRE(run.has_come_to(5));
    first.kill();
    const outcome seen = training.finish();
    CHECK(seen.code == 4);
    CHECK_THAT(seen.err, Contains("--resume " + run.folder));
  }

  const outcome seen =
      run_within({"launch", "--local", "2", "--resume", run.folder});

  INFO(seen.err);
  CHECK(seen.code == 0);
  const bool is_the_same = content_of(run.model) == content_of(whole);
  CHECK(is_the_same);
}

TEST_CASE("checkpoints: a run waits for a node, and goes on to the same bits") {
  const run_folder run;
  const words how = reproducible("allreduce");
  const std::string whole = over_two_nodes(how, run);
  const node first({"--quiet"});
  auto second = std::make_unique<node>(words{"--quiet"});
  const std::string address = second->address();
  process training(
      program_words(words{"train"} + how +
                    words{"--save", run.model, "--checkpoint", run.folder,
                          "--checkpoint-every", "0", "--nodes",
                          first.address() + "," + address}));
  for (const unsigned epoch : {5U, 40U}) {
    REQUIRE(run.has_come_to(epoch));
    second->kill();
    second = std::make_unique<node>(words{"--quiet"}, address);
  }

  const outcome seen = training.finish();

  INFO(seen.err);
  CHECK(seen.code == 0);
  const bool is_the_same = content_of(run.model) == content_of(whole);
  CHECK(is_the_same);
}

TEST_CASE("checkpoints: a run goes on without a node that stays away") {
  const auto* const system = GENERATE("star", "hogwildpp", "ad-psgd",
                                      "allreduce", "ea-wild", "all-to-all");
  CAPTURE(system);
  const run_folder run;
  const node first({"--quiet"});
  const node third({"--quiet"});
  auto second = std::make_unique<node>(words{"--quiet"});
  process training(program_words(
      words{"train", "--topology", system, "--tau", "10", "--checkpoint",
            run.folder, "--checkpoint-every", "0", "--wait-for-node", "0.5",
            "--nodes",
            first.address() + "," + second->address() + "," + third.address()} +
      steps_of(system, 200) + exact));
  REQUIRE(run.has_come_to(2));
  second.reset();

  const outcome seen = training.finish();

  INFO(seen.err);
  CHECK(seen.code == 0);
  const auto result = nlohmann::json::parse(seen.out, nullptr, false);
  REQUIRE(result.is_object());
  CHECK(result["replicas"] == 2);
  CHECK(result["epochs"].back()["epoch"] == 200);
  CHECK(result["epochs"].back()["train_loss"].get<double>() < at_the_minimum);
}

TEST_CASE("checkpoints: with its last node a run is over") {
  const run_folder run;
  node only({"--quiet"});
  process training(
      program_words(words{"train"} + reproducible("star", 100000) +
                    words{"--checkpoint", run.folder, "--checkpoint-every", "0",
                          "--wait-for-node", "0.5", "--save", run.model,
                          "--nodes", only.address()}));
  REQUIRE(run.has_come_to(2));
  only.kill();

  const outcome seen = training.finish();

  CHECK(seen.code == 4);
  CHECK_THAT(seen.err, Contains("node " + only.address() + " is gone") &&
                           Contains("none of them is left") &&
                           Contains("--resume " + run.folder));
  CHECK(fs::exists(run.model));
}

TEST_CASE("checkpoints: every system over nodes goes on after a kill") {
  const auto* const system =
      GENERATE("star", "hogwildpp", "ea-wild", "ad-psgd", "all-to-all", "sync",
               "hierarchical", "d-psgd", "sgp", "ssp", "downpour");
  CAPTURE(system);
  const run_folder run;
  const words how = words{"--topology", system, "--tau",   "10",
                          "--push",     "10",   "--fetch", "10"} +
                    steps_of(system, 200) + exact;
  {
    process training(program_words(words{"launch", "--local", "2"} + how +
                                   words{"--checkpoint", run.folder,
                                         "--checkpoint-every", "0"}),
                     {}, longest_run, process_group::own);
    REQUIRE(run.has_come_to(2));
    training.signal_group(SIGKILL);
    training.finish();
  }

  const outcome seen = run_within({"launch", "--local", "2", "--resume",
                                   run.folder, "--output", "json", "--quiet"});

  INFO(seen.err);
  CHECK(seen.code == 0);
  const auto result = nlohmann::json::parse(seen.out, nullptr, false);
  REQUIRE(result.is_object());
  CHECK(result["epochs"].back()["epoch"] == 200);
  CHECK(result["epochs"].back()["train_loss"].get<double>() < at_the_minimum);
}

TEST_CASE("checkpoints: an interrupt leaves one behind") {
  const run_folder run;
  process training(
      program_words(words{"train"} + reproducible("star", 100000) +
                    words{"--checkpoint", run.folder, "--checkpoint-every",
                          "3600", "--metrics", run.in("epochs.jsonl")}));
  REQUIRE(has_trained_for(run.in("epochs.jsonl"), 1.5));
  REQUIRE(run.checkpoints().empty());
  training.signal(SIGTERM);

  const outcome seen = training.finish();

  CHECK(seen.code == 130);
  REQUIRE(run.checkpoints().size() == 1);
  CHECK_THAT(seen.err, Contains("--resume " + run.folder));
}

TEST_CASE("checkpoints: a damaged one is named, and the one before it used") {
  const run_folder run;
  const words short_run = reproducible("star", 4);
  REQUIRE(program(words{"train"} + short_run +
                  words{"--checkpoint", run.folder, "--checkpoint-every", "0"})
              .code == 0);
  const fs::path newest = run.checkpoints().back();
  fs::resize_file(newest, fs::file_size(newest) - 1);

  const outcome seen = program(
      {"train", "--resume", run.folder, "--epochs", "6", "--output", "json"});

  CHECK(seen.code == 0);
  CHECK_THAT(seen.err, Contains(newest.string() + ": truncated"));
  const auto result = nlohmann::json::parse(seen.out);
  CHECK(result["epochs"].front()["epoch"] == 3);
  CHECK(result["epochs"].back()["epoch"] == 6);
}

TEST_CASE("checkpoints: what cannot be resumed is refused in a line") {
  const run_folder run;
  const words short_run = reproducible("star", 3);
  const auto train = [&](const words& more) {
    return program(words{"train"} + more);
  };
  const auto again = [&](const words& more) {
    return train(words{"--resume", run.folder, "--epochs", "5"} + more);
  };
  check_complaint(train(short_run + words{"--resume", run.folder}), 3,
                  run.folder + ": no such folder");
  REQUIRE(train(short_run + words{"--checkpoint", run.folder}).code == 0);

  check_complaint(train(short_run + words{"--checkpoint", run.folder}), 2,
                  "has checkpoints of an earlier run; --resume");
  check_complaint(train({"--resume", run.folder}), 2, "nothing is left");
  check_complaint(again({"--batch", "4"}), 2, "of another wiring or plan");
  check_complaint(again({"--rows", "20001"}), 2, "other samples");
  check_complaint(again({"--seed", "4"}), 2, "other samples");
  check_complaint(again({"--model", "logistic"}), 2, "another wiring or plan");
  check_complaint(again({"--warm-start", "m.txt"}), 2, "leave --warm-start");
  check_complaint(
      train(short_run + words{"--resume", run.checkpoints().front().string()}),
      2, "is a file");
  check_complaint(train({"--generate", "p1", "--keep", "0"}), 2, "--keep");
  CHECK(again({"--replicas", "3"}).code == 0);
}

TEST_CASE("checkpoints: one command starts a run and goes on with it") {
  const run_folder run;
  const words both = {"--checkpoint", run.folder, "--resume", run.folder};
  REQUIRE(program(words{"train"} + reproducible("star", 2) + both).code == 0);
  CHECK(program(words{"train"} + reproducible("star", 4) + both).code == 0);
  CHECK(run.checkpoints().back().filename() == "epoch-4.checkpoint");
}

TEST_CASE("checkpoints: a folder has one run at a time") {
  const run_folder run;
  process training(program_words(
      words{"train"} + reproducible("star", 100000) +
      words{"--checkpoint", run.folder, "--checkpoint-every", "0"}));
  REQUIRE(run.has_come_to(1));

  check_complaint(program({"train", "--resume", run.folder}), 3,
                  "another run has its checkpoints here");
  training.signal(SIGTERM);
  CHECK(training.finish().code == 130);
}

// Signals to whole groups of processes, and to single nodes.

#include <array>
#include <filesystem>

#include "tests/program/nodes.hpp"
#include "tests/support/certificates.hpp"

namespace {

using namespace sounder::tests;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

const words systems = {"sync", "star", "hogwildpp", "ad-psgd", "allreduce"};
constexpr std::array<int, 3> signals = {SIGTERM, SIGINT, SIGHUP};

/// Far longer than an end may take, on a machine that has other work.
constexpr auto soon = 6s;

/// Work without an end, and a model at it.
words endless_run(const std::string& system, const std::string& model) {
  return {"--generate", "p4",      "--model",    "least-squares",
          "--rows",     "500",     "--topology", system,
          "--tau",      "10",      "--step",     "0.001",
          "--epochs",   "1000000", "--save",     model};
}

/// The same on two nodes, as a command.
words endless_run_on(const node& first, const node& second,
                     const std::string& system, const std::string& model) {
  return program_words(
      words{"train", "--nodes", first.address() + "," + second.address()} +
      endless_run(system, model));
}

void check_saved(const outcome& seen, const std::string& model) {
  INFO(seen.err);
  CHECK(seen.code == 130);
  CHECK_THAT(seen.err, Catch::Contains("sounder: interrupted"));
  const outcome loaded = run_within(
      {"train", "--generate", "p4", "--model", "least-squares", "--rows", "50",
       "--epochs", "1", "--step", "0.001", "--quiet", "--warm-start", model});
  INFO(loaded.err);
  CHECK(loaded.code == 0);
}

}  // namespace

TEST_CASE("a signal to the group of a launch ends it as interrupted, saved") {
  for (unsigned round = 0; round < 40; ++round) {
    const temporary_directory here;
    const std::string model = (here / "m.txt").string();
    const std::string& system = systems[round % systems.size()];
    const int number = signals[round % signals.size()];
    INFO("round " << round << ", " << system << ", signal " << number);
    process launched(program_words(words{"launch", "--local", "3"} +
                                   endless_run(system, model)),
                     {}, 60s, process_group::own);
    REQUIRE(launched.says("epoch 1/"));
    std::this_thread::sleep_for(std::chrono::milliseconds(7 * round % 60));

    const auto signalled = clock::now();
    launched.signal_group(number);

    const outcome seen = launched.finish();
    CHECK(seen.code == 130);
    CHECK(std::filesystem::exists(model));
    if (round < systems.size()) {  // of each system
      check_saved(seen, model);
    }
    CHECK(clock::now() - signalled < soon);
    CHECK(launched.comes_to_an_empty_group(5s));
  }
}

TEST_CASE("a signal to the group of a launch over TLS ends it as well") {
  const certificates made;
  if (!made.is_made()) {
    WARN("skipped: no openssl command");
    return;
  }
  for (const std::string& system : systems) {
    INFO(system);
    const temporary_directory here;
    const std::string model = (here / "m.txt").string();
    process launched(
        program_words(words{"launch", "--local", "2"} +
                      endless_run(system, model) + made.options("ours")),
        {}, 60s, process_group::own);
    REQUIRE(launched.says("epoch 1/"));

    const auto signalled = clock::now();
    launched.signal_group(SIGTERM);

    check_saved(launched.finish(), model);
    CHECK(clock::now() - signalled < soon);
  }
}

TEST_CASE(
    "a group of nodes and their leader may hear of a signal in any order") {
  enum class order { leader_first, nodes_first, all_at_once };
  const auto heard =
      GENERATE(order::leader_first, order::nodes_first, order::all_at_once);
  for (const std::string& system : systems) {
    INFO(system);
    const temporary_directory here;
    const std::string model = (here / "m.txt").string();
    node first({"--quiet"});
    node second({"--quiet"});
    process training(endless_run_on(first, second, system, model));
    REQUIRE(training.says("epoch 1/"));
    const auto pause = [&] {
      if (heard != order::all_at_once) {
        std::this_thread::sleep_for(100ms);
      }
    };

    const auto signalled = clock::now();
    if (heard == order::leader_first) {
      training.signal(SIGTERM);
      pause();
    }
    first.signal(SIGTERM);
    second.signal(SIGTERM);
    if (heard != order::leader_first) {
      pause();
      training.signal(SIGTERM);
    }

    check_saved(training.finish(), model);
    CHECK(clock::now() - signalled < soon);
    CHECK(first.finish().code == 0);
    CHECK(second.finish().code == 0);
  }
}

TEST_CASE("an interrupt outranks nodes that are gone because of it") {
  // They die at once. The hub is here, or only what was evaluated is known.
  const std::string system = GENERATE("sync", "ad-psgd");
  const temporary_directory here;
  const std::string model = (here / "m.txt").string();
  node first({"--quiet"});
  node second({"--quiet"});
  process training(endless_run_on(first, second, system, model));
  REQUIRE(training.says("epoch 1/"));

  first.kill();
  second.kill();
  std::this_thread::sleep_for(50ms);
  training.signal(SIGTERM);

  const outcome seen = training.finish();
  check_saved(seen, model);
  CHECK_THAT(seen.err, Catch::Contains("is gone"));
}

TEST_CASE("a node that is told to end does so soon, and says so") {
  const int number = GENERATE(SIGTERM, SIGINT, SIGHUP, SIGUSR1);
  node at;
  const std::string address = at.address();
  process training(program_words(endless(address)));
  REQUIRE(training.says("epoch 1/"));

  const auto signalled = clock::now();
  at.signal(number);

  CHECK(at.says("told to end"));
  CHECK(at.finish().code == 0);
  CHECK(clock::now() - signalled < soon);
  const outcome seen = training.finish();
  CHECK(seen.code == 4);
  CHECK_THAT(seen.err, Catch::Contains("node " + address));
  CHECK_THAT(seen.err, Catch::Contains("it was told to end"));
}

TEST_CASE("an idle node ends at once") {
  node at;

  const auto signalled = clock::now();
  at.signal(SIGTERM);

  CHECK(at.finish().code == 0);
  CHECK(clock::now() - signalled < soon);
}

TEST_CASE("the same signal twice at once counts once") {
  // As timeout(1) sends it: to the process, and to its group.
  const temporary_directory here;
  const std::string model = (here / "m.txt").string();
  process training(program_words(words{"train"} + endless_run("star", model)));
  REQUIRE(training.says("epoch 1/"));

  training.signal(SIGTERM);
  std::this_thread::sleep_for(5ms);
  training.signal(SIGTERM);

  check_saved(training.finish(), model);
}

TEST_CASE("a second signal ends a leader that waits for its nodes") {
  node at({"--quiet"});
  process training(program_words(endless(at.address())));
  REQUIRE(training.says("epoch 1/"));
  at.freeze();

  const auto signalled = clock::now();
  training.signal(SIGINT);
  std::this_thread::sleep_for(500ms);
  training.signal(SIGINT);

  CHECK(training.finish().code == 130);
  CHECK(clock::now() - signalled < 2s);
}

TEST_CASE("a node that does not answer does not hold up an interrupt") {
  const temporary_directory here;
  const std::string model = (here / "m.txt").string();
  node at({"--quiet"});
  process training(program_words(words{"train", "--nodes", at.address()} +
                                 endless_run("sync", model)));
  REQUIRE(training.says("epoch 1/"));
  at.freeze();

  const auto signalled = clock::now();
  training.signal(SIGINT);

  check_saved(training.finish(), model);
  CHECK(clock::now() - signalled < 15s);
}

TEST_CASE("SIGHUP is heard, but not where nohup has it ignored") {
  const temporary_directory here;
  const std::string model = (here / "m.txt").string();
  process training(program_words(words{"train"} + endless_run("star", model)));
  REQUIRE(training.says("epoch 1/"));
  training.signal(SIGHUP);
  check_saved(training.finish(), model);

  process ignoring(words{"sh", "-c", "trap '' HUP; exec \"$0\" \"$@\""} +
                   program_words(words{"train"} + endless_run("star", model)));
  REQUIRE(ignoring.says("epoch 1/"));
  ignoring.signal(SIGHUP);
  std::this_thread::sleep_for(100ms);
  ignoring.signal(SIGTERM);
  check_saved(ignoring.finish(), model);
}

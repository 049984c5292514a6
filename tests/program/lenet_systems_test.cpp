// LeNet learns under every kind of wiring, in one process and over two.

#include "tests/program/small_images.hpp"

namespace {

using namespace sounder::tests;

struct learner {
  const char* system;
  words options;
};

/// Three replicas take images in turn, so each has those of one class: what it
/// knows of the others has come over the links. Momentum of 0.9 makes a step
/// ten times as long; who adds up what several have learnt takes shorter ones.
const std::vector<learner> learners = {
    {"serial", {}},
    {"hogwild", {"--workers", "2", "--step", "0.01"}},
    {"star", {"--replicas", "3", "--step", "0.01"}},
    {"hogwildpp", {"--replicas", "3", "--step", "0.01"}},
    {"easgd", {"--replicas", "3"}},
    {"eamsgd", {"--replicas", "3", "--step", "0.005"}},
    {"ea-wild", {"--replicas", "6", "--group", "2"}},
    {"ad-psgd", {"--replicas", "3"}},
    {"allreduce", {"--replicas", "3"}},
};

/// The rows that are bright tell the classes apart; chance errs in 2 of 3.
constexpr double most_error = 0.2;

void check_learns(const small_images& data, const words& command,
                  const learner& who) {
  INFO(command[0] << ' ' << who.system);

  const outcome seen =
      program(command +
              words{"--data", data.folder(), "--model", "lenet", "--topology",
                    who.system, "--batch", "5", "--epochs", "20", "--tau", "1",
                    "--quiet", "--output", "json"} +
              who.options);

  INFO(seen.err);
  REQUIRE(seen.code == 0);
  const auto last = nlohmann::json::parse(seen.out)["epochs"].back();
  CHECK(last["train_error"].get<double>() <= most_error);
}

}  // namespace

TEST_CASE("lenet learns under every wiring, here and over two processes") {
  // Few enough to be partition out one by one, and not in blocks.
  const small_images data(45, 24, 28);
  for (const learner& who : learners) {
    check_learns(data, {"train"}, who);
    check_learns(data, {"launch", "--local", "2"}, who);
  }
}

// Checkpoints as files: whole or refused, the newest of a folder, no two runs
// in one.

#include "actors/run/checkpoint.hpp"

#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "kernels/data/data_error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

using Catch::Contains;

a::checkpoint some(unsigned epoch) {
  a::checkpoint made;
  made.last.epoch = epoch;
  made.last.samples = 70;
  made.last.train_loss = 0.25;
  made.last.test_error = 0.125;
  made.best_loss = 0.24;
  made.epochs_since_best = 3;
  made.samples_hash = {4, 5};
  made.words = "halved";
  made.states = {{"r1", {'a', '\0', 'b'}}, {"hub", {}}};
  made.wiring = "a graph";
  made.parameters = {1.5F, -2.0F};
  return made;
}

std::string refusal(std::span<const std::byte> bytes) {
  try {
    static_cast<void>(a::read_checkpoint(bytes));
  } catch (const a::state_error& problem) {
    return problem.what();
  }
  return "nothing";
}

void flip(const std::filesystem::path& file) {
  std::string content = t::content_of(file);
  content[content.size() / 2] =
      static_cast<char>(content[content.size() / 2] ^ '\x10');
  std::ofstream(file, std::ios::binary) << content;
}

}  // namespace

TEST_CASE("checkpoint: what is written is read") {
  const a::checkpoint was = some(7);

  const a::checkpoint is = a::read_checkpoint(a::write_checkpoint(was));

  CHECK(is.epoch() == 7);
  CHECK(is.last.samples == 70);
  CHECK(is.last.train_loss == 0.25);
  CHECK(is.last.test_error == 0.125);
  CHECK_FALSE(is.last.train_error);
  CHECK(is.best_loss == 0.24);
  CHECK(is.epochs_since_best == 3);
  CHECK(is.samples_hash == was.samples_hash);
  CHECK(is.words == "halved");
  REQUIRE(is.states.size() == 2);
  CHECK(is.states[0].name == "r1");
  CHECK(is.states[0].bytes == was.states[0].bytes);
  CHECK(is.states[1].name == "hub");
  CHECK(is.states[1].bytes.empty());
  CHECK(is.wiring == "a graph");
  CHECK(is.parameters == was.parameters);
}

TEST_CASE("checkpoint: bytes cut short, or with a flipped bit, are refused") {
  const std::vector<std::byte> whole = a::write_checkpoint(some(7));
  CHECK(refusal(whole) == "nothing");
  for (std::size_t n = 0; n < whole.size(); ++n) {
    REQUIRE_THAT(refusal(std::span(whole).first(n)), Contains("truncated"));
    std::vector<std::byte> other = whole;
    other[n] ^= std::byte{4};
    REQUIRE(refusal(other) != "nothing");
  }
}

TEST_CASE("checkpoint: a folder has the newest, and the one before it") {
  const t::temporary_directory here;
  a::checkpoint_folder folder(here / "run");
  CHECK(folder.is_empty());
  for (const unsigned epoch : {8U, 9U, 10U, 11U}) {
    folder.write(some(epoch), 2);
  }
  CHECK_FALSE(std::filesystem::exists(folder.path_of(9)));
  std::vector<std::string> damaged;

  CHECK(folder.newest(damaged).epoch() == 11);
  CHECK(damaged.empty());

  flip(folder.path_of(11));
  CHECK(folder.newest(damaged).epoch() == 10);
  REQUIRE(damaged.size() == 1);
  CHECK_THAT(damaged.front(), Contains("epoch-11.checkpoint: "));

  std::ofstream(folder.path_of(10)) << "";
  REQUIRE_THROWS_WITH(folder.newest(damaged),
                      Contains("no checkpoint here is whole"));
  folder.remove_after(0);
  damaged.clear();
  REQUIRE_THROWS_WITH(folder.newest(damaged),
                      Contains("no checkpoint is here"));
}

TEST_CASE("checkpoint: a folder is one run's, and cleared of what was killed") {
  const t::temporary_directory here;
  const auto half = here.file(".epoch-3.checkpoint.77-0.tmp", "ha");
  const auto other = here.file("notes.txt", "mine");
  const a::checkpoint_folder folder(here.path());

  CHECK_FALSE(std::filesystem::exists(half));
  CHECK(std::filesystem::exists(other));
  REQUIRE_THROWS_WITH(a::checkpoint_folder(here.path()),
                      Contains(here.path().string()) &&
                          Contains("another run has its checkpoints here"));
  REQUIRE_THROWS_AS(a::checkpoint_folder(other), k::data_error);
}

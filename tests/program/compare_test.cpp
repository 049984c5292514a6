// sounder compare: one table over topologies and worker counts.

#include <filesystem>

#include <nlohmann/json.hpp>

#include "tests/program/small_images.hpp"

namespace {

using namespace sounder::tests;
using json = nlohmann::json;

const std::string experiments = SOUNDER_SOURCE_DIR "/apps/experiments/";

}  // namespace

TEST_CASE("every topology runs with every count after the serial base") {
  const outcome seen =
      program({"compare", "--generate", "p1", "--rows", "200", "--epochs", "1",
               "--topologies", "serial,hogwild,locked,aig,round-robin",
               "--workers", "1,2", "--output", "json"});

  REQUIRE(seen.code == 0);
  const json runs = json::parse(seen.out)[0]["runs"];
  REQUIRE(runs.size() == 9);
  CHECK(runs[0]["topology"] == "serial");
  CHECK(runs[0]["speed_up"] == 1.0);
  CHECK(runs[8]["topology"] == "round-robin");
  CHECK(runs[8]["workers"] == 2);
  CHECK_THAT(seen.err, Catch::Contains("aig 2"));
}

TEST_CASE("the table marks more workers than processors") {
  const outcome seen =
      program({"compare", "--generate", "p1", "--rows", "2000", "--epochs", "1",
               "--topologies", "hogwild", "--workers", "1,1000", "--quiet"});

  CHECK(seen.code == 0);
  CHECK_THAT(seen.out, Catch::Contains("speed-up"));
  CHECK_THAT(seen.out, Catch::Contains("1000*"));
  CHECK_THAT(seen.out, Catch::Contains("oversubscribed"));
}

TEST_CASE("sections of the config file are experiments") {
  const temporary_directory here;
  const std::string file =
      here.file("e.cfg",
                "generate = p1\nepochs = 1\ntopologies = hogwild\n"
                "workers = 1\n[small]\nrows = 100\n[large]\nrows = 200\n")
          .string();

  const json all = json::parse(
      program({"compare", "--config", file, "--output", "json"}).out);

  REQUIRE(all.size() == 2);
  CHECK(all[0]["experiment"] == "small");
  CHECK(all[0]["samples"] == 100);
  CHECK(all[1]["experiment"] == "large");
  CHECK(all[1]["samples"] == 200);
}

TEST_CASE("a mistake in any section stops before the first run") {
  const temporary_directory here;
  const std::string file =
      here.file("e.cfg", "generate = p1\n[a]\n[b]\nepochs = 0\n").string();

  check_complaint(program({"compare", "--config", file}), 2,
                  "e.cfg:4: epochs: 0 is out of range");
}

TEST_CASE("the sources' experiments run") {
  const std::string name = GENERATE("P1", "P2", "P4");
  const outcome seen =
      program({"compare", "--config", experiments + name + ".cfg", "--rows",
               "100", "--epochs", "1", "--quiet"});

  INFO(seen.err);
  CHECK(seen.code == 0);
  CHECK_THAT(seen.out, Catch::Contains("10*") || Catch::Contains("10 "));
}

TEST_CASE("the sources' experiments with networks run") {
  const auto [name, more] = GENERATE(table<std::string, words>(
      {{"W2", {}},
       {"W3", {"--gd-epochs", "1", "--gd-step", "0.01", "--epochs", "2"}},
       {"W7", {}},
       {"W9", {}}}));
  const small_images data(48, 24, 28);

  const outcome seen = program(
      words{"compare", "--config", experiments + name + ".cfg", "--data",
            data.folder(), "--batch", "4", "--quiet",
            // Labels at random: nothing is learned, and nothing unlearned.
            "--step", "1e-5"} +
      (more.empty() ? words{"--epochs", "1"} : more));

  INFO(name << ": " << seen.err);
  CHECK(seen.code == 0);
}

TEST_CASE("the sources' experiments on data of their own are well said") {
  for (const auto& file : std::filesystem::directory_iterator(experiments)) {
    const std::string path = file.path().string();
    INFO(path);
    if (content_of(path).find("\ngenerate = ") == std::string::npos) {
      check_complaint(program({"compare", "--config", path, "--data", "no/such",
                               "--quiet"}),
                      3, "no/such");
    }
  }
}

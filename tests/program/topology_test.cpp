// sounder topology: pictures, problems, figures.

#include <nlohmann/json.hpp>

#include "tests/program/program.hpp"
#include "topology/graph.hpp"
#include "topology/systems.hpp"

namespace {

namespace topology = sounder::topology;
using namespace sounder::tests;
using words = std::vector<std::string>;

const char* const bad_wiring = R"({
  "replicas": 3,
  "links": [{"from": 0, "to": 1, "exchange": "mix", "discipline": "every"},
            {"from": 1, "to": 1, "exchange": "mix", "discipline": "barrier"}]
})";

}  // namespace

TEST_CASE("topology draws a star as a tree") {
  const outcome seen =
      program({"topology", "easgd", "--replicas", "2", "--tau", "9"});

  CHECK(seen.code == 0);
  CHECK(seen.out ==
        "elastic, in-turn (tau 9): 2 links\n"
        "hub  no workers\n"
        "├── replica-1  1 worker\n"
        "└── replica-2  1 worker\n");
  CHECK(seen.err.empty());
}

TEST_CASE("topology draws rings as chains, the rest as matrices") {
  CHECK_THAT(
      program({"topology", "hogwildpp", "--replicas", "3"}).out,
      Catch::Contains("replica-1 → replica-2 → replica-3 → replica-1\n"));
  CHECK_THAT(program({"topology", "all-to-all", "--replicas", "4"}).out,
             Catch::Contains("replica-2  ● \\ ● ●\n"));
}

TEST_CASE("topology tells all problems of a file and exits with 2") {
  const temporary_directory here;
  const std::string file = here.file("bad.json", bad_wiring).string();

  const outcome seen = program({"topology", file});

  CHECK(seen.code == 2);
  CHECK(seen.out.empty());
  CHECK_THAT(seen.err, Catch::Contains("'replica-2' -> 'replica-2'"));
  CHECK_THAT(seen.err, Catch::Contains("every cannot carry mix"));
  CHECK_THAT(seen.err, Catch::Contains("no link joins 'replica-3'"));
}

TEST_CASE("topology writes a wiring file that it reads again") {
  const temporary_directory here;
  const outcome written = program({"topology", "ea-wild", "--replicas", "4",
                                   "--group", "2", "--tau", "7", "--json"});
  const std::string file = here.file("mine.json", written.out).string();

  CHECK(program({"topology", file, "--json"}).out == written.out);
  CHECK(program({"topology", file, "--validate"}).out ==
        file + " is fine: 5 replicas, 4 workers, 6 links\n");
}

TEST_CASE("a wiring file of EAMSGD trains as EAMSGD does") {
  const temporary_directory here;
  const std::string file =
      here.file("mine.json", program({"topology", "eamsgd", "--json"}).out)
          .string();
  const auto model_of = [&](const words& what) {
    const std::string model = (here / "model.txt").string();
    words all = {
        "train",    "--generate", "p4",      "--model",         "least-squares",
        "--epochs", "2",          "--quiet", "--deterministic", "--step",
        "0.001",    "--save",     model};
    all.insert(all.end(), what.begin(), what.end());
    REQUIRE(program(all).code == 0);
    return content_of(model);
  };

  const std::string named = model_of({"--topology", "eamsgd"});

  CHECK(model_of({"--wiring", file}) == named);
  CHECK(model_of({"--wiring", file, "--optimizer", "sgd"}) ==
        model_of({"--topology", "async-easgd"}));
  CHECK(model_of({"--topology", "async-easgd"}) != named);
}

TEST_CASE("train tells all places of a wiring that it does not know") {
  const temporary_directory here;
  const std::string file = here.file("mine.json", R"({
    "replicas": [{"name": "hub", "workers": 0, "place": "west"},
                 {"name": "a", "place": "east"}, {"name": "b"}],
    "links": [{"from": ["a", "b"], "to": "hub", "exchange": "add-delta",
               "discipline": "every"}]})")
                               .string();

  check_complaint(program({"train", "--generate", "p1", "--wiring", file}), 2,
                  "--nodes: 'a' lives on 'east', which is not known: no places "
                  "are known; 'hub' lives on 'west'");
}

TEST_CASE("topology analyses by formulas") {
  const outcome seen =
      program({"topology", "easgd", "--replicas", "4", "--tau", "100",
               "--parameters", "1000", "--analyse", "--json"});

  REQUIRE(seen.code == 0);
  const auto figures = nlohmann::json::parse(seen.out);
  CHECK(figures["diameter"] == 2);
  CHECK(figures["degree"]["max"] == 4);
  CHECK(figures["spectral_gap"].get<double>() == Approx(0.2));
  CHECK(figures["busiest"]["replica"] == "hub");
  CHECK(figures["busiest"]["bytes"].get<double>() == Approx(320.0));
  CHECK(figures["links"].size() == 4);
  CHECK(figures["assumed_tau"].is_null());
}

TEST_CASE("topology prints tables and Graphviz, too") {
  CHECK_THAT(program({"topology", "star", "--analyse"}).out,
             Catch::Contains("The run chooses tau; these figures take 100."));
  CHECK_THAT(program({"topology", "d-psgd", "--replicas", "4", "--dot"}).out,
             Catch::StartsWith("digraph wiring {") &&
                 Catch::Contains("r3 -> r0 [dir=none];"));
}

TEST_CASE("topology refuses what it does not understand") {
  const auto [line, expected] = GENERATE(table<words, std::string>({
      {{"topology", "--analyse"}, "--topology is missing"},
      {{"topology", "eagsd"}, "did you mean easgd?"},
      {{"topology", "no/such.json"}, "no/such.json: cannot be read"},
      {{"topology", "no/such.json", "--tau", "3"},
       "--tau: does not go with a wiring file"},
      {{"topology", "star", "--dot", "--json"},
       "--json: does not go with --dot"},
      {{"topology", "star", "--shape", "blob"}, "'blob' is no shape"},
      {{"topology", "hogwild", "--replicas", "4"}, "hogwild has one replica"},
      {{"topology", "serial", "--workers", "2"}, "serial has one worker"},
      {{"topology", "d-psgd", "--shape", "hypercube", "--replicas", "3"},
       "a hypercube has 1, 2, 4, 8"},
      {{"topology", "star", "--replicas", "0"}, "--replicas: 0 is out of"},
  }));

  check_complaint(program(line), 2, expected);
}

TEST_CASE("topology alone lists systems, exchanges and disciplines") {
  const outcome seen = program({"topology"});

  CHECK(seen.code == 0);
  CHECK_THAT(seen.out, Catch::StartsWith("system\n") &&
                           Catch::Contains("\nea-wild       hub: elastic "));
  CHECK_THAT(seen.out,
             Catch::Contains("\nelastic          Both ends move towards each "
                             "other by a share alpha of their difference. "
                             "Takes alpha.\n") &&
                 Catch::Contains("\nbarrier           Every tau steps; "));
  // Between two tables is a blank line, on top of each a title.
  const std::size_t rows = topology::names().size() +
                           std::variant_size_v<topology::exchange> +
                           std::variant_size_v<topology::discipline>;
  CHECK(std::count(seen.out.begin(), seen.out.end(), '\n') ==
        static_cast<std::ptrdiff_t>(rows + 3 + 2));
}

TEST_CASE("topology names the line that is not JSON") {
  const temporary_directory here;
  const std::string file = here.file("a.json", "{\n  oops").string();

  check_complaint(program({"topology", file}), 2, "a.json:2: ");
}

// --reproducible: what it chooses, what it refuses, and that models are the
// same byte for byte.

#include <nlohmann/json.hpp>

#include "tests/program/nodes.hpp"
#include "tests/program/small_images.hpp"

namespace {

using namespace sounder::tests;

const words quick_run = {"--generate", "p1", "--rows", "2000",
                         "--epochs",   "2",  "--quiet"};

/// As it says in its result.
nlohmann::json chosen(const words& more) {
  const outcome seen =
      program(words{"train", "--reproducible", "--output", "json"} + more);
  INFO(seen.err);
  REQUIRE(seen.code == 0);
  return nlohmann::json::parse(seen.out);
}

void check_chosen(const words& more, const std::string& system,
                  unsigned replicas) {
  const nlohmann::json result = chosen(more);
  CHECK(result["topology"] == system);
  CHECK(result["replicas"] == replicas);
  CHECK(result["workers"] == 1);
}

/// The model file that the command comes to.
std::string model_of(const words& command, const std::string& extension) {
  const temporary_directory here;
  const std::string file = (here / ("model" + extension)).string();
  const outcome seen =
      run_within(command + words{"--reproducible", "--save", file});
  INFO(seen.err);
  REQUIRE(seen.code == 0);
  return content_of(file);
}

void check_refused(const words& more, const std::string& part) {
  check_complaint(program(words{"train", "--reproducible"} + quick_run + more),
                  2, part);
}

/// Layers that draw at random and statistics of batches.
constexpr const char* random_network =
    "image = input 8x8x1\n"
    "conv1 = conv 4 kernel=4\n"
    "bn1 = batch-norm\n"
    "relu\n"
    "dropout rate=0.5\n"
    "fc = dense 3 start=xavier\n";

}  // namespace

TEST_CASE("reproducible: each thread asked for is a replica of its own") {
  check_chosen(quick_run, "serial", 1);
  check_chosen(quick_run + words{"--workers", "3"}, "star-in-turn", 3);
  check_chosen(quick_run + words{"--replicas", "2", "--workers", "2"},
               "star-in-turn", 4);
  check_chosen(quick_run + words{"--topology", "easgd", "--replicas", "3"},
               "easgd", 3);
}

TEST_CASE("reproducible: networks split the batch") {
  const small_images images;
  const words train = {
      "--data", images.folder(), "--model", images.path("mine.net"), "--epochs",
      "1",      "--workers",     "2"};

  check_chosen(train + words{"--quiet"}, "allreduce", 2);

  const outcome seen = program(words{"train", "--reproducible"} + train);
  CHECK_THAT(seen.err,
             Catch::StartsWith(
                 "reproducible: --topology allreduce --replicas 2 --batch 16"));
  const outcome own =
      program(words{"train", "--reproducible", "--batch", "6"} + train);
  CHECK_THAT(own.err, Catch::Contains("--replicas 2 --batch 6"));
}

TEST_CASE("reproducible: what depends on timing is refused, with who does") {
  check_refused({"--topology", "hogwild", "--workers", "2"},
                "replica 'replica' has 2 workers");
  check_refused({"--topology", "round-robin", "--workers", "2"},
                "replica 'replica' has 2 workers");
  check_refused({"--topology", "star"}, "link 'replica-1' -> 'hub' (every)");
  check_refused({"--topology", "downpour"}, "(push-fetch)");
  check_refused({"--topology", "hogwildpp"}, "(on-token)");
  check_refused({"--topology", "ad-psgd"}, "(random-neighbour)");
  check_refused({"--topology", "all-to-all"}, "(every)");
  check_refused({"--topology", "ssp"}, "(bounded)");
  check_refused({"--topology", "ea-wild", "--replicas", "4", "--group", "2"},
                "(one-of-group)");
  check_refused({"--time-limit", "5"}, "--time-limit: ");
  check_refused({"--evaluate", "concurrent"}, "--evaluate: ");
  const temporary_directory here;
  const auto wiring = here.file(
      "mine.json",
      R"({"replicas": [{"name": "hub", "workers": 0}, {"name": "w", "count": 3}],
          "links": [{"from": "w", "to": "hub", "exchange": "gradient",
                     "discipline": {"name": "quorum", "least": 2}}]})");
  check_refused({"--wiring", wiring.string()}, "link 'w-1' -> 'hub' (quorum)");
}

TEST_CASE("reproducible: compare refuses as train does") {
  check_complaint(program(words{"compare", "--reproducible", "--topologies",
                                "star-in-turn,star"} +
                          quick_run),
                  2, "(every)");
  CHECK(program(words{"compare", "--reproducible", "--topologies",
                      "star-in-turn,sync,serial", "--output", "json"} +
                quick_run)
            .code == 0);
}

TEST_CASE("reproducible: networks that draw at random end the same") {
  const small_images images;
  const std::string network = images.network(random_network);
  const words train = {
      "train", "--data",      images.folder(), "--model",   network, "--epochs",
      "3",     "--optimizer", "momentum",      "--workers", "3"};

  const std::string first = model_of(train, ".npz");

  for (const char* const every : {"1", "2", "3"}) {
    CHECK(model_of(train + words{"--evaluate-every", every}, ".npz") == first);
  }
  CHECK(model_of(train + words{"--seed", "2"}, ".npz") != first);
}

TEST_CASE("reproducible: over processes, and but for rounding as in one") {
  for (const words& wiring :
       {words{}, words{"--topology", "allreduce"}, words{"--topology", "easgd"},
        words{"--topology", "d-psgd"},
        words{"--topology", "star-in-turn", "--compress", "top-k"}}) {
    const words run =
        quick_run + words{"--replicas", "3", "--tau", "7"} + wiring;
    const words nodes = words{"launch", "--local", "2"} + run;
    INFO((wiring.empty() ? "" : wiring.back()));

    const std::string first = model_of(nodes, ".txt");

    CHECK(model_of(nodes, ".txt") == first);
    // On sparse samples what goes to a hub is exact to rounding.
    const bool loses = wiring.empty() || wiring.back() == "top-k";
    CHECK((model_of(words{"train"} + run, ".txt") == first) != loses);
  }
}

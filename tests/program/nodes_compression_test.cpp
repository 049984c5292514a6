// Links that compress what they send between processes.

#include "tests/program/nodes.hpp"

namespace {

using namespace sounder::tests;
using json = nlohmann::json;

}  // namespace

TEST_CASE("systems that compress reach the minimum over two processes") {
  const std::string form = GENERATE("fp16", "bf16", "int8", "top-k:0.4");

  for (const char* const system :
       {"star", "async-ps", "easgd", "downpour", "sync", "ad-psgd"}) {
    check_reaches_the_minimum(system, 2, 2, 5, {"--compress", form});
  }
  check_reaches_the_minimum("star", 2, 2, 5,
                            {"--hubs", "2", "--compress", form});
}

TEST_CASE("averages that are compressed reach the minimum, too") {
  check_reaches_the_minimum("d-psgd", 2, 2, 5,
                            {"--compress", GENERATE("fp16", "bf16", "int8")});
}

TEST_CASE("updates that are compressed leave only what is on hold at the end") {
  // bf16 and int8 lose 2^-8 of an update at most, updates are below 1 on
  // average, and what was lost last stays lost: a loss of 5 weights' errors.
  constexpr double lost = 1.0 / 256.0;

  check_reaches_the_minimum("all-to-all", 2, 2, 5,
                            {"--compress", GENERATE("fp16", "bf16", "int8")},
                            5 * lost * lost);
}

TEST_CASE("pulls at a barrier are compressed for all alike") {
  const temporary_directory here;
  const std::string form = GENERATE("\"int8\"", R"({"name": "top-k",
                                                    "fraction": 0.4})");
  const auto file = here.file("barrier.json", R"({
    "replicas": [{"name": "hub", "workers": 0}, {"name": "w", "count": 3}],
    "links": [{"from": "w", "to": "hub", "compression": )" +
                                                  form + R"(,
               "exchange": {"name": "elastic", "alpha": 0.3},
               "discipline": {"name": "barrier", "tau": 10}}]})");

  const outcome seen =
      run_within(words{"launch", "--local", "2", "--wiring", file.string(),
                       "--step", "0.05", "--epochs", "5"} +
                 exact);

  INFO(seen.err);
  REQUIRE(seen.code == 0);
  CHECK(json::parse(seen.out)["epochs"].back()["train_loss"].get<double>() <
        at_the_minimum);
}

TEST_CASE("a link's record has the bytes that were sent") {
  const auto bytes_of = [](const std::string& form) {
    const outcome seen =
        run_within({"launch", "--local", "2", "--generate", "p1", "--topology",
                    "star", "--replicas", "2", "--epochs", "1", "--tau", "100",
                    "--quiet", "--output", "json", "--compress", form});
    INFO(seen.err);
    REQUIRE(seen.code == 0);
    double bytes = 0.0;
    const json result = json::parse(seen.out);
    REQUIRE(result["links"].size() == 2);
    for (const json& link : result["links"]) {
      bytes += link["bytes"].get<double>();
    }
    return bytes;
  };

  // 100 parameters, up and down.
  const double whole = 2.0 * bytes_of("fp16");

  CHECK(bytes_of("bf16") == whole * 0.5);
  // A fifth of all features in a sample: all are touched, which takes a byte
  // to say.
  CHECK(bytes_of("none") > whole);
  CHECK(bytes_of("none") <= whole * (1 + 400) / 400);
  CHECK(bytes_of("int8") == whole * (100 + 4) / 400);
  CHECK(bytes_of("top-k:0.1") <= whole * (4 + 8 * 10) / 400);
  CHECK(bytes_of("top-k:0.1") > 0.0);
}

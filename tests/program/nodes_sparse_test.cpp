// Meetings over nodes on sparse samples: what travels, and what is foretold.

#include "tests/program/nodes.hpp"

namespace {

using namespace sounder::tests;
using json = nlohmann::json;

constexpr double parameters = 47'236.0;

/// Text-like samples in a file.
std::string samples(const temporary_directory& here) {
  const std::string file = (here / "text.svm").string();
  const outcome made =
      program({"data", "generate", "--kind", "sparse", "--rows", "2000",
               "--mean-nonzeros", "20", "--out", file});
  INFO(made.err);
  REQUIRE(made.code == 0);
  return file;
}

/// A star of two, its hub at the leader. Every sample has a logistic loss.
json star_on(const std::string& file, const words& more) {
  const outcome seen = run_within(
      words{"launch", "--local", "2",        "--topology",  "star-in-turn",
            "--tau",  "64",      "--data",   file,          "--features",
            "47236",  "--model", "logistic", "--normalise", "none",
            "--bias", "0",       "--step",   "1",           "--epochs",
            "3",      "--quiet", "--output", "json"} +
      more);
  INFO(seen.err);
  REQUIRE(seen.code == 0);
  return json::parse(seen.out);
}

double sum_of(const json& links, const char* field) {
  double sum = 0.0;
  for (const json& link : links) {
    sum += link[field].get<double>();
  }
  return sum;
}

double bytes_of_a_meeting(const json& run) {
  return sum_of(run["links"], "bytes") / sum_of(run["links"], "count");
}

}  // namespace

TEST_CASE("a star on sparse samples sends what steps have moved") {
  const temporary_directory here;
  const std::string file = samples(here);

  const json seen = star_on(file, {"--l2", "1e-4"});
  const json halves = star_on(file, {"--l2", "1e-4", "--compress", "bf16"});

  // Of all parameters, up and down.
  const double dense = 2.0 * 4.0 * parameters;
  CHECK(bytes_of_a_meeting(halves) == Approx(dense / 2.0));
  CHECK(bytes_of_a_meeting(seen) < 0.05 * dense);
  CHECK(seen["epochs"].back()["train_loss"].get<double>() ==
        Approx(halves["epochs"].back()["train_loss"].get<double>())
            .epsilon(0.02));
}

/// One after the other: each brings down what both have moved.
TEST_CASE("topology foretells what a star on sparse samples sends") {
  const temporary_directory here;
  const std::string file = samples(here);

  // A penalty's rounding errors are left out of what is foretold.
  const json seen = star_on(file, {"--l2", "0"});
  const outcome told =
      program({"topology", "star-in-turn", "--tau", "64", "--analyse", "--json",
               "--data", file, "--features", "47236"});
  INFO(told.err);
  REQUIRE(told.code == 0);
  const json foretold = json::parse(told.out);
  CHECK(foretold["parameters"].get<double>() == parameters);
  const json& link = foretold["links"][0];
  const double wanted = 64.0 * (link["forth"]["bytes"].get<double>() +
                                link["back"]["bytes"].get<double>());
  INFO(bytes_of_a_meeting(seen) << " bytes, foretold " << wanted);
  CHECK(bytes_of_a_meeting(seen) == Approx(wanted).epsilon(0.2));
}

TEST_CASE("topology asks for samples where it analyses") {
  check_complaint(program({"topology", "star", "--data", "some.svm"}), 2,
                  "--data: is for --analyse");
}

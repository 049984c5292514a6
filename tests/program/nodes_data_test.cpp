// Whose samples a node trains on.

#include "tests/program/nodes.hpp"

namespace {

using namespace sounder::tests;

}  // namespace

TEST_CASE("a node with its own data gives the same result") {
  const temporary_directory here;
  const std::string file = (here / "p4.svm").string();
  REQUIRE(program({"data", "generate", "--kind", "p4", "--rows", "500",
                   "--noise", "0", "--out", file, "--quiet"})
              .code == 0);
  const auto train = [&](const words& own, const std::string& model) {
    node a(words{"--quiet"} + own);
    node b(words{"--quiet"} + own);
    return run_within({"train",
                       "--data",
                       file,
                       "--model",
                       "least-squares",
                       "--l2",
                       "0",
                       "--step",
                       "0.05",
                       "--topology",
                       "allreduce",
                       "--replicas",
                       "2",
                       "--epochs",
                       "2",
                       "--quiet",
                       "--nodes",
                       a.address() + "," + b.address(),
                       "--save",
                       (here / model).string()});
  };

  const outcome sent = train({}, "sent.txt");
  const outcome own = train({"--data", file}, "own.txt");

  INFO(sent.err << own.err);
  REQUIRE(sent.code == 0);
  REQUIRE(own.code == 0);
  CHECK(content_of(here / "sent.txt") == content_of(here / "own.txt"));
}

TEST_CASE("a node with other data is refused with both sizes") {
  const temporary_directory here;
  const std::string ours = here.file("ours.svm", separable).string();
  const std::string theirs =
      here.file("theirs.svm", "+1 1:1\n-1 2:1 3:1\n+1 1:2\n").string();
  const node at({"--quiet", "--data", theirs});

  const outcome seen =
      run_within({"train", "--data", ours, "--topology", "star", "--replicas",
                  "2", "--quiet", "--nodes", at.address()});

  check_complaint(seen, 4, "node " + at.address() + ": its data is another");
  CHECK_THAT(seen.err, Catch::Contains("3 x 3 against 4 x 3"));
}

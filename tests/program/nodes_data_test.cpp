// Whose samples a node trains on.

#include <fstream>

#include "tests/program/nodes.hpp"

namespace {

using namespace sounder::tests;
using json = nlohmann::json;

/// Regression without noise: 600 samples for the nodes, in two parts of
/// different sizes, and 100 others for the leader.
struct parts {
  parts() {
    const std::string all = (here / "all.svm").string();
    REQUIRE(program({"data", "generate", "--kind", "p4", "--rows", "700",
                     "--noise", "0", "--out", all, "--quiet"})
                .code == 0);
    std::vector<std::string> lines;
    std::ifstream in(all);
    for (std::string line; std::getline(in, line);) {
      lines.push_back(line + "\n");
    }
    const auto write = [&](const char* name, std::size_t from, std::size_t to) {
      std::string text;
      for (std::size_t i = from; i < to; ++i) {
        text += lines[i];
      }
      return here.file(name, text).string();
    };
    large = write("part-0.svm", 0, 500);
    small = write("part-1.svm", 500, 600);
    leader = write("leader.svm", 600, 700);
  }

  static constexpr unsigned epochs = 12;

  words train(const std::string& nodes, const std::string& topology,
              unsigned replicas) const {
    return words{"train",
                 "--data",
                 leader,
                 "--model",
                 "least-squares",
                 "--l2",
                 "0",
                 "--topology",
                 topology,
                 "--replicas",
                 std::to_string(replicas),
                 "--tau",
                 "10",
                 "--quiet",
                 "--output",
                 "json",
                 "--nodes",
                 nodes} +
           steps_of(topology, epochs);
  }

  temporary_directory here;
  std::string large;
  std::string small;
  std::string leader;
};

std::uint64_t samples_walked(const json& result) {
  return result["epochs"].back()["samples"].get<std::uint64_t>();
}

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

TEST_CASE("nodes train on parts of different sizes that they alone have") {
  const parts of;
  const node a({"--quiet", "--part", of.large});
  const node b({"--quiet", "--part", of.small});
  const std::string nodes = a.address() + "," + b.address();

  for (const char* const system :
       {"star", "easgd", "sync", "allreduce", "ssp", "hogwildpp", "d-psgd",
        "ad-psgd", "sgp", "all-to-all", "local-sgd"}) {
    for (const unsigned replicas : {2U, 4U}) {
      INFO(system << " of " << replicas);
      const outcome seen = run_within(of.train(nodes, system, replicas));

      INFO(seen.err);
      REQUIRE(seen.code == 0);
      const json result = json::parse(seen.out);
      CHECK(result["epochs"].back()["train_loss"].get<double>() <
            at_the_minimum);
      CHECK(samples_walked(result) == parts::epochs * (500 + 100));
      CHECK(result["parts"] == json{{a.address(), 500}, {b.address(), 100}});
    }
  }
}

TEST_CASE("nodes with a part, with the leader's file, and with nothing mix") {
  const parts of;
  const node part({"--quiet", "--part", of.large});
  const node copy({"--quiet", "--data", of.leader});
  const node bare({"--quiet"});

  const outcome seen = run_within(of.train(
      part.address() + "," + copy.address() + "," + bare.address(), "star", 3));

  INFO(seen.err);
  REQUIRE(seen.code == 0);
  const json result = json::parse(seen.out);
  CHECK(samples_walked(result) == parts::epochs * (500 + 100));
  CHECK(result["parts"] == json{{part.address(), 500}});
  CHECK(result["epochs"].back()["train_loss"].get<double>() < at_the_minimum);
}

TEST_CASE("a part's features and labels are those of the leader") {
  // Popular features come first within a run; here these are others in each
  // part, and each part has one class only.
  const temporary_directory here;
  const auto leader =
      here.file("all.svm", "+1 1:1\n-1 3:1\n+1 2:1\n-1 3:2\n").string();
  const auto plus = here.file("plus.svm", "+1 1:1\n+1 2:1\n").string();
  const auto minus = here.file("minus.svm", "-1 3:1\n-1 3:2\n").string();
  const std::string model = (here / "model.txt").string();
  const node a({"--quiet", "--part", plus});
  const node b({"--quiet", "--part", minus});

  const outcome seen = run_within(
      {"train", "--data", leader, "--topology", "allreduce", "--replicas", "2",
       "--epochs", "50", "--step", "1", "--l2", "0.001", "--quiet", "--nodes",
       a.address() + "," + b.address(), "--save", model});

  INFO(seen.err);
  REQUIRE(seen.code == 0);
  const outcome judged = program({"evaluate", "--model-file", model, "--data",
                                  leader, "--output", "json"});
  INFO(judged.out << judged.err);
  CHECK(json::parse(judged.out)["error"].get<double>() == 0.0);
}

TEST_CASE("parts that do not fit are refused in a line that names the node") {
  const temporary_directory here;
  const auto leader = here.file("leader.svm", separable).string();
  const auto [part, problem] = GENERATE(table<std::string, std::string>({
      {"+1 1:1\n-1 7:1\n",
       "has 7 features, the leader's samples 3; declare the width there "
       "(--features 7)"},
      {"+1 1:1\n3 2:1\n", "label 3"},
      {"", "is empty"},
      {"+1 1:1\n", "it has 1 samples of its own for 2 replicas"},
      {"+1 1:1\n-1 x\n", "part.svm:2: "},
  }));
  const auto file = here.file("part.svm", part).string();
  const node at({"--quiet", "--part", file});

  const outcome seen =
      run_within({"train", "--data", leader, "--topology", "star", "--replicas",
                  "2", "--quiet", "--nodes", at.address()});

  check_complaint(seen, 4, "node " + at.address() + ": ");
  CHECK_THAT(seen.err, Catch::Contains(problem));
  CHECK(comes_to(at.address(), "waiting"));
}

TEST_CASE("a dense part does not go with sparse samples") {
  const temporary_directory here;
  const auto leader = here.file("leader.svm", separable).string();
  const auto part = here.file("part.csv", "1,1,0,0\n-1,0,1,0\n").string();
  const node at({"--quiet", "--part", part});

  const outcome seen =
      run_within({"train", "--data", leader, "--topology", "star", "--replicas",
                  "2", "--quiet", "--nodes", at.address()});

  check_complaint(seen, 4,
                  "node " + at.address() + ": " + part +
                      ": is of another kind (sparse, dense)");
}

TEST_CASE("a part without replicas that step is refused") {
  const temporary_directory here;
  const auto leader = here.file("leader.svm", separable).string();
  const node hub({"--quiet", "--part", leader});
  const node other({"--quiet"});
  const auto wiring = here.file("wiring.json", R"({
    "replicas": [{"name": "hub", "workers": 0, "place": "a"},
                 {"name": "w", "count": 2, "place": "b"}],
    "links": [{"from": "w", "to": "hub", "exchange": "add-delta",
               "discipline": "every"}]})");

  const outcome seen = run_within(
      {"train", "--data", leader, "--wiring", wiring.string(), "--quiet",
       "--nodes", "a=" + hub.address() + ",b=" + other.address()});

  check_complaint(seen, 4,
                  "node " + hub.address() +
                      ": it has samples of its own, but no replica that steps");
}

TEST_CASE("a hub has a node of its own") {
  const temporary_directory here;
  const node hub({"--quiet"});
  const auto wiring = here.file("wiring.json", R"({
    "replicas": [{"name": "hub", "workers": 0, "place": "a"},
                 {"name": "w", "count": 2}],
    "links": [{"from": "w", "to": "hub", "exchange": "add-delta",
               "discipline": {"name": "every", "tau": 10}}]})");

  const outcome seen = run_within(words{"train", "--wiring", wiring.string(),
                                        "--nodes", "a=" + hub.address()} +
                                  steps_of("star", 5) + exact);

  INFO(seen.err);
  REQUIRE(seen.code == 0);
  CHECK(json::parse(seen.out)["epochs"].back()["train_loss"].get<double>() <
        at_the_minimum);
}

TEST_CASE("the leader's own samples need not be as many as those of parts") {
  const parts of;
  const auto few = of.here.file("few.svm", "1 1:1 2:0 3:0 4:0 5:0\n").string();
  const node a({"--quiet", "--part", of.large});
  const node b({"--quiet", "--part", of.small});

  const auto train = [&](const std::string& batch) {
    return run_within({"train", "--data", few, "--model", "least-squares",
                       "--topology", "star", "--replicas", "2", "--epochs", "1",
                       "--batch", batch, "--output", "json", "--nodes",
                       a.address() + "," + b.address(), "--quiet"});
  };

  const outcome seen = train("64");
  CHECK(seen.code == 0);
  CHECK_THAT(seen.err, Catch::Contains("--l2 was 1 / 1, by the samples of"));
  check_complaint(train("601"), 2,
                  "the batch size 601 exceeds the 600 training samples");
}

TEST_CASE("parts are labelled by the leader's topic and topics of their own") {
  const temporary_directory here;
  const auto leader =
      here.file("all.svm", "9 1:1\n9 3:1\n9 2:1\n9 3:2\n").string();
  const auto topics = here.file("all.topics", "A\nB\nA C\n\n").string();
  const auto with = here.file("with.svm", "0 1:1\n0 2:1\n").string();
  const auto with_topics = here.file("with.topics", "A\nC A\n").string();
  const auto without = here.file("without.svm", "0 3:1\n0 3:2\n").string();
  const auto without_topics = here.file("without.topics", "B\n\n").string();
  const std::string model = (here / "model.txt").string();
  const words by_topic = {"--topics", topics, "--topic", "A"};
  const auto train = [&](const node& a, const node& b, const words& labels) {
    return run_within(words{"train", "--data", leader, "--topology",
                            "allreduce", "--replicas", "2", "--epochs", "50",
                            "--step", "1", "--l2", "0.001", "--quiet",
                            "--nodes", a.address() + "," + b.address(),
                            "--save", model} +
                      labels);
  };
  const node a({"--quiet", "--part", with, "--topics", with_topics});
  const node b({"--quiet", "--part", without, "--topics", without_topics});
  const node copy({"--quiet", "--data", leader, "--topics", topics});
  const node bare({"--quiet", "--part", with});

  const outcome seen = train(a, b, by_topic);

  INFO(seen.err);
  REQUIRE(seen.code == 0);
  const outcome judged = program(words{"evaluate", "--model-file", model,
                                       "--data", leader, "--output", "json"} +
                                 by_topic);
  INFO(judged.out << judged.err);
  CHECK(json::parse(judged.out)["error"].get<double>() == 0.0);
  CHECK(train(a, copy, by_topic).code == 0);
  check_complaint(train(a, bare, by_topic), 4,
                  "node " + bare.address() + ": " + with +
                      ": the leader trains on a topic");
  check_complaint(train(a, b, {"--model", "least-squares"}), 4,
                  ": the leader trains on labels, not on a topic");
}

TEST_CASE("a node that gets no replica is named") {
  const node a({"--quiet"});
  const node b({"--quiet"});
  const node c({"--quiet"});

  const outcome seen =
      run_within(quick(a.address() + "," + b.address() + "," + c.address()));

  CHECK(seen.code == 0);
  CHECK_THAT(seen.err, Catch::Contains("no replica for node " + c.address()));
}

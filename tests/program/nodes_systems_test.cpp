// Every system over several processes comes to the right result.

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/program/nodes.hpp"
#include "topology/systems.hpp"

namespace {

using namespace sounder::tests;
using json = nlohmann::json;

words systems_of_several_replicas() {
  const auto& single = sounder::topology::one_replica_names();
  words names;
  for (const std::string& name : sounder::topology::names()) {
    if (std::find(single.begin(), single.end(), name) == single.end()) {
      names.push_back(name);
    }
  }
  return names;
}

/// The local half of this table is in tests/actors/wirings_test.cpp.
void check_all(unsigned nodes, unsigned replicas, unsigned epochs = 5) {
  for (const std::string& system : systems_of_several_replicas()) {
    check_reaches_the_minimum(system, nodes, replicas, epochs);
  }
}

}  // namespace

TEST_CASE("every system of 1 replica reaches the minimum over nodes") {
  check_all(1, 1);
}

TEST_CASE("every system of 2 replicas reaches the minimum over nodes") {
  check_all(2, 2);
}

TEST_CASE("every system of 3 replicas reaches the minimum over nodes") {
  check_all(3, 3);
}

TEST_CASE("every system of 4 replicas reaches the minimum over nodes") {
  check_all(2, 4, 10);
}

TEST_CASE("every system of 8 replicas reaches the minimum over nodes") {
  check_all(2, 8, 15);
}

TEST_CASE("rules and growing batches reach the nodes") {
  // In lockstep nothing depends on who is faster.
  const temporary_directory here;
  const auto parameters = [&](const words& where, const words& rule) {
    const std::string file = (here / "model.txt").string();
    const outcome seen = run_within(
        where +
        words{"--generate", "p1", "--topology", "allreduce", "--replicas", "2",
              "--tau", "3", "--epochs", "4", "--batch", "32", "--step", "0.05",
              "--quiet", "--save", file} +
        rule);
    INFO(seen.err);
    REQUIRE(seen.code == 0);
    return content_of(file);
  };
  for (const words& rule :
       {words{"--optimizer", "lars", "--trust", "0.02", "--weight-decay",
              "0.01"},
        words{"--optimizer", "two-stage", "--gd-epochs", "2", "--gd-batch", "5",
              "--gd-step", "0.3"}}) {
    INFO(rule[1]);
    CHECK(parameters({"launch", "--local", "2"}, rule) ==
          parameters({"train"}, rule));
  }
}

TEST_CASE("gradients meet before the optimizer over nodes, too") {
  const temporary_directory here;
  const auto parameters = [&](const words& where, const words& how) {
    const std::string file = (here / "model.txt").string();
    const outcome seen =
        run_within(where +
                   words{"--generate", "p1", "--rows", "400", "--replicas", "4",
                         "--epochs", "2", "--batch", "8", "--step", "0.05",
                         "--quiet", "--save", file} +
                   how);
    INFO(seen.err);
    REQUIRE(seen.code == 0);
    return content_of(file);
  };
  for (const std::string system : {"sync", "allreduce", "hierarchical"}) {
    for (const std::string optimizer : {"nesterov", "adam", "lars"}) {
      CAPTURE(system, optimizer);
      const words how = {"--topology", system, "--optimizer", optimizer};

      // What train does is compared with serial runs where actors are tested.
      CHECK(parameters({"launch", "--local", "2"}, how) ==
            parameters({"train"}, how));
    }
  }
}

TEST_CASE("penalties count the features of all samples over nodes, too") {
  const temporary_directory here;
  const auto parameters = [&](const words& where) {
    const std::string file = (here / "model.txt").string();
    const outcome seen = run_within(
        where + words{"--generate",    "sparse",      "--rows",     "500",
                      "--features",    "300",         "--topology", "allreduce",
                      "--replicas",    "2",           "--tau",      "10",
                      "--epochs",      "3",           "--step",     "0.1",
                      "--regularizer", "per-feature", "--l2",       "0.01",
                      "--quiet",       "--save",      file});
    INFO(seen.err);
    REQUIRE(seen.code == 0);
    return content_of(file);
  };

  CHECK(parameters({"launch", "--local", "1"}) == parameters({"train"}));
}

TEST_CASE("synchronous groups push from different nodes") {
  for (const char* const group : {"2", "3", "4"}) {
    for (const char* const pusher : {"fixed", "random"}) {
      check_reaches_the_minimum("ea-wild", 2, 5, 5,
                                {"--group", group, "--pusher", pusher});
    }
  }
}

TEST_CASE("hubs in parts live on nodes") {
  for (const char* const system : {"async-ps", "easgd", "sync", "ssp"}) {
    check_reaches_the_minimum(system, 2, 3, 5, {"--hubs", "3"});
  }
}

namespace {

/// A hub and so many workers over two nodes, who meet it like that.
json launched(std::size_t workers, const std::string& exchange,
              const std::string& discipline) {
  const temporary_directory here;
  const auto file = here.file(
      "hub.json", R"({"replicas": [{"name": "hub", "workers": 0},
                                   {"name": "w", "count": )" +
                      std::to_string(workers) + R"(}],
                      "links": [{"from": "w", "to": "hub",
                                 "exchange": )" +
                      exchange + R"(, "discipline": )" + discipline + "}]}");

  const outcome seen =
      run_within(words{"launch", "--local", "2", "--wiring", file.string(),
                       "--step", "0.05", "--epochs", "5"} +
                 exact);

  INFO(seen.err);
  REQUIRE(seen.code == 0);
  return json::parse(seen.out);
}

double loss_of(const json& result) {
  return result["epochs"].back()["train_loss"].get<double>();
}

std::size_t dropped(const json& result) {
  std::size_t sum = 0;
  for (const json& link : result["links"]) {
    sum += link["dropped"].get<std::size_t>();
  }
  return sum;
}

}  // namespace

TEST_CASE("a quorum over nodes ends and reaches the minimum") {
  for (const char* const grace : {"0", "2"}) {
    for (const char* const exchange :
         {R"("gradient")", R"({"name": "outer-step", "rate": 1,
                               "momentum": 0})",
          R"({"name": "elastic", "alpha": 0.3})"}) {
      INFO(exchange << ", grace " << grace);
      CHECK(loss_of(launched(3, exchange,
                             R"({"name": "quorum", "tau": 10, "least": 2,
                                 "grace": )" +
                                 std::string(grace) + "}")) < at_the_minimum);
    }
  }
}

TEST_CASE("updates that are too old are dropped over nodes") {
  const char* const exchange = R"({"name": "add-delta",
                                   "age": {"name": "drop", "older-than": 0}})";
  const char* const discipline = R"({"name": "every", "tau": 10})";

  // Whose first update comes second has read the hub before the first.
  CHECK(dropped(launched(2, exchange, discipline)) > 0);
  const json alone = launched(1, exchange, discipline);
  CHECK(dropped(alone) == 0);
  CHECK(loss_of(alone) < at_the_minimum);
}

TEST_CASE("a program of one's own runs here and on nodes, to the same bits") {
  const node first({"--quiet"});
  const node second({"--quiet"});

  const outcome here = process({SOUNDER_EXAMPLE}).finish();
  const outcome there =
      process({SOUNDER_EXAMPLE, first.address(), second.address()}).finish();

  CHECK(here.code == 0);
  CHECK_THAT(here.out, Catch::Contains("train loss 0.1"));
  CHECK(there.out == here.out);
  CHECK(there.err.empty());
}

TEST_CASE("launch without a topology is a star with a replica a node") {
  const temporary_directory here;
  const std::string config =
      here.file("run.cfg", "epochs = 1\noutput = json\nquiet = true\n")
          .string();

  const outcome seen =
      run_within({"launch", "--local", "3", "--generate", "p4", "--model",
                  "least-squares", "--step", "0.05", "--config", config});

  INFO(seen.err);
  REQUIRE(seen.code == 0);
  const json result = json::parse(seen.out);
  CHECK(result["topology"] == "star");
  CHECK(result["replicas"] == 3);
}

TEST_CASE("launch starts nodes on other hosts by ssh") {
  const temporary_directory here;
  const std::string ssh = (here / "ssh").string();
  const std::string log = (here / "hosts").string();
  std::ofstream(ssh) << "#!/bin/sh\n"
                     << "echo \"$1\" >> '" << log << "'\n"
                     << "shift\nexec sh -c \"exec $*\"\n";
  std::filesystem::permissions(ssh, std::filesystem::perms::owner_all);
  std::string port;
  {
    const node free({"--quiet"});
    port = free.address().substr(free.address().rfind(':') + 1);
  }

  const outcome seen =
      process(
          program_words(words{"launch", "--ssh", "me@127.0.0.2,127.0.0.3",
                              "--port", port, "--program", SOUNDER_PROGRAM,
                              "--replicas", "2", "--topology", "star", "--step",
                              "0.05", "--tau", "10", "--epochs", "10"} +
                        exact),
          {"PATH=" + here.path().string() + ":/usr/bin:/bin"}, longest_run)
          .finish();

  INFO(seen.err);
  CHECK(seen.code == 0);
  CHECK(json::parse(seen.out)["epochs"].back()["train_loss"].get<double>() <
        at_the_minimum);
  const std::string hosts = content_of(log);  // in either order
  CHECK_THAT(hosts, Catch::Contains("me@127.0.0.2\n"));
  CHECK_THAT(hosts, Catch::Contains("127.0.0.3\n"));
  // They have ended: their addresses are free again.
  CHECK(node({"--quiet"}, "127.0.0.2:" + port).address() ==
        "127.0.0.2:" + port);
}

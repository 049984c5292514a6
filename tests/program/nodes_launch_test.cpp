// What launch gives its nodes, and that they end with it.

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/program/nodes.hpp"

namespace {

using namespace sounder::tests;
using json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

const words quick_run = {"--generate", "p4",   "--model", "least-squares",
                         "--step",     "0.05", "--rows",  "500",
                         "--epochs",   "1",    "--tau",   "10",
                         "--output",   "json", "--quiet"};

/// Stands in for ssh: does `first`, then what a login shell does with the words
/// after the host.
class fake_ssh {
 public:
  explicit fake_ssh(const std::string& first = "") {
    const std::string file = (here_ / "ssh").string();
    std::ofstream(file) << "#!/bin/sh\n"
                        << "shift\n"
                        << first << "\nexec sh -c \"exec $*\"\n";
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }

  outcome launch(const words& more, words environment = {}) const {
    std::string port;
    {
      const node free({"--quiet"});
      port = std::to_string(free.port());
    }
    environment.push_back("PATH=" + here_.path().string() + ":/usr/bin:/bin");
    return process(program_words(words{"launch", "--ssh",
                                       "me@127.0.0.2,127.0.0.3", "--port", port,
                                       "--program", SOUNDER_PROGRAM} +
                                 more),
                   environment, longest_run)
        .finish();
  }

 private:
  temporary_directory here_;
};

/// Two replicas at one place, two at another; the hub with the first.
constexpr const char* placed =
    R"({"replicas": [{"name": "hub", "workers": 0, "place": "east"},
      {"name": "a", "count": 2, "place": "east"},
      {"name": "b", "count": 2, "place": "west"}],
     "links": [
      {"from": "a", "to": "hub", "exchange": "add-delta",
       "discipline": {"name": "every", "tau": 20}},
      {"from": "b", "to": "hub", "exchange": "add-delta",
       "discipline": {"name": "every", "tau": 20}}]})";

const words on_placed = {"--generate", "p4",   "--model", "least-squares",
                         "--step",     "0.05", "--rows",  "500",
                         "--epochs",   "1",    "--quiet"};

}  // namespace

TEST_CASE("by default there is a replica on each node") {
  for (const char* const system : {"star", "sync", "ad-psgd", "auto"}) {
    INFO(system);

    const outcome seen = run_within(words{"launch", "--local", "3"} +
                                    words{"--topology", system} + quick_run);

    INFO(seen.err);
    REQUIRE(seen.code == 0);
    CHECK(json::parse(seen.out)["replicas"] == 3);
    CHECK(seen.err.empty());  // no idle node
  }
}

TEST_CASE("by default train has a replica on each of its nodes") {
  const node first({"--quiet"});
  const node second({"--quiet"});
  const node third({"--quiet"});

  for (const words& topology :
       {words{}, words{"--topology", "easgd"}, words{"--topology", "d-psgd"}}) {
    const outcome seen =
        run_within(words{"train", "--nodes",
                         first.address() + "," + second.address() + "," +
                             third.address()} +
                   topology + quick_run);

    INFO(seen.err);
    REQUIRE(seen.code == 0);
    CHECK(json::parse(seen.out)["replicas"] == 3);
  }
}

TEST_CASE("nodes of launch do not read the user's variables") {
  const temporary_directory here;
  const std::string config =
      here.file("run.cfg", "epochs = 1\ntau = 10\n").string();
  const words environment = {"SOUNDER_CONFIG=" + config,
                             "SOUNDER_PART=/no/part", "SOUNDER_LISTEN=nowhere",
                             "SOUNDER_WIRE_PORT=x"};
  words line = quick_run;
  line.erase(std::find(line.begin(), line.end(), "--quiet"));

  const outcome local =
      process(program_words(words{"launch", "--local", "2"} + line),
              environment, longest_run)
          .finish();
  const outcome remote = fake_ssh().launch(line, environment);

  INFO(local.err << remote.err);
  CHECK(local.code == 0);
  CHECK(remote.code == 0);
}

TEST_CASE("a launch that is killed at any moment leaves no node behind") {
  for (int after = 0; after <= 300; after += 12) {
    INFO(after << " ms");
    process launched(
        program_words({"launch", "--local", "3", "--generate", "p1",
                       "--topology", "star", "--epochs", "100000", "--quiet"}),
        {}, longest_run, process_group::own);
    std::this_thread::sleep_for(milliseconds(after));

    launched.signal(SIGKILL);

    CHECK(launched.comes_to_an_empty_group(seconds(10)));
  }
}

TEST_CASE("a node whose input ends is over, too") {
  process at({"sh", "-c",
              std::string("sleep 0.5 | ") + SOUNDER_PROGRAM +
                  " node --ends-with-input"},
             {}, longest_run);

  CHECK(!at.prints("listening on ").empty());
  CHECK(at.finish().code == 0);
}

TEST_CASE("what a remote shell prints besides is passed over") {
  const std::string greeting = GENERATE(
      "echo Welcome; echo; echo 'sshd is listening on port 22'",
      "printf 'Last login: today\\r\\n\\033[0m'",
      "i=0; while [ $i -lt 200 ]; do echo a long banner $i; i=$((i+1)); done");

  const outcome seen = fake_ssh(greeting).launch(quick_run);

  INFO(seen.err);
  CHECK(seen.code == 0);
}

TEST_CASE("a remote node that does not start is named, with what it said") {
  const outcome seen = fake_ssh("echo Welcome; echo 'no such program'; exit 3")
                           .launch(quick_run);

  check_complaint(seen, 4,
                  "the node on me@127.0.0.2 did not start; it said 'no such "
                  "program'");
}

TEST_CASE("options reach a remote node as they are") {
  const temporary_directory here;
  const std::string file = (here / "it's here; $HOME.pem").string();
  std::ofstream(file) << "no certificate";

  const outcome seen =
      fake_ssh("for word; do echo \"$word\" >> " + (here / "words").string() +
               "; done")
          .launch(quick_run + words{"--tls-cert", file, "--tls-key", file,
                                    "--tls-ca", file});

  CHECK(seen.code == 4);  // the node cannot read it either
  const std::string said = content_of(here / "words");
  CHECK_THAT(said, Catch::Contains("it'\\''s here; $HOME.pem'\n"));
}

TEST_CASE("places of a wiring are here with --all-here") {
  const temporary_directory here;
  const std::string file = here.file("placed.json", placed).string();

  const outcome refused =
      run_within(words{"train", "--wiring", file} + on_placed);
  const outcome seen = run_within(
      words{"train", "--wiring", file, "--all-here", "--output", "json"} +
      on_placed);
  const outcome both = run_within(words{"train", "--wiring", file, "--all-here",
                                        "--nodes", "east=127.0.0.1:1"} +
                                  on_placed);

  check_complaint(refused, 2, "run all in this process with --all-here");
  INFO(seen.err);
  REQUIRE(seen.code == 0);
  CHECK(json::parse(seen.out)["replicas"] == 4);
  check_complaint(both, 2, "--all-here: is instead of --nodes");
}

TEST_CASE("launch deals the places of a wiring to its nodes") {
  const temporary_directory here;
  const std::string file = here.file("placed.json", placed).string();

  const outcome seen = run_within(
      words{"launch", "--local", "2", "--wiring", file, "--output", "json"} +
      on_placed);
  const outcome few =
      run_within(words{"launch", "--local", "1", "--wiring", file} + on_placed);

  INFO(seen.err);
  REQUIRE(seen.code == 0);
  CHECK(json::parse(seen.out)["replicas"] == 4);
  CHECK(seen.err.empty());
  check_complaint(few, 2, "2 places (east, west) for 1 node");
}

TEST_CASE("an IPv6 address is read with and without brackets, everywhere") {
  for (const char* const text : {"[::1]:0", "::1:0"}) {
    INFO(text);
    const node at({"--quiet"}, text);
    CHECK_THAT(at.address(), Catch::StartsWith("[::1]:"));
    const std::string port = std::to_string(at.port());

    for (const std::string& name : {"[::1]:" + port, "::1:" + port}) {
      CHECK(state_of(name) == "waiting");
      const outcome seen = run_within(quick(name));
      INFO(seen.err);
      CHECK(seen.code == 0);
    }
  }
}

TEST_CASE("a node that is named twice is refused before anything runs") {
  const node at({"--quiet"});
  const std::string port = std::to_string(at.port());
  const std::string here = "127.0.0.1:" + port;

  const outcome same = run_within(quick(here + "," + here));
  const outcome other = run_within(quick(here + ",localhost:" + port));

  check_complaint(same, 2, "--nodes: " + here + " is there twice");
  check_complaint(other, 2, "are the same node; name it once");
  CHECK_THAT(other.err,
             Catch::Contains(here) && Catch::Contains("localhost:" + port));
  CHECK(state_of(here) == "waiting");
}

// What happens when a node goes, and what is refused.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/program/nodes.hpp"
#include "tests/support/stranger.hpp"

namespace {

using namespace sounder::tests;
using json = nlohmann::json;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// Writes random bytes to the port and hangs up.
void send_garbage(int port) {
  const stranger somebody(static_cast<std::uint16_t>(port));
  REQUIRE(somebody.is_connected());
  std::string bytes(4096, '\0');
  std::uint32_t x = 1;
  for (char& c : bytes) {
    x = x * 1664525U + 1013904223U;
    c = static_cast<char>(x >> 24U);
  }
  somebody.say(bytes);
}

std::size_t lines_of(const std::string& path) {
  std::ifstream file(path);
  return static_cast<std::size_t>(
      std::count(std::istreambuf_iterator<char>(file), {}, '\n'));
}

}  // namespace

TEST_CASE("a killed node ends the run with 4, and frees the other") {
  node first({"--quiet"});
  node second({"--quiet"});
  process training(
      program_words(endless(first.address() + "," + second.address())));
  REQUIRE(training.says("epoch 1/"));
  CHECK(state_of(second.address()) == "training");

  const auto killed = clock::now();
  first.kill();
  const outcome seen = training.finish();

  CHECK(seen.code == 4);
  CHECK(clock::now() - killed < 5s);
  CHECK_THAT(seen.err, Catch::Contains("node " + first.address() + " is gone"));
  CHECK(comes_to(second.address(), "waiting"));
}

TEST_CASE("the others go on while a node is stopped") {
  const auto* const system =
      GENERATE("star", "ad-psgd", "ea-wild", "async-easgd");
  CAPTURE(system);
  const temporary_directory here;
  const std::string metrics = (here.path() / "epochs.jsonl").string();
  node first({"--quiet"});
  node second({"--quiet"});
  node third({"--quiet"});
  process training(
      program_words(words{"train", "--topology", system, "--replicas", "3",
                          "--tau", "50", "--step", "0.005", "--epochs", "150",
                          "--evaluate-every", "1", "--metrics", metrics,
                          "--nodes",
                          first.address() + "," + second.address() + "," +
                              third.address()} +
                    exact),
      {}, std::chrono::seconds(60));
  const auto come_to = [&](std::size_t epochs) {
    const auto until = clock::now() + 8s;  // a silent node is gone after ten
    while (lines_of(metrics) < epochs && clock::now() < until) {
      std::this_thread::sleep_for(20ms);
    }
    return lines_of(metrics) >= epochs;
  };
  REQUIRE(come_to(10));

  third.freeze();
  const bool others_went_on = come_to(lines_of(metrics) + 30);
  third.signal(SIGCONT);
  const outcome seen = training.finish();

  CHECK(others_went_on);
  INFO(seen.err);
  REQUIRE(seen.code == 0);
  const auto last = json::parse(seen.out)["epochs"].back();
  CHECK(last["samples"] == 150 * 2000);
  CHECK(last["train_loss"].get<double>() < at_the_minimum);
}

TEST_CASE("nobody at the address is exit code 4 after the deadline") {
  std::string address;
  {
    node gone({"--quiet"});
    address = gone.address();
  }

  const auto start = clock::now();
  const outcome seen =
      run_within(quick(address) + words{"--connect-deadline", "1"});

  check_complaint(seen, 4, "no node answers at " + address);
  CHECK(clock::now() - start >= 1s);
  CHECK(clock::now() - start < 6s);
}

TEST_CASE("a node on a port in use says so in one line") {
  const node first({"--quiet"});

  const outcome seen = run_within({"node", "--listen", first.address()});

  check_complaint(seen, 2, "--listen: cannot listen on " + first.address());
}

TEST_CASE("a second leader at a busy node is refused") {
  const node busy({"--quiet"});
  process training(program_words(endless(busy.address())));
  REQUIRE(training.says("epoch 1/"));

  const outcome seen = run_within(quick(busy.address()));

  check_complaint(
      seen, 4, "node " + busy.address() + ": it is at work for another leader");
  training.signal(SIGINT);
  CHECK(training.finish().code == 130);
  CHECK(comes_to(busy.address(), "waiting"));
}

TEST_CASE("mistakes in nodes and TLS are exit code 2") {
  const auto [line, expected] = GENERATE(table<words, std::string>({
      {{"node", "--listen", "0.0.0.0:0"}, "--listen: 0.0.0.0 is not this"},
      {{"node", "--listen", "4711"}, "'4711' is not HOST:PORT"},
      {{"node", "--listen", "127.0.0.1:70000"}, "is not HOST:PORT"},
      {{"node", "--tls-key", "/no/such.key"}, "--tls-cert is missing"},
      {{"node", "--tls-cert", "/no/such.pem", "--tls-key", "/no/such.key",
        "--tls-ca", "/no/ca.pem"},
       "--tls-cert: there is no file '/no/such.pem'"},
      {{"node", "--data", "a.svm", "--part", "b.svm"}, "--part: is instead of"},
      {{"train", "--generate", "p1", "--nodes", "here"},
       "--nodes: 'here' is not HOST:PORT"},
      {{"train", "--generate", "p1", "--nodes", "a:1,,b:2"},
       "--nodes: 'a:1,,b:2' has an empty item"},
      {{"train", "--generate", "p1", "--nodes", "127.0.0.1:x"},
       "--nodes: '127.0.0.1:x' is not HOST:PORT"},
      {{"train", "--generate", "p1", "--nodes", "10.0.0.1:4711"},
       "--nodes: 10.0.0.1 is not this"},
      {{"train", "--generate", "p1", "--nodes", "127.0.0.1:1", "--tls-cert",
        "/no/such.pem", "--tls-key", "/no/such.key", "--tls-ca", "/no/ca.pem"},
       "--tls-cert: there is no file '/no/such.pem'"},
      {{"train", "--generate", "p1", "--connect-deadline", "0"},
       "--connect-deadline: 0 is out of range"},
      {{"train", "--generate", "p1", "--compress", "zip"},
       "--compress: 'zip' is none of none, fp16"},
      {{"launch", "--local", "2", "--generate", "p1", "--topology", "allreduce",
        "--compress", "fp16", "--quiet"},
       "all must end with the same bits"},
      {{"train", "--generate", "p1", "--nodes", "a=127.0.0.1:1,a=127.0.0.1:2"},
       "--nodes: 'a' is there twice"},
      {{"launch", "--local", "2", "--generate", "p1", "--deterministic",
        "--quiet"},
       "--deterministic: is for runs in one process"},
      {{"launch", "--generate", "p1"}, "launch needs --local N"},
      {{"launch", "--ssh", "a,,b", "--generate", "p1"}, "--ssh: '' is no host"},
      {{"launch", "--ssh", "-x", "--generate", "p1"}, "--ssh: '-x' is no host"},
      {{"launch", "--ssh", "a", "--port", "99999", "--generate", "p1"},
       "--port: '99999' is no port"},
      {{"status", "10.0.0.1:4711"}, "--node: 10.0.0.1 is not this"},
      {{"status", "127.0.0.1:1", "--output", "xml"}, "--output: 'xml' is none"},
      {{"launch", "--local", "0", "--generate", "p1"}, "--local: '0' is not"},
      {{"status"}, "--node is missing"},
  }));

  check_complaint(run_within(line), 2, expected);
}

TEST_CASE("a node cannot listen at a host that is not there") {
  const outcome seen =
      run_within({"node", "--listen", "nohost.invalid:0", "--insecure"});

  CHECK(seen.code == 2);
  CHECK_THAT(seen.err, Catch::Contains("cannot listen on nohost.invalid:0 ("));
}

TEST_CASE("who reaches beyond this machine without TLS is warned") {
  // Nobody is there: these addresses are for documentation (RFC 5737).
  const words there = {"--insecure", "--connect-deadline", "0.2"};

  for (const words& line :
       {quick("192.0.2.1:4711"), words{"status", "192.0.2.1:4711"}}) {
    const outcome seen = run_within(line + there);

    CHECK(seen.code == 4);
    CHECK_THAT(seen.err,
               Catch::Contains("warning: 192.0.2.1:4711 without TLS"));
  }
}

TEST_CASE("status tells steps and rates of a node at work") {
  const node at({"--quiet"});
  process training(program_words(endless(at.address())));
  REQUIRE(training.says("epoch 1/"));

  const outcome seen = run_within({"status", at.address(), "--output", "json"});
  const outcome table = run_within({"status", at.address()});

  const json status = json::parse(seen.out);
  REQUIRE(status["replicas"].size() == 2);
  for (const json& replica : status["replicas"]) {
    CHECK(replica["steps"].get<std::uint64_t>() > 0);
    CHECK(replica["samples_per_s"].get<double>() > 0.0);
  }
  CHECK_THAT(table.out, Catch::Contains("rate"));
  training.signal(SIGINT);
  CHECK(training.finish().code == 130);
}

TEST_CASE("status tells where the tokens of a node at work are") {
  const node first({"--quiet"});
  const node second({"--quiet"});
  process training(
      program_words({"train", "--generate", "p1", "--topology", "hogwildpp",
                     "--replicas", "3", "--tau", "50", "--epochs", "2000",
                     "--nodes", first.address() + "," + second.address()}));
  REQUIRE(training.says("epoch 1/"));

  for (const node* at : {&first, &second}) {
    const outcome seen =
        run_within({"status", at->address(), "--output", "json"});

    INFO(seen.out << seen.err);
    const json status = json::parse(seen.out);
    REQUIRE(status["tokens"].size() == 1);
    const json& token = status["tokens"][0];
    CHECK(token["ring"] == "replica-1");
    CHECK(token["passes"].get<std::uint64_t>() > 0);
  }
  training.signal(SIGINT);
  CHECK(training.finish().code == 130);
}

TEST_CASE("a garbage client does not end a node") {
  node at({"--quiet"});

  for (int k = 0; k < 5; ++k) {
    send_garbage(at.port());
  }

  CHECK(state_of(at.address()) == "waiting");
  CHECK(run_within(quick(at.address())).code == 0);
  CHECK(at.end().code == 0);
}

TEST_CASE("a million epochs over nodes begin, and stop, at once") {
  const node first({"--quiet"});
  const node second({"--quiet"});
  const temporary_directory here;
  const std::string model = (here / "model.txt").string();
  // A hub is the model, or the replicas are.
  const std::string system = GENERATE("sync", "d-psgd");
  const auto start = clock::now();
  process training(program_words(
      {"train", "--generate", "p4", "--model", "least-squares", "--topology",
       system, "--replicas", "2", "--epochs", "1000000", "--step", "0.01",
       "--save", model, "--nodes", first.address() + "," + second.address()}));
  REQUIRE(training.says("epoch 1/"));
  CHECK(clock::now() - start < 10s);

  const auto interrupted = clock::now();
  training.signal(SIGINT);

  CHECK(training.finish().code == 130);
  CHECK(clock::now() - interrupted < 5s);
  CHECK(std::filesystem::exists(model));
  CHECK(comes_to(first.address(), "waiting"));
}

TEST_CASE("an interrupt is heard while a node is waited for") {
  std::string address;
  {
    node gone({"--quiet"});
    address = gone.address();
  }
  words line = quick(address);
  line.erase(std::find(line.begin(), line.end(), "--quiet"));
  process training(program_words(line));
  REQUIRE(training.says("generated"));
  std::this_thread::sleep_for(300ms);  // signals before the wait end it, too

  const auto interrupted = clock::now();
  training.signal(SIGINT);

  const outcome seen = training.finish();
  CHECK(seen.code == 130);
  CHECK(clock::now() - interrupted < 5s);
}

// Runs over several processes: results, what happens when a node goes, what
// is refused, TLS.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/program/program.hpp"
#include "topology/systems.hpp"

namespace {

using namespace sounder::tests;
using namespace std::chrono_literals;
using json = nlohmann::json;
using words = std::vector<std::string>;
using clock = std::chrono::steady_clock;

/// Longer than anything here may take, far shorter than a hang.
constexpr std::chrono::seconds deadline = 20s;

words operator+(words a, const words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

outcome run_within(const words& given) {
  return process(program_words(given), {}, deadline).finish();
}

/// A node on a port of its own choice; killed with the object.
class node {
 public:
  explicit node(const words& more = {}, const std::string& at = "127.0.0.1:0")
      : process_(program_words(words{"node", "--listen", at} + more), {}, 60s) {
    const std::string start = "listening on ";
    const std::string line = process_.prints("\n");
    REQUIRE_THAT(line, Catch::StartsWith(start));
    address_ = line.substr(start.size(), line.size() - start.size() - 1);
  }

  const std::string& address() const { return address_; }
  int port() const {
    return std::atoi(address_.c_str() + address_.rfind(':') + 1);
  }
  bool says(std::string_view text) { return process_.says(text); }
  void kill() { process_.signal(SIGKILL); }
  outcome end() {
    process_.signal(SIGTERM);
    return process_.finish();
  }

 private:
  process process_;
  std::string address_;
};

std::string state_of(const std::string& address, const words& more = {}) {
  const outcome seen =
      run_within(words{"status", address, "--output", "json"} + more);
  return seen.code == 0 ? json::parse(seen.out)["state"].get<std::string>()
                        : seen.err;
}

/// Asks until the node is in this state.
bool comes_to(const std::string& address, const std::string& state) {
  const auto until = clock::now() + 5s;
  while (state_of(address) != state) {
    if (clock::now() > until) {
      return false;
    }
    std::this_thread::sleep_for(50ms);
  }
  return true;
}

/// Regression without noise: the least loss is 0, at the generator's weights.
const words exact = {"--generate", "p4",      "--noise",       "0",    "--rows",
                     "2000",       "--model", "least-squares", "--l2", "0",
                     "--output",   "json",    "--quiet"};

/// Weights are floats, 5 of about 1: rounding alone leaves a loss of some
/// 1e-14; the loss at the start is about 1.
constexpr double at_the_minimum = 1e-6;

/// Momentum of 0.9 makes each step ten times as long.
std::string step_of(const std::string& system) {
  return system == "async-msgd" || system == "eamsgd" ? "0.005" : "0.05";
}

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

void check_reaches_the_minimum(const std::string& system, unsigned nodes,
                               unsigned replicas, unsigned epochs = 5,
                               const words& more = {},
                               double most = at_the_minimum) {
  INFO(system << ", " << replicas << " replicas on " << nodes << " nodes"
              << (more.empty() ? "" : ", " + more.back()));

  const outcome seen =
      run_within(words{"launch", "--local", std::to_string(nodes), "--replicas",
                       std::to_string(replicas), "--topology", system, "--step",
                       step_of(system), "--epochs", std::to_string(epochs),
                       "--tau", "10", "--push", "10", "--fetch", "10"} +
                 exact + more);

  INFO(seen.err);
  CHECK(seen.code == 0);
  const json result = json::parse(seen.out, nullptr, false);
  REQUIRE(result.is_object());
  CHECK(result["epochs"].back()["train_loss"].get<double>() < most);
}

words quick(const std::string& nodes) {
  return {"train",      "--generate", "p1",       "--topology", "star",
          "--replicas", "2",          "--epochs", "2",          "--quiet",
          "--nodes",    nodes,        "--output", "json"};
}

/// Minutes of work.
words endless(const std::string& nodes) {
  return {"train", "--generate", "p1",   "--topology", "star", "--replicas",
          "2",     "--epochs",   "2000", "--nodes",    nodes};
}

/// Writes random bytes to the port and hangs up.
void send_garbage(int port) {
  const int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(s >= 0);
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(s, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  std::string bytes(4096, '\0');
  std::uint32_t x = 1;
  for (char& c : bytes) {
    x = x * 1664525U + 1013904223U;
    c = static_cast<char>(x >> 24U);
  }
  static_cast<void>(send(s, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  close(s);
}

/// Two private authorities with a certificate each, made by openssl.
class certificates {
 public:
  certificates() {
    for (const char* const ca : {"ours", "theirs"}) {
      is_made_ =
          is_made_ &&
          make({"req", "-x509", "-subj", std::string("/CN=") + ca, "-keyout",
                file(ca, "ca.key"), "-out", file(ca, "ca.pem")}) &&
          make({"req", "-subj", "/CN=node", "-keyout", file(ca, "node.key"),
                "-out", file(ca, "node.csr")}) &&
          sign(ca);
    }
  }

  bool is_made() const { return is_made_; }

  words options(const std::string& ca) const {
    return {"--tls-cert",         file(ca, "node.pem"), "--tls-key",
            file(ca, "node.key"), "--tls-ca",           file(ca, "ca.pem")};
  }

 private:
  std::string file(const std::string& ca, const std::string& name) const {
    return (here_ / (ca + "-" + name)).string();
  }
  static bool make(const words& request) {
    return run(words{"openssl"} + request +
               words{"-newkey", "rsa:2048", "-nodes"})
               .code == 0;
  }
  bool sign(const std::string& ca) const {
    return run({"openssl", "x509", "-req", "-in", file(ca, "node.csr"), "-CA",
                file(ca, "ca.pem"), "-CAkey", file(ca, "ca.key"),
                "-CAcreateserial", "-days", "1", "-out", file(ca, "node.pem")})
               .code == 0;
  }

  temporary_directory here_;
  bool is_made_ = std::system("openssl version > /dev/null 2>&1") == 0;
};

}  // namespace

TEST_CASE("every system reaches the minimum over two processes") {
  for (const std::string& system : systems_of_several_replicas()) {
    check_reaches_the_minimum(system, 2, 2);
  }
}

TEST_CASE("every system reaches the minimum over three processes") {
  for (const std::string& system : systems_of_several_replicas()) {
    check_reaches_the_minimum(system, 3, 3);
  }
}

TEST_CASE("eight replicas share two nodes") {
  check_reaches_the_minimum(GENERATE("star", "allreduce"), 2, 8, 15);
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
       {words{"--rule", "lars", "--trust", "0.02", "--weight-decay", "0.01"},
        words{"--rule", "two-stage", "--gd-epochs", "2", "--gd-batch", "5",
              "--gd-step", "0.3"}}) {
    INFO(rule[1]);
    CHECK(parameters({"launch", "--local", "2"}, rule) ==
          parameters({"train"}, rule));
  }
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
  // bf16 and int8 lose 2^-8 of a letter at most, letters are below 1 on
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
  const double whole = bytes_of("none");

  CHECK(bytes_of("fp16") == whole * 0.5);
  CHECK(bytes_of("bf16") == whole * 0.5);
  CHECK(bytes_of("int8") == whole * (100 + 4) / 400);
  CHECK(bytes_of("top-k:0.1") <= whole * (4 + 8 * 10) / 400);
  CHECK(bytes_of("top-k:0.1") > 0.0);
}

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

  check_complaint(seen, 3, "cannot listen on " + first.address());
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

TEST_CASE("over TLS only certificates of the same authority meet") {
  const certificates made;
  if (!made.is_made()) {
    WARN("skipped: no openssl command");
    return;
  }
  const words ours = made.options("ours");
  const node at(words{"--quiet"} + ours);

  const outcome trained = run_within(quick(at.address()) + ours);
  INFO(trained.err);
  CHECK(trained.code == 0);
  CHECK(state_of(at.address(), ours) == "waiting");

  const words soon = {"--connect-deadline", "1"};
  check_complaint(
      run_within(quick(at.address()) + soon + made.options("theirs")), 4,
      "no node answers at " + at.address());
  check_complaint(run_within(quick(at.address()) + soon), 4,
                  "no node answers at " + at.address());
  CHECK(state_of(at.address(), ours) == "waiting");
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

TEST_CASE("launch starts nodes on other hosts by ssh") {
  const temporary_directory here;
  const std::string ssh = (here / "ssh").string();
  const std::string log = (here / "hosts").string();
  std::ofstream(ssh) << "#!/bin/sh\n[ \"$1\" = -tt ] || exit 1\n"
                     << "echo \"$2\" >> '" << log << "'\n"
                     << "shift 2\nexec \"$@\"\n";
  std::filesystem::permissions(ssh, std::filesystem::perms::owner_all);
  std::string port;
  {
    const node free({"--quiet"});
    port = free.address().substr(free.address().rfind(':') + 1);
  }

  const outcome seen =
      process(program_words(words{"launch", "--ssh", "127.0.0.2,127.0.0.3",
                                  "--port", port, "--program", SOUNDER_PROGRAM,
                                  "--replicas", "2", "--topology", "star",
                                  "--step", "0.05", "--tau", "10"} +
                            exact),
              {"PATH=" + here.path().string() + ":/usr/bin:/bin"}, deadline)
          .finish();

  INFO(seen.err);
  CHECK(seen.code == 0);
  CHECK(json::parse(seen.out)["epochs"].back()["train_loss"].get<double>() <
        at_the_minimum);
  std::string hosts;
  std::ifstream(log) >> hosts;
  CHECK_THAT(hosts, Catch::StartsWith("127.0.0."));
  // They have ended: their addresses are free again.
  CHECK(node({"--quiet"}, "127.0.0.2:" + port).address() ==
        "127.0.0.2:" + port);
}

TEST_CASE("nodes meet each other over TLS") {
  const certificates made;
  if (!made.is_made()) {
    WARN("skipped: no openssl command");
    return;
  }
  for (const char* const system :
       {"easgd", "allreduce", "hogwildpp", "d-psgd"}) {
    check_reaches_the_minimum(system, 2, 4, 5, made.options("ours"));
  }
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
      {{"launch", "--generate", "p1"}, "launch needs --local N"},
      {{"launch", "--local", "0", "--generate", "p1"}, "--local: '0' is not"},
      {{"status"}, "--node is missing"},
  }));

  check_complaint(run_within(line), 2, expected);
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

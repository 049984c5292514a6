// Strangers at the ports of nodes: whatever they send, a run goes on.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <thread>

#include "tests/program/nodes.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/relay.hpp"
#include "tests/support/stranger.hpp"

namespace {

using namespace sounder::tests;
using namespace std::chrono_literals;

/// Somewhat longer than a connection may take to say who it is.
constexpr std::chrono::seconds after_the_deadline(9);

/// The first bytes of a TLS handshake, cut off.
const std::string half_a_hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                               11);
const std::string get = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";
const std::string noise = [] {
  std::string bytes(4096, '\0');
  std::uint32_t x = 7;
  for (char& c : bytes) {
    x = x * 1664525U + 1013904223U;
    c = static_cast<char>(x >> 24U);
  }
  return bytes;
}();

/// Two nodes, each with a second port that is known beforehand.
class two_nodes {
 public:
  explicit two_nodes(const words& security)
      : first_(options(0) + security), second_(options(1) + security) {}

  std::string addresses() const {
    return first_.address() + "," + second_.address();
  }
  const std::string& address() const { return first_.address(); }
  double cpu_seconds() const { return first_.cpu_seconds(); }
  std::vector<std::uint16_t> ports() const {
    return {static_cast<std::uint16_t>(first_.port()), wires_[0],
            static_cast<std::uint16_t>(second_.port()), wires_[1]};
  }

 private:
  words options(std::size_t k) const {
    return {"--quiet", "--wire-port", std::to_string(wires_[k])};
  }

  std::vector<std::uint16_t> wires_ = {free_port("127.0.0.1"),
                                       free_port("127.0.0.1")};
  node first_;
  node second_;
};

using probe = std::function<void(std::uint16_t port)>;

probe saying(const std::string& bytes) {
  return [=](std::uint16_t port) {
    const stranger somebody(port);
    if (somebody.is_connected()) {
      somebody.say(bytes);
    }
  };
}

/// Says it and stays, until the test is over.
probe staying(const std::string& bytes) {
  const auto all = std::make_shared<std::vector<stranger>>();
  return [=](std::uint16_t port) {
    if (stranger somebody(port); somebody.is_connected()) {
      somebody.say(bytes);
      all->push_back(std::move(somebody));
    }
  };
}

/// A TLS client of openssl's.
probe tls_client(const words& more) {
  return [=](std::uint16_t port) {
    run(words{"openssl", "s_client", "-connect",
              "127.0.0.1:" + std::to_string(port)} +
        more);
  };
}

std::map<std::string, probe> probes(const certificates& made,
                                    const two_nodes& at,
                                    const words& security) {
  std::map<std::string, probe> all = {{"nothing", saying("")},
                                      {"a byte", staying("S")},
                                      {"half a hello", staying(half_a_hello)},
                                      {"noise", saying(noise)},
                                      {"HTTP", saying(get)}};
  all["status"] = [=, &at](std::uint16_t) {
    run_within(words{"status", at.address()} + security);
  };
  if (made.is_made()) {
    all["no certificate"] = tls_client({});
    all["a certificate of others"] =
        tls_client({"-cert", made.file("theirs", "node.pem"), "-key",
                    made.file("theirs", "node.key")});
  }
  return all;
}

/// Sends all kinds of strangers to all ports, in turn, until it is destroyed.
class visits {
 public:
  visits(std::map<std::string, probe> all, std::vector<std::uint16_t> ports)
      : thread_([this, all = std::move(all),
                 ports = std::move(ports)](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            for (const auto& [name, visit] : all) {
              for (const std::uint16_t port : ports) {
                visit(port);
              }
            }
            ++rounds_;
          }
        }) {}

  unsigned rounds() const { return rounds_; }
  bool come_to(unsigned rounds) const {
    const auto until = std::chrono::steady_clock::now() + 30s;
    while (rounds_ < rounds && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(20ms);
    }
    return rounds_ >= rounds;
  }

 private:
  std::atomic<unsigned> rounds_{0};
  std::jthread thread_;
};

outcome train_over(const two_nodes& at, const std::string& epochs,
                   const words& security) {
  return process(
             program_words(words{"train", "--topology", "easgd", "--replicas",
                                 "4", "--tau", "10", "--step", "0.05",
                                 "--epochs", epochs, "--evaluate-every", epochs,
                                 "--nodes", at.addresses()} +
                           exact + security),
             {}, 60s)
      .finish();
}

void check_unharmed(const outcome& seen) {
  INFO(seen.err);
  CHECK(seen.code == 0);
  CHECK(seen.err.empty());
}

void check_strangers(const words& security, const certificates& made) {
  const two_nodes at(security);
  const visits visitors(probes(made, at, security), at.ports());
  REQUIRE(visitors.come_to(1));  // while nothing is at work

  for (int k = 0; k < 3; ++k) {
    check_unharmed(train_over(at, "1", security));  // nearly all of it set-up
  }
  const outcome seen = train_over(at, "20", security);

  check_unharmed(seen);
  const auto result = nlohmann::json::parse(seen.out, nullptr, false);
  REQUIRE(result.is_object());
  CHECK(result["epochs"].back()["train_loss"].get<double>() < at_the_minimum);
  REQUIRE(visitors.come_to(visitors.rounds() + 1));
  CHECK(state_of(at.address(), security) == "waiting");
}

}  // namespace

TEST_CASE("strangers at the ports of nodes do not harm a run over TLS") {
  const certificates made;
  if (!made.is_made()) {
    WARN("skipped: no openssl command");
    return;
  }
  check_strangers(made.options("ours"), made);
}

TEST_CASE("strangers at the ports of nodes do not harm a run without TLS") {
  const certificates made;
  check_strangers({}, made);
}

TEST_CASE("who connects and does not say who he is, is hung up on") {
  const certificates made;
  if (!made.is_made()) {
    WARN("skipped: no openssl command");
    return;
  }
  for (const words& security : {made.options("ours"), words{}}) {
    const node at(words{"--quiet"} + security);
    const auto port = static_cast<std::uint16_t>(at.port());
    const double before = at.cpu_seconds();
    std::vector<stranger> all;
    for (const std::string& words_said :
         {std::string(), std::string("S"), half_a_hello}) {
      all.emplace_back(port);
      REQUIRE(all.back().is_connected());
      all.back().say(words_said);
    }

    for (const stranger& somebody : all) {
      CHECK(somebody.is_hung_up_on(after_the_deadline));
    }

    CHECK(before >= 0.0);
    CHECK(at.cpu_seconds() - before < 1.0);
    CHECK(state_of(at.address(), security) == "waiting");
  }
}

TEST_CASE("silent strangers do not keep others out, however many they are") {
  const node at({"--quiet"});
  const auto port = static_cast<std::uint16_t>(at.port());
  std::vector<stranger> all;
  for (int k = 0; k < 300; ++k) {
    all.emplace_back(port);
    REQUIRE(all.back().is_connected());
  }

  const auto asked = std::chrono::steady_clock::now();
  CHECK(state_of(at.address()) == "waiting");
  CHECK(std::chrono::steady_clock::now() - asked < 4s);

  CHECK(all.front().is_hung_up_on(1s));
}

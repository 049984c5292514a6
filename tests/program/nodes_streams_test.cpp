// Streams between nodes: what goes over them, and what happens when they break
// while the nodes live on.

#include "tests/program/nodes.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/relay.hpp"

namespace {

using namespace sounder::tests;
using clock = std::chrono::steady_clock;

/// Two nodes. The second is reached through relays, one for what is said and
/// one for streams.
class relayed_nodes {
 public:
  explicit relayed_nodes(const words& more = {})
      : wire_port_(free_port(real)),
        first_(words{"--quiet"} + more),
        second_(
            words{"--quiet", "--wire-port", std::to_string(wire_port_)} + more,
            real + ":0"),
        talk_(seen, real, static_cast<std::uint16_t>(second_.port())),
        wire_(seen, real, wire_port_) {}

  std::string first() const { return first_.address(); }
  std::string second() const {
    return seen + ":" + std::to_string(second_.port());
  }

  process train(const std::string& system, const words& more = {}) const {
    return process(
        program_words(words{"train", "--generate", "p1", "--topology", system,
                            "--replicas", "4", "--tau", "50", "--push", "50",
                            "--fetch", "50", "--epochs", "2000", "--nodes",
                            first() + "," + second()} +
                      more),
        {}, longest_run);
  }

  void cut_streams() { wire_.cut(); }

  /// What has passed so far to and from the second node.
  std::uint64_t bytes_of_streams() const { return wire_.bytes(); }
  std::size_t streams() const { return wire_.connections(); }
  std::uint64_t bytes_said() const { return talk_.bytes(); }

  bool are_free() const {
    return comes_to(first(), "waiting") &&
           comes_to(second_.address(), "waiting");
  }

 private:
  inline static const std::string real = "127.0.0.2";
  inline static const std::string seen = "127.0.0.3";
  std::uint16_t wire_port_;
  node first_;
  node second_;
  relay talk_;
  relay wire_;
};

void check_peer_is_lost(process& training, const relayed_nodes& nodes,
                        clock::time_point cut) {
  const outcome seen = training.finish();

  INFO(seen.err);
  CHECK(seen.code == 4);
  CHECK(clock::now() - cut < std::chrono::seconds(5));
  CHECK_THAT(seen.err, Catch::Contains("sounder: peer lost: "));
  CHECK_THAT(seen.err, Catch::Contains("its connection to "));
  CHECK_THAT(seen.err, Catch::Contains("node " + nodes.second()));
  CHECK(nodes.are_free());
}

}  // namespace

TEST_CASE("a stream that breaks between two nodes ends the run with 4") {
  const words way = GENERATE(
      words{"star"}, words{"sync"}, words{"allreduce"}, words{"d-psgd"},
      words{"all-to-all"}, words{"sgp"}, words{"hogwildpp"}, words{"ad-psgd"},
      words{"ea-wild", "--group", "2"}, words{"easgd", "--hubs", "2"});
  INFO(way[0]);
  relayed_nodes nodes;
  process training = nodes.train(way[0], {way.begin() + 1, way.end()});
  REQUIRE(training.says("epoch 1/"));

  const auto cut = clock::now();
  nodes.cut_streams();

  check_peer_is_lost(training, nodes, cut);
}

namespace {

using json = nlohmann::json;

/// Bytes of the values that links report.
std::uint64_t bytes_of_links(const json& result) {
  std::uint64_t bytes = 0;
  for (const json& link : result["links"]) {
    bytes += link["bytes"].get<std::uint64_t>();
  }
  return bytes;
}

}  // namespace

TEST_CASE("gossip goes from node to node, not by way of the leader") {
  const certificates made;
  const bool is_secret = GENERATE(false, true);
  if (is_secret && !made.is_made()) {
    WARN("skipped: no openssl command");
    return;
  }
  const words tls = is_secret ? made.options("ours") : words();
  const std::string system =
      GENERATE("d-psgd", "sgp", "all-to-all", "hogwildpp");
  INFO(system << (is_secret ? " over TLS" : ""));
  const relayed_nodes nodes(tls);
  // 4 replicas on two nodes: 2 links between them each way at least.
  const outcome seen =
      run_within(words{"train",   "--generate",
                       "sparse",  "--rows",
                       "200",     "--features",
                       "20000",   "--topology",
                       system,    "--replicas",
                       "2",       "--tau",
                       "1",       "--batch",
                       "10",      "--step",
                       "1e-4",    "--epochs",
                       "20",      "--evaluate-every",
                       "20",      "--output",
                       "json",    "--quiet",
                       "--nodes", nodes.first() + "," + nodes.second()} +
                 tls);

  INFO(seen.err);
  REQUIRE(seen.code == 0);
  // What a token is about goes along its link, by a stream of that.
  CHECK(nodes.streams() == (system == "hogwildpp" ? 2 : 1));
  const std::uint64_t gossip = bytes_of_links(json::parse(seen.out));
  REQUIRE(gossip > 1'000'000);
  // The first node is called without a relay: half of it passes here, or more
  // or less where a token or a slow reader decides.
  CHECK(nodes.bytes_of_streams() > gossip / 4);
  // Samples, start parameters and the model of one node.
  CHECK(nodes.bytes_said() < gossip / 2);
}

TEST_CASE("all links of gossip of two nodes share a stream") {
  const std::string system = GENERATE("d-psgd", "sgp", "all-to-all");
  INFO(system);
  const relayed_nodes nodes;

  const outcome seen = run_within(
      words{"train", "--generate", "p1", "--rows", "400", "--topology", system,
            "--replicas", "8", "--step", "1e-4", "--epochs", "2", "--quiet",
            "--nodes", nodes.first() + "," + nodes.second()});

  INFO(seen.err);
  CHECK(seen.code == 0);
  CHECK(nodes.streams() == 1);
}

TEST_CASE("gossip in lockstep comes to the same over nodes and streams") {
  const temporary_directory here;
  const certificates made;
  const std::string system = GENERATE("d-psgd", "sgp");
  INFO(system);
  const auto model = [&](const words& where, const words& more) {
    const std::string file = (here / "model.txt").string();
    const outcome seen =
        run_within(where +
                   words{"--generate", "p1", "--topology", system, "--replicas",
                         "3", "--tau", "3", "--epochs", "4", "--batch", "32",
                         "--step", "0.05", "--quiet", "--save", file} +
                   more);
    INFO(seen.err);
    REQUIRE(seen.code == 0);
    return content_of(file);
  };
  const std::string in_memory = model({"train"}, {});

  CHECK(model({"launch", "--local", "3"}, {}) == in_memory);
  if (made.is_made()) {
    CHECK(model({"launch", "--local", "3"}, made.options("ours")) == in_memory);
  }
}

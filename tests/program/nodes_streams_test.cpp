// What happens when nodes live on but their connections break.

#include "tests/program/nodes.hpp"
#include "tests/support/relay.hpp"

namespace {

using namespace sounder::tests;
using clock = std::chrono::steady_clock;

/// Two nodes. The second is reached through relays, one for what is said and
/// one for streams.
class relayed_nodes {
 public:
  relayed_nodes()
      : wire_port_(free_port(real)),
        first_({"--quiet"}),
        second_({"--quiet", "--wire-port", std::to_string(wire_port_)},
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
  /// Between the nodes; the leader, who came first, keeps his.
  void cut_letters() { talk_.cut(1); }

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
  const words way = GENERATE(words{"star"}, words{"sync"}, words{"allreduce"},
                             words{"ad-psgd"}, words{"ea-wild", "--group", "2"},
                             words{"easgd", "--hubs", "2"});
  INFO(way[0]);
  relayed_nodes nodes;
  process training = nodes.train(way[0], {way.begin() + 1, way.end()});
  REQUIRE(training.says("epoch 1/"));

  const auto cut = clock::now();
  nodes.cut_streams();

  check_peer_is_lost(training, nodes, cut);
}

TEST_CASE("a way for letters that breaks between two nodes ends the run") {
  const std::string system =
      GENERATE("d-psgd", "all-to-all", "sgp", "hogwildpp");
  INFO(system);
  relayed_nodes nodes;
  process training = nodes.train(system);
  REQUIRE(training.says("epoch 1/"));

  const auto cut = clock::now();
  nodes.cut_letters();

  check_peer_is_lost(training, nodes, cut);
}

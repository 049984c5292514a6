// Certificates: who meets whom.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/program/certificates.hpp"
#include "tests/program/nodes.hpp"

namespace {

using namespace sounder::tests;

}  // namespace

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
  const auto refusal = [&](const words& more) {
    const outcome seen = run_within(quick(at.address()) + soon + more);
    check_complaint(seen, 4, "no node answers at " + at.address());
    return seen.err;
  };
  CHECK_THAT(refusal(made.options("theirs")), Catch::Contains("certificate"));
  CHECK_THAT(refusal({}), Catch::Contains("does it speak TLS?"));
  CHECK(state_of(at.address(), ours) == "waiting");
}

TEST_CASE("a key that belongs to another certificate is refused at once") {
  const certificates made;
  if (!made.is_made()) {
    WARN("skipped: no openssl command");
    return;
  }
  words mixed = made.options("ours");
  mixed[3] = made.options("theirs")[3];

  for (const words& command : {quick("127.0.0.1:1"), words{"node"}}) {
    const outcome seen = run_within(command + mixed);
    check_complaint(seen, 2, "TLS: " + mixed[3] + ": ");
    CHECK_THAT(seen.err, Catch::Contains("key values mismatch"));
  }
}

TEST_CASE("a node that does not answer is given up at the deadline") {
  const certificates made;
  node plain({"--quiet"});
  plain.freeze();
  const words soon = {"--connect-deadline", "1"};

  check_complaint(run_within(quick(plain.address()) + soon), 4,
                  "no node answers at " + plain.address());
  if (!made.is_made()) {
    WARN("skipped: no openssl command");
    return;
  }
  const words ours = made.options("ours");
  node secure(words{"--quiet"} + ours);
  secure.freeze();
  check_complaint(run_within(quick(secure.address()) + soon + ours), 4,
                  "no node answers at " + secure.address());
}

TEST_CASE("who connects and keeps silent does not keep a node busy") {
  const certificates made;
  if (!made.is_made()) {
    WARN("skipped: no openssl command");
    return;
  }
  const words ours = made.options("ours");
  const node at(words{"--quiet"} + ours);
  sockaddr_in there = {};
  there.sin_family = AF_INET;
  there.sin_port = htons(static_cast<std::uint16_t>(at.port()));
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(connect(silent, reinterpret_cast<sockaddr*>(&there), sizeof there) ==
          0);
  const double before = at.cpu_seconds();

  std::this_thread::sleep_for(std::chrono::seconds(2));

  CHECK(before >= 0.0);
  CHECK(at.cpu_seconds() - before < 0.5);
  CHECK(state_of(at.address(), ours) == "waiting");
  close(silent);
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

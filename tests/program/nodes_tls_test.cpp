// Certificates: who meets whom.

#include "tests/program/nodes.hpp"
#include "tests/support/certificates.hpp"

using namespace sounder::tests;

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

  // With a certificate of others there is nothing to wait for.
  check_complaint(
      run_within(quick(at.address()) + made.options("theirs")), 4,
      "node " + at.address() + ": its certificate is not good here: ");
  words unknown = ours;
  unknown[1] = made.options("theirs")[1];
  unknown[3] = made.options("theirs")[3];
  check_complaint(run_within(quick(at.address()) + unknown), 4,
                  "node " + at.address() + ": it refuses our certificate: ");
  const words soon = {"--connect-deadline", "1"};
  const outcome plain = run_within(quick(at.address()) + soon);
  check_complaint(plain, 4, "no node answers at " + at.address());
  CHECK_THAT(plain.err, Catch::Contains("does it speak TLS?"));
  CHECK(state_of(at.address(), ours) == "waiting");
}

TEST_CASE("a node without TLS is asked whether it has any") {
  const certificates made;
  if (!made.is_made()) {
    WARN("skipped: no openssl command");
    return;
  }
  const node at({"--quiet"});

  const outcome seen = run_within(quick(at.address()) + made.options("ours") +
                                  words{"--connect-deadline", "1"});

  check_complaint(seen, 4, "no node answers at " + at.address());
  CHECK_THAT(seen.err, Catch::Contains("does it speak TLS?"));
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

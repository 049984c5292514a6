// Certificates: who meets whom.

#include <cstdlib>

#include "tests/program/nodes.hpp"

namespace {

using namespace sounder::tests;

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

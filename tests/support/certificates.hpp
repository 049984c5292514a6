#pragma once

// Certificates for tests, made by openssl.

#include <cstdlib>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace sounder::tests {

/// Two private authorities, "ours" and "theirs", with a certificate each.
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

  /// False where there is no openssl command.
  bool is_made() const { return is_made_; }

  words options(const std::string& ca) const {
    return {"--tls-cert",         file(ca, "node.pem"), "--tls-key",
            file(ca, "node.key"), "--tls-ca",           file(ca, "ca.pem")};
  }

  std::string file(const std::string& ca, const std::string& name) const {
    return (here_ / (ca + "-" + name)).string();
  }

 private:
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

}  // namespace sounder::tests

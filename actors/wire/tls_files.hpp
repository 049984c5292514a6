#pragma once

#include <string>

namespace sounder::actors {

/// Files of mutual TLS: both sides show a certificate of the same private
/// authority. All three or none.
struct tls_files {
  std::string certificate;
  std::string key;
  std::string authority;

  bool is_on() const noexcept { return !certificate.empty(); }
};

}  // namespace sounder::actors

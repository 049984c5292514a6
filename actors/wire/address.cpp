#include "actors/wire/address.hpp"

#include <charconv>
#include <stdexcept>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace sounder::actors {

namespace {

/// With or without a zone: fe80::1%eth0.
bool is_ipv6(const std::string& host, in6_addr& found) {
  return inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &found) ==
         1;
}

bool is_ipv6(const std::string& host) {
  in6_addr ignored{};
  return is_ipv6(host, ignored);
}

/// False when the text is no port.
bool read_port(std::string_view text, std::uint16_t& port) {
  const char* const last = text.data() + text.size();
  const auto end = std::from_chars(text.data(), last, port);
  return !text.empty() && end.ec == std::errc() && end.ptr == last;
}

/// False when the text is no host.
bool read_host(const std::string& text, std::string& host) {
  const bool has_brackets =
      text.size() > 2 && text.front() == '[' && text.back() == ']';
  host = has_brackets ? text.substr(1, text.size() - 2) : text;
  const bool is_number = has_brackets || host.find(':') != host.npos;
  return is_number ? is_ipv6(host)
                   : !host.empty() && host.find_first_of("[]") == host.npos;
}

}  // namespace

std::string node_address::text() const {
  const bool needs_brackets = host.find(':') != host.npos;
  return (needs_brackets ? "[" + host + "]" : host) + ":" +
         std::to_string(port);
}

node_address parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  node_address at;
  if (colon == text.npos || !read_host(text.substr(0, colon), at.host) ||
      !read_port(std::string_view(text).substr(colon + 1), at.port)) {
    throw std::invalid_argument(
        "'" + text + "' is not HOST:PORT, e.g. 127.0.0.1:4711 or [::1]:4711");
  }
  return at;
}

bool is_loopback(const std::string& host) {
  in_addr four{};
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) {
    return ntohl(four.s_addr) >> 24U == 127;
  }
  in6_addr six{};
  if (is_ipv6(host, six)) {
    const bool is_mapped = IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127;
    return is_mapped || IN6_IS_ADDR_LOOPBACK(&six);
  }
  return host == "localhost";
}

}  // namespace sounder::actors

#include "actors/wire/address.hpp"

#include <stdexcept>

#include <catch2/catch.hpp>

namespace a = sounder::actors;

TEST_CASE("address: host and port, with brackets or without") {
  const auto [text, host, port, again] =
      GENERATE(table<std::string, std::string, int, std::string>({
          {"127.0.0.1:4711", "127.0.0.1", 4711, "127.0.0.1:4711"},
          {"host.example:0", "host.example", 0, "host.example:0"},
          {"[::1]:24720", "::1", 24720, "[::1]:24720"},
          {"::1:24720", "::1", 24720, "[::1]:24720"},
          {"[fe80::2%eth0]:1", "fe80::2%eth0", 1, "[fe80::2%eth0]:1"},
          {"2001:db8::5:65535", "2001:db8::5", 65535, "[2001:db8::5]:65535"},
      }));

  const a::node_address at = a::parse_address(text);

  CHECK(at.host == host);
  CHECK(at.port == port);
  CHECK(at.text() == again);
  CHECK(a::parse_address(at.text()) == at);
}

TEST_CASE("address: what is none is refused") {
  const std::string text =
      GENERATE("", ":", "host", "host:", ":1", "host:x", "host:65536",
               "host:-1", "::1", "[::1]", "[::1]:", "[::1:2", "::1]:2", "[]:1",
               "[host]:1", "a:b:1", "[127.0.0.1]:1", "[[::1]]:1");

  INFO(text);
  CHECK_THROWS_AS(a::parse_address(text), std::invalid_argument);
}

TEST_CASE("address: loopback is what only this machine reaches") {
  for (const char* const here : {"localhost", "127.0.0.1", "127.8.9.1", "::1",
                                 "0:0::1", "::ffff:127.0.0.1"}) {
    INFO(here);
    CHECK(a::is_loopback(here));
  }
  for (const char* const beyond :
       {"0.0.0.0", "128.0.0.1", "127.example.org", "::", "fe80::1",
        "::ffff:10.0.0.1", "localhost.example.org", "127.1.example"}) {
    INFO(beyond);
    CHECK(!a::is_loopback(beyond));
  }
}

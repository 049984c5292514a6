#include "actors/wire/acceptor.hpp"

#include <cstring>
#include <future>
#include <memory>
#include <string>

#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <unistd.h>

namespace {

namespace a = sounder::actors;
using namespace std::chrono_literals;

const a::tls_context open_to_all{a::tls_files()};

/// Expects one key, and keeps who brings it.
struct host {
  static constexpr a::stream_key expected = 7;

  std::promise<std::unique_ptr<a::stream>> came;
  a::acceptor entrance{
      {"127.0.0.1", 0},
      open_to_all,
      {[](const a::greeting& hello) { return hello.key == expected; },
       [this](const a::greeting&, std::unique_ptr<a::stream> made) {
         came.set_value(std::move(made));
       }}};

  a::node_address address() const { return {"127.0.0.1", entrance.port()}; }
};

std::unique_ptr<a::stream> call(const host& at, a::stream_key key) {
  a::greeting hello;
  hello.key = key;
  return a::connect_stream(at.address(), open_to_all, hello, "the host", 5s);
}

/// Says something else than a greeting; what is answered.
std::string answer_to(const host& at, const void* bytes, std::size_t n) {
  const int socket = a::connect_socket(at.address(), 5s);
  static_cast<void>(send(socket, bytes, n, MSG_NOSIGNAL));
  std::string said(64, '\0');
  const ssize_t got = recv(socket, said.data(), said.size(), 0);
  close(socket);
  said.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return said;
}

}  // namespace

TEST_CASE("acceptor: who is expected is let in, both ways open") {
  host at;

  const auto from = call(at, host::expected);
  const auto to = at.came.get_future().get();

  REQUIRE(from->write_some("to", 2) == 2);
  REQUIRE(to->write_some("fro", 3) == 3);
  char text[8] = {};
  const a::stream::interest in{from.get(), true, false};
  a::stream::wait({&in, 1}, 5000ms);
  REQUIRE(from->read_some(text, sizeof text) == 3);
  REQUIRE(std::string(text) == "fro");
}

TEST_CASE("acceptor: who is not expected is told so, with the address") {
  const host at;

  REQUIRE_THROWS_WITH(call(at, host::expected + 1),
                      at.address().text() + " does not expect this connection");
}

TEST_CASE("acceptor: another version is told this one and hung up on") {
  const host at;
  a::greeting hello;
  hello.version = a::protocol + 1;
  hello.key = host::expected;

  const std::string said = answer_to(at, &hello, sizeof hello);

  a::answer heard;
  REQUIRE(said.size() == sizeof heard);
  std::memcpy(&heard, said.data(), sizeof heard);
  REQUIRE(heard.magic == a::handshake_magic);
  REQUIRE(heard.version == a::protocol);
  REQUIRE(heard.says == a::verdict::unknown);
}

TEST_CASE("acceptor: whatever is no greeting is not answered") {
  const host at;
  const std::string get = "GET /index.html HTTP/1.1\r\nHost: here\r\n\r\n";

  REQUIRE(answer_to(at, get.data(), get.size()).empty());
}

TEST_CASE("acceptor: who listens but is no node is told from one") {
  const a::listening_socket other = a::listen_on({"127.0.0.1", 0});
  std::jthread speaking([&] {
    int came = -1;
    while (came < 0) {
      came = accept(other.socket, nullptr, nullptr);
    }
    const std::string words = "220 mail.example ready for some mail\r\n";
    static_cast<void>(send(came, words.data(), words.size(), MSG_NOSIGNAL));
    char text[64];
    static_cast<void>(!recv(came, text, sizeof text, 0));
    close(came);
  });
  const a::node_address at{"127.0.0.1", other.port};

  REQUIRE_THROWS_WITH(a::connect_stream(at, open_to_all, {}, {}, 5s),
                      "there is no node of sounder at " + at.text());
  close(other.socket);
}

TEST_CASE("acceptor: a silent listener is given up at the deadline") {
  const a::listening_socket silent = a::listen_on({"127.0.0.1", 0});

  REQUIRE_THROWS_WITH(
      a::connect_stream({"127.0.0.1", silent.port}, open_to_all, {}, {}, 200ms),
      Catch::Contains("it listens, but does not answer"));
  close(silent.socket);
}

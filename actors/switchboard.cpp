#include "actors/switchboard.hpp"

#include <algorithm>
#include <cerrno>
#include <random>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sounder::actors {

namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

/// The first bytes on a connection, before TLS begins.
struct greeting {
  std::uint64_t magic = 0x536F756E64657230 + protocol;
  run_secret secret{};
  stream_key key = 0;
};

/// Somebody who has connected and not said enough yet.
struct caller {
  int socket;
  clock::time_point until;
  std::size_t got = 0;
  greeting said;
};

/// Callers at a time; more have to wait in the queue of the system.
constexpr std::size_t most_callers = 64;

enum class hearing { goes_on, complete, over };

hearing listen_to(caller& c) {
  auto* const bytes = reinterpret_cast<char*>(&c.said);
  const ssize_t n =
      recv(c.socket, bytes + c.got, sizeof c.said - c.got, MSG_DONTWAIT);
  const bool may_come = n < 0 && (errno == EAGAIN || errno == EINTR);
  if ((n <= 0 && !may_come) || clock::now() > c.until) {
    return hearing::over;
  }
  c.got += n > 0 ? static_cast<std::size_t>(n) : 0;
  return c.got == sizeof c.said ? hearing::complete : hearing::goes_on;
}

}  // namespace

void line::join(std::unique_ptr<stream> made) {
  stream_ = std::move(made);
  joined_.store(stream_.get());
  changed.notify();
}

run_secret make_secret() {
  std::random_device random;
  std::uniform_int_distribution<std::uint64_t> any;
  return {any(random), any(random)};
}

switchboard::switchboard(const tls_files& tls, const run_secret& secret)
    : tls_(tls), secret_(secret) {}

switchboard::~switchboard() {
  thread_ = {};
  if (listening_ >= 0) {
    close(listening_);
  }
}

std::uint16_t switchboard::listen(const node_address& at) {
  const listening_socket made = listen_on(at);
  listening_ = made.socket;
  thread_ =
      std::jthread([this](const std::stop_token& stop) { take_in(stop); });
  return made.port;
}

void switchboard::take_in(const std::stop_token& stop) {
  std::vector<caller> callers;
  while (!stop.stop_requested()) {
    std::vector<pollfd> polled;
    for (const caller& c : callers) {
      polled.push_back({c.socket, POLLIN, 0});
    }
    if (callers.size() < most_callers) {
      polled.push_back({listening_, POLLIN, 0});
    }
    static_cast<void>(poll(polled.data(), polled.size(), 50));
    for (caller& c : callers) {
      const hearing heard = listen_to(c);
      if (heard == hearing::goes_on) {
        continue;
      }
      const int socket = std::exchange(c.socket, -1);
      const std::scoped_lock lock(mutex_);
      const auto waiting = expected_.find(c.said.key);
      if (heard == hearing::complete && c.said.magic == greeting().magic &&
          c.said.secret == secret_ && waiting != expected_.end()) {
        waiting->second->join(std::make_unique<stream>(
            socket, tls_, stream::side::accepts, waiting->second->other()));
        expected_.erase(waiting);
      } else {
        close(socket);
      }
    }
    std::erase_if(callers, [](const caller& c) { return c.socket < 0; });
    const int came = callers.size() < most_callers
                         ? accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC)
                         : -1;
    if (came >= 0) {
      tune_socket(came);
      callers.push_back({came, clock::now() + milliseconds(5000), 0, {}});
    }
  }
  for (const caller& c : callers) {
    close(c.socket);
  }
}

std::shared_ptr<line> switchboard::expect(stream_key key, std::string other) {
  const std::scoped_lock lock(mutex_);
  return expected_[key] = std::make_shared<line>(std::move(other));
}

std::shared_ptr<line> switchboard::connect(stream_key key,
                                           const node_address& to,
                                           std::string other,
                                           milliseconds deadline) {
  const int socket = connect_socket(to, deadline);
  auto joined = std::make_shared<line>(std::move(other));
  auto made = std::make_unique<stream>(socket, tls_, stream::side::connects,
                                       joined->other());
  greeting hello;
  hello.secret = secret_;
  hello.key = key;
  if (send(socket, &hello, sizeof hello, MSG_NOSIGNAL) !=
      static_cast<ssize_t>(sizeof hello)) {
    throw peer_error("the connection to " + to.text() + " broke");
  }
  joined->join(std::move(made));
  return joined;
}

std::shared_ptr<line> switchboard::here(stream_key key) {
  if (const auto other = other_ends_.find(key); other != other_ends_.end()) {
    return std::exchange(other->second, nullptr);
  }
  const auto [one, other] = socket_pair();
  const tls_context open_to_nobody{tls_files()};
  auto first = std::make_shared<line>();
  auto second = std::make_shared<line>();
  first->join(
      std::make_unique<stream>(one, open_to_nobody, stream::side::connects));
  second->join(
      std::make_unique<stream>(other, open_to_nobody, stream::side::accepts));
  other_ends_[key] = std::move(second);
  return first;
}

}  // namespace sounder::actors

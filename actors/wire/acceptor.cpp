#include "actors/wire/acceptor.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sounder::actors {

namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

int milliseconds_until(clock::time_point then) {
  const auto left = std::chrono::ceil<milliseconds>(then - clock::now());
  return static_cast<int>(std::max<milliseconds::rep>(left.count(), 0));
}

/// Whether there is a lack of something, so that trying again at once is no
/// use.
bool is_shortage(int problem) {
  return problem == EMFILE || problem == ENFILE || problem == ENOBUFS ||
         problem == ENOMEM;
}

}  // namespace

/// A connection whose handshake is not complete.
struct acceptor::pending {
  std::unique_ptr<stream> line;
  clock::time_point until;
  bool has_shaken_hands = false;
  std::size_t got = 0;
  greeting said;
};

acceptor::acceptor(const node_address& at, const tls_context& tls,
                   connection_handler handler)
    : listening_(listen_on(at)), tls_(tls), handler_(std::move(handler)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

acceptor::~acceptor() {
  thread_.request_stop();
  wake_.ring();
  thread_.join();
  close(listening_.socket);
}

void acceptor::run(const std::stop_token& stop) {
  std::vector<pending> all;  // the oldest first
  while (!stop.stop_requested()) {
    wait(all);
    for (pending& one : all) {
      if (!go_on(one)) {
        one.line.reset();
      }
    }
    std::erase_if(all, [](const pending& one) { return !one.line; });
    take_new(all);
  }
}

/// Until one of them sends something, another comes, or a deadline has passed.
void acceptor::wait(const std::vector<pending>& all) {
  std::vector<pollfd> polled = {{wake_.descriptor(), POLLIN, 0}};
  int longest = -1;
  if (const int closed = milliseconds_until(full_until_); closed > 0) {
    longest = closed;
  } else {
    polled.push_back({listening_.socket, POLLIN, 0});
  }
  for (const pending& one : all) {
    polled.push_back({one.line->socket(), one.line->events(true, false), 0});
  }
  if (!all.empty()) {
    const int first = milliseconds_until(all.front().until);
    longest = longest < 0 ? first : std::min(longest, first);
  }
  static_cast<void>(poll(polled.data(), polled.size(), longest));
}

void acceptor::take_new(std::vector<pending>& all) {
  for (std::size_t k = 0; k < most_handshakes; ++k) {
    const int came = accept4(listening_.socket, nullptr, nullptr, SOCK_CLOEXEC);
    if (came < 0) {
      if (is_shortage(errno)) {
        // It stays in the system's queue, and poll() would not wait.
        full_until_ = clock::now() + milliseconds(100);
      }
      return;
    }
    tune_socket(came);
    pending one;
    one.line = std::make_unique<stream>(came, tls_, stream::side::accepts);
    one.until = clock::now() + handshake_deadline;
    all.push_back(std::move(one));
    if (all.size() > most_handshakes) {
      all.erase(all.begin());
    }
  }
}

/// False when its handshake is over, one way or the other.
bool acceptor::go_on(pending& one) {
  try {
    one.has_shaken_hands = one.has_shaken_hands || one.line->shake_hands();
    if (one.has_shaken_hands) {
      auto* const bytes = reinterpret_cast<char*>(&one.said);
      one.got +=
          one.line->read_some(bytes + one.got, sizeof one.said - one.got);
    }
    if (one.got < sizeof one.said) {
      return clock::now() < one.until;
    }
    finish(one);
  } catch (const std::exception&) {
    // Not one of ours, or gone, or there is no memory for it.
  }
  return false;
}

void acceptor::finish(pending& one) {
  if (one.said.magic != handshake_magic) {
    return;
  }
  answer reply;
  const bool is_expected =
      one.said.version == protocol && handler_.is_expected(one.said);
  reply.says = is_expected ? verdict::welcome : verdict::unknown;
  // Nothing else has been sent, so there is room for all of it.
  if (one.line->write_some(&reply, sizeof reply) == sizeof reply &&
      is_expected) {
    handler_.accept(one.said, std::move(one.line));
  }
}

}  // namespace sounder::actors

#include "actors/wire/relay.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sounder::actors {

namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

/// Bytes on their way in one direction.
class buffer {
 public:
  bool is_empty() const { return first_ == last_; }
  bool has_room() const { return last_ < bytes_.size(); }
  void clear() { first_ = last_ = 0; }

  /// read(to, n) returns how many came.
  template <class Read>
  bool fill(const Read& read) {
    const std::size_t came = read(bytes_.data() + last_, bytes_.size() - last_);
    last_ += came;
    return came > 0;
  }

  /// write(from, n) returns how many went.
  template <class Write>
  bool drain(const Write& write) {
    const std::size_t went = write(bytes_.data() + first_, last_ - first_);
    first_ += went;
    if (is_empty()) {
      clear();
    }
    return went > 0;
  }

 private:
  std::array<char, std::size_t{1} << 16U> bytes_;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
};

/// One direction: bytes come until `has_come`, are passed on, and then the
/// other end is told, which is `is_over`.
struct way {
  buffer bytes;
  bool has_come = false;
  bool is_over = false;

  bool reads() const { return !has_come && bytes.has_room(); }
  bool writes() const { return !bytes.is_empty(); }
};

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

/// Between a stream, far, and a socket, near.
struct relay::connection {
  connection(std::unique_ptr<stream> far_end, int near_end)
      : far(std::move(far_end)), near(near_end) {
    fcntl(near, F_SETFL, fcntl(near, F_GETFL) | O_NONBLOCK);
  }
  ~connection() { close(near); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  bool is_over() const {
    return (in.is_over && out.is_over) ||
           (until && (in.is_over || out.is_over) && clock::now() >= *until);
  }

  /// Moves what can be moved now. True when there may be more at once.
  bool pump() {
    constexpr int rounds = 16;  // then it is others' turn
    bool moves = true;
    for (int k = 0; k < rounds && moves; ++k) {
      moves = move(
          in, [&](char* to, std::size_t n) { return far->read_some(to, n); },
          [&](const char* from, std::size_t n) { return send_near(from, n); },
          [&] { shutdown(near, SHUT_WR); });
      moves |= move(
          out, [&](char* to, std::size_t n) { return receive_near(to, n); },
          [&](const char* from, std::size_t n) {
            return far->write_some(from, n);
          },
          [&] { far->end_sending(); });
    }
    if (!until && (in.is_over || out.is_over)) {
      until = clock::now() + linger;
    }
    return moves;
  }

  pollfd near_events() const {
    return events(near, static_cast<short>((out.reads() ? POLLIN : 0) |
                                           (in.writes() ? POLLOUT : 0)));
  }
  pollfd far_events() const {
    return events(far->socket(), far->events(in.reads(), out.writes()));
  }

  way in;   // from far to near
  way out;  // from near to far
  std::optional<clock::time_point> until;

 private:
  /// poll() tells of the end of a socket of which nothing is wanted, too; not
  /// of none.
  static pollfd events(int socket, short which) {
    return {which != 0 ? socket : -1, which, 0};
  }

  /// Moves on one way. What cannot be read any more, or written, ends it alone:
  /// the other side may have said something before it went.
  template <class Read, class Write, class End>
  static bool move(way& w, const Read& read, const Write& write,
                   const End& end) {
    bool moves = false;
    if (w.reads()) {
      try {
        moves = w.bytes.fill(read);
      } catch (const stream_error&) {
        w.has_come = true;
      }
    }
    if (w.writes()) {
      try {
        moves |= w.bytes.drain(write);
      } catch (const stream_error&) {
        w.bytes.clear();
        w.has_come = true;
      }
    }
    if (w.has_come && !w.writes() && !w.is_over) {
      end();
      w.is_over = true;
    }
    return moves;
  }

  std::size_t receive_near(char* to, std::size_t n) const {
    const ssize_t came = recv(near, to, n, 0);
    if (came == 0 || (came < 0 && !would_block())) {
      throw stream_error("nobody sends");
    }
    return came > 0 ? static_cast<std::size_t>(came) : 0;
  }

  std::size_t send_near(const char* from, std::size_t n) const {
    const ssize_t went = send(near, from, n, MSG_NOSIGNAL);
    if (went < 0 && !would_block()) {
      throw stream_error("nobody reads");
    }
    return went > 0 ? static_cast<std::size_t>(went) : 0;
  }

  std::unique_ptr<stream> far;
  int near;
};

relay::relay() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

relay::~relay() {
  thread_.request_stop();
  wake_.ring();
}

int relay::add(std::unique_ptr<stream> far) {
  const auto [near, end] = socket_pair();
  auto made = std::make_unique<connection>(std::move(far), near);
  {
    const std::scoped_lock lock(mutex_);
    added_.push_back(std::move(made));
  }
  wake_.ring();
  return end;
}

void relay::take_new(std::vector<std::unique_ptr<connection>>& all) {
  wake_.clear();
  const std::scoped_lock lock(mutex_);
  std::move(added_.begin(), added_.end(), std::back_inserter(all));
  added_.clear();
}

void relay::run(const std::stop_token& stop) {
  constexpr milliseconds last_words(1000);
  std::vector<std::unique_ptr<connection>> all;
  std::optional<clock::time_point> end;
  for (;;) {
    take_new(all);
    bool has_more = false;
    for (const auto& each : all) {
      has_more = each->pump() || has_more;
    }
    std::erase_if(all, [](const auto& each) { return each->is_over(); });
    if (stop.stop_requested()) {
      end = end.value_or(clock::now() + last_words);
      if (all.empty() || clock::now() >= *end) {
        return;
      }
    }
    std::optional<clock::time_point> first = end;
    for (const auto& each : all) {
      if (each->until && (!first || *each->until < *first)) {
        first = each->until;
      }
    }
    const auto left = std::chrono::ceil<milliseconds>(
        first.value_or(clock::now()) - clock::now());
    wait(all, has_more ? 0
              : first  ? static_cast<int>(std::max<long>(left.count(), 0))
                       : -1);
  }
}

void relay::wait(const std::vector<std::unique_ptr<connection>>& all,
                 int longest_ms) {
  std::vector<pollfd> polled = {{wake_.descriptor(), POLLIN, 0}};
  for (const auto& each : all) {
    polled.push_back(each->near_events());
    polled.push_back(each->far_events());
  }
  static_cast<void>(poll(polled.data(), polled.size(), longest_ms));
}

}  // namespace sounder::actors

#include "actors/stream.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sounder::actors {

namespace {

std::string tls_problem() {
  const unsigned long code = ERR_get_error();
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  ERR_clear_error();
  return code == 0 ? "it was closed" : text.data();
}

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct addresses {
  explicit addresses(const node_address& of, int flags) {
    addrinfo hints = {};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    problem = getaddrinfo(of.host.c_str(), std::to_string(of.port).c_str(),
                          &hints, &first);
  }
  ~addresses() {
    if (first != nullptr) {
      freeaddrinfo(first);
    }
  }
  addresses(const addresses&) = delete;
  addresses& operator=(const addresses&) = delete;

  addrinfo* first = nullptr;
  int problem = 0;
};

/// The port that a socket is bound to; 0 without one.
std::uint16_t port_of(int of) {
  sockaddr_storage here = {};
  socklen_t length = sizeof here;
  if (getsockname(of, reinterpret_cast<sockaddr*>(&here), &length) != 0) {
    return 0;
  }
  return ntohs(here.ss_family == AF_INET6
                   ? reinterpret_cast<sockaddr_in6&>(here).sin6_port
                   : reinterpret_cast<sockaddr_in&>(here).sin_port);
}

void free_tls(ssl_st* tls) { SSL_free(tls); }

/// For this thread: OpenSSL writes to sockets without MSG_NOSIGNAL.
void block_sigpipe() {
  thread_local const bool is_blocked = [] {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    return pthread_sigmask(SIG_BLOCK, &pipe, nullptr) == 0;
  }();
  static_cast<void>(is_blocked);
}

}  // namespace

tls_context::tls_context(const tls_files& files) {
  if (!files.is_on()) {
    return;
  }
  context_.reset(SSL_CTX_new(TLS_method()), SSL_CTX_free);
  SSL_CTX* const c = context_.get();
  SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
  SSL_CTX_set_mode(
      c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     nullptr);
  const auto need = [](int result, const std::string& file) {
    if (result != 1) {
      throw std::runtime_error(file + ": " + tls_problem());
    }
  };
  need(SSL_CTX_use_certificate_chain_file(c, files.certificate.c_str()),
       files.certificate);
  need(SSL_CTX_use_PrivateKey_file(c, files.key.c_str(), SSL_FILETYPE_PEM),
       files.key);
  need(SSL_CTX_load_verify_locations(c, files.authority.c_str(), nullptr),
       files.authority);
}

stream::stream(int socket, const tls_context& tls, side here, std::string other)
    : socket_(socket), other_(std::move(other)), tls_(nullptr, free_tls) {
  fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
  if (!tls.is_on()) {
    return;
  }
  tls_.reset(SSL_new(tls.get()));
  SSL_set_fd(tls_.get(), socket);
  if (here == side::connects) {
    SSL_set_connect_state(tls_.get());
  } else {
    SSL_set_accept_state(tls_.get());
  }
}

stream::~stream() {
  tls_.reset();
  close(socket_);
}

stream_error stream::error(const std::string& why) const {
  return stream_error(other_.empty() ? why
                                     : "its connection to " + other_ +
                                           " broke (" + why + ")");
}

void stream::hang_up() noexcept { shutdown(socket_, SHUT_RDWR); }

/// 0 when it may go on later.
std::size_t stream::failed(int result, bool& wants_other_way, bool is_read) {
  if (!tls_) {
    if (result < 0 &&
        (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
      return 0;
    }
    throw error(result == 0 ? "it was closed" : std::strerror(errno));
  }
  const int why = SSL_get_error(tls_.get(), result);
  wants_other_way =
      why == (is_read ? SSL_ERROR_WANT_WRITE : SSL_ERROR_WANT_READ);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
    return 0;
  }
  throw error(tls_problem());
}

std::size_t stream::read_some(void* into, std::size_t n) {
  read_wants_write_ = false;
  std::size_t got = 0;
  if (tls_) {
    const int result = SSL_read_ex(tls_.get(), into, n, &got);
    return result == 1 ? got : failed(result, read_wants_write_, true);
  }
  const ssize_t result = recv(socket_, into, n, 0);
  return result > 0 ? static_cast<std::size_t>(result)
                    : failed(static_cast<int>(result), read_wants_write_, true);
}

std::size_t stream::write_some(const void* from, std::size_t n) {
  write_wants_read_ = false;
  std::size_t sent = 0;
  if (tls_) {
    block_sigpipe();
    const int result = SSL_write_ex(tls_.get(), from, n, &sent);
    return result == 1 ? sent : failed(result, write_wants_read_, false);
  }
  const ssize_t result = send(socket_, from, n, MSG_NOSIGNAL);
  return result > 0
             ? static_cast<std::size_t>(result)
             : failed(static_cast<int>(result), write_wants_read_, false);
}

void stream::wait(std::span<const interest> all,
                  std::chrono::milliseconds longest,
                  std::chrono::microseconds awake) {
  std::array<pollfd, 16> polled{};
  const std::size_t count = std::min(all.size(), polled.size());
  for (std::size_t k = 0; k < count; ++k) {
    const stream& s = *all[k].who;
    const bool in = (all[k].to_read && !s.read_wants_write_) ||
                    (all[k].to_write && s.write_wants_read_);
    const bool out = (all[k].to_write && !s.write_wants_read_) ||
                     (all[k].to_read && s.read_wants_write_);
    polled[k].fd = s.socket_;
    polled[k].events =
        static_cast<short>((in ? POLLIN : 0) | (out ? POLLOUT : 0));
  }
  const auto until = std::chrono::steady_clock::now() + awake;
  while (awake.count() > 0 && std::chrono::steady_clock::now() < until) {
    if (poll(polled.data(), count, 0) != 0) {
      return;
    }
    std::this_thread::yield();
  }
  static_cast<void>(
      poll(polled.data(), count, static_cast<int>(longest.count())));
}

void tune_socket(int socket) {
  const int on = 1;
  const unsigned gone_after_ms = 10'000;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &gone_after_ms,
             sizeof gone_after_ms);
  const int idle_s = 5;
  const int between_s = 2;
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &between_s, sizeof between_s);
}

int connect_socket(const node_address& to, std::chrono::milliseconds deadline) {
  const addresses found(to, AI_ADDRCONFIG);
  std::string why = found.problem != 0 ? gai_strerror(found.problem) : "";
  for (addrinfo* at = found.first; at != nullptr; at = at->ai_next) {
    const int s = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0) {
      continue;
    }
    // Linux limits connect() by the time for sending.
    const timeval limit = {deadline.count() / 1000,
                           deadline.count() % 1000 * 1000};
    setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(s, at->ai_addr, at->ai_addrlen) == 0) {
      tune_socket(s);
      return s;
    }
    why = std::strerror(errno);
    close(s);
  }
  throw peer_error("no connection to " + to.text() + " (" + why + ")");
}

listening_socket listen_on(const node_address& at) {
  const addresses found(at, AI_PASSIVE);
  if (found.first == nullptr) {
    throw std::system_error(
        std::make_error_code(std::errc::address_not_available),
        "cannot listen on " + at.text() + " (" + gai_strerror(found.problem) +
            ")");
  }
  listening_socket made;
  made.socket = socket(found.first->ai_family,
                       SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(made.socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (made.socket < 0 ||
      ::bind(made.socket, found.first->ai_addr, found.first->ai_addrlen) != 0 ||
      ::listen(made.socket, 64) != 0) {
    const int problem = errno;
    if (made.socket >= 0) {
      close(made.socket);
    }
    throw std::system_error(problem, std::generic_category(),
                            "cannot listen on " + at.text());
  }
  made.port = port_of(made.socket);
  return made;
}

void check_listening(const node_address& at) { close(listen_on(at).socket); }

void wait_for_words(std::uint16_t port) {
  constexpr int highest_fd = 1024;
  constexpr int seconds = 600;
  for (int fd = 0; fd < highest_fd; ++fd) {
    int listens = 0;
    socklen_t length = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 &&
        listens != 0 && port_of(fd) == port) {
      setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
    }
  }
}

std::pair<int, int> socket_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    fail("socketpair");
  }
  return {ends[0], ends[1]};
}

}  // namespace sounder::actors

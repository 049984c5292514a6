#include "actors/wire/stream.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "actors/wire/peer_error.hpp"

namespace sounder::actors {

namespace {

/// What OpenSSL says of the thread's last failure.
std::string reason_of(unsigned long code) {
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  const char* const reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : text.data();
}

/// Whether the other side has said that it does not take our certificate.
bool is_refusal(int reason) {
  switch (reason) {
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
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

/// The port that a socket is bound to.
std::uint16_t port_of(int of) {
  sockaddr_storage here = {};
  socklen_t length = sizeof here;
  getsockname(of, reinterpret_cast<sockaddr*>(&here), &length);
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

/// To be called before every call of OpenSSL on a connection. SSL_get_error()
/// takes an error that another connection of the thread has left in its queue
/// for one of this connection.
void prepare_thread() {
  block_sigpipe();
  ERR_clear_error();
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
  // Nobody resumes a session, so nobody need be told how.
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(c, 0);
  ERR_clear_error();
  const auto need = [](int result, const std::string& file) {
    if (result != 1) {
      throw std::runtime_error(file + ": " + reason_of(ERR_peek_last_error()));
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
  if (socket_ >= 0) {
    close(socket_);
  }
}

stream_error stream::error(const std::string& why) const {
  return stream_error(other_.empty() ? why
                                     : "its connection to " + other_ +
                                           " broke (" + why + ")");
}

void stream::hang_up() noexcept { shutdown(socket_, SHUT_RDWR); }

void stream::end_sending() noexcept {
  if (tls_) {
    prepare_thread();
    SSL_shutdown(tls_.get());
  }
  shutdown(socket_, SHUT_WR);
}

int stream::release() noexcept { return std::exchange(socket_, -1); }

stream_error stream::tls_failure(int why) const {
  const int problem = errno;
  const unsigned long code = ERR_peek_last_error();
  const int reason = ERR_GET_REASON(code);
  if (why == SSL_ERROR_SYSCALL && code == 0 && problem != 0) {
    return error(std::strerror(problem));
  }
  if (code == 0 || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    return error("it was closed");
  }
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    throw certificate_error(error("its certificate is not good here: " +
                                  std::string(X509_verify_cert_error_string(
                                      SSL_get_verify_result(tls_.get()))))
                                .what());
  }
  if (is_refusal(reason)) {
    throw certificate_error(
        error("it refuses our certificate: " + reason_of(code)).what());
  }
  return error(reason_of(code));
}

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
  throw tls_failure(why);
}

bool stream::shake_hands() {
  if (!tls_) {
    return true;
  }
  read_wants_write_ = false;
  prepare_thread();
  const int result = SSL_do_handshake(tls_.get());
  if (result != 1) {
    failed(result, read_wants_write_, true);
  }
  return result == 1;
}

std::size_t stream::read_some(void* into, std::size_t n) {
  read_wants_write_ = false;
  std::size_t got = 0;
  if (tls_) {
    prepare_thread();
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
    prepare_thread();
    const int result = SSL_write_ex(tls_.get(), from, n, &sent);
    return result == 1 ? sent : failed(result, write_wants_read_, false);
  }
  const ssize_t result = send(socket_, from, n, MSG_NOSIGNAL);
  return result > 0
             ? static_cast<std::size_t>(result)
             : failed(static_cast<int>(result), write_wants_read_, false);
}

short stream::events(bool to_read, bool to_write) const noexcept {
  const bool in =
      (to_read && !read_wants_write_) || (to_write && write_wants_read_);
  const bool out =
      (to_write && !write_wants_read_) || (to_read && read_wants_write_);
  return static_cast<short>((in ? POLLIN : 0) | (out ? POLLOUT : 0));
}

void stream::wait(std::span<const interest> all,
                  std::chrono::milliseconds longest,
                  std::chrono::microseconds awake, const wake_up* bell) {
  thread_local std::vector<pollfd> polled;
  polled.clear();
  for (const interest& each : all) {
    polled.push_back(
        {each.who->socket_, each.who->events(each.to_read, each.to_write), 0});
  }
  if (bell != nullptr) {
    polled.push_back({bell->descriptor(), POLLIN, 0});
  }
  const auto until = std::chrono::steady_clock::now() + awake;
  while (awake.count() > 0 && std::chrono::steady_clock::now() < until) {
    if (poll(polled.data(), polled.size(), 0) != 0) {
      return;
    }
    std::this_thread::yield();
  }
  static_cast<void>(
      poll(polled.data(), polled.size(), static_cast<int>(longest.count())));
}

void tune_socket(int socket) {
  const int on = 1;
  const auto gone_after_ms =
      static_cast<unsigned>(std::chrono::milliseconds(peer_deadline).count());
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

std::pair<int, int> socket_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    fail("socketpair");
  }
  return {ends[0], ends[1]};
}

}  // namespace sounder::actors

#include "actors/wire/handshake.hpp"

#include <algorithm>
#include <random>

namespace sounder::actors {

namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

/// The steps of a side that has connected.
class client_handshake {
 public:
  client_handshake(stream& line, clock::time_point until,
                   const std::stop_token& interrupt)
      : line_(line), until_(until), interrupt_(interrupt) {}

  /// False when it was interrupted. Throws stream_error.
  bool shake_hands() {
    return go_on(true, [&] { return line_.shake_hands(); });
  }

  bool say(const greeting& hello) {
    const auto* const bytes = reinterpret_cast<const char*>(&hello);
    std::size_t done = 0;
    return go_on(false, [&] {
      done += line_.write_some(bytes + done, sizeof hello - done);
      return done == sizeof hello;
    });
  }

  bool hear(answer& said) {
    auto* const bytes = reinterpret_cast<char*>(&said);
    std::size_t done = 0;
    return go_on(true, [&] {
      done += line_.read_some(bytes + done, sizeof said - done);
      return done == sizeof said;
    });
  }

 private:
  /// Until step() says true.
  template <class Step>
  bool go_on(bool reads, const Step& step) {
    while (!step()) {
      if (interrupt_.stop_requested()) {
        return false;
      }
      if (clock::now() >= until_) {
        throw stream_error("it listens, but does not answer");
      }
      const stream::interest in{&line_, reads, !reads};
      stream::wait({&in, 1}, milliseconds(50));
    }
    return true;
  }

  stream& line_;
  clock::time_point until_;
  const std::stop_token& interrupt_;
};

void check(const answer& said, const node_address& to) {
  if (said.magic != handshake_magic) {
    throw refused_error("there is no node of sounder at " + to.text());
  }
  if (said.version != protocol) {
    throw refused_error("node " + to.text() + " speaks protocol " +
                        std::to_string(said.version) + ", this process " +
                        std::to_string(protocol) +
                        "; run the same version of sounder on both");
  }
  if (said.says != verdict::welcome) {
    throw peer_error(to.text() + " does not expect this connection");
  }
}

}  // namespace

run_secret make_secret() {
  std::random_device random;
  std::uniform_int_distribution<std::uint64_t> any;
  return {any(random), any(random)};
}

std::unique_ptr<stream> connect_stream(const node_address& to,
                                       const tls_context& tls,
                                       const greeting& hello,
                                       const std::string& other,
                                       milliseconds deadline,
                                       const std::stop_token& interrupt) {
  const auto until = clock::now() + deadline;
  auto line = std::make_unique<stream>(connect_socket(to, deadline), tls,
                                       stream::side::connects);
  client_handshake steps(*line, until, interrupt);
  answer said;
  const char* stage = "during the TLS handshake; does it speak TLS?";
  try {
    if (!steps.shake_hands()) {
      return nullptr;
    }
    stage = tls.is_on() ? "at the greeting"
                        : "at a greeting without TLS; does it speak TLS?";
    if (!steps.say(hello) || !steps.hear(said)) {
      return nullptr;
    }
  } catch (const certificate_error& problem) {
    throw refused_error("node " + to.text() + ": " + problem.what());
  } catch (const stream_error& problem) {
    throw peer_error("no connection to " + to.text() + " (" + problem.what() +
                     ", " + stage + ")");
  }
  check(said, to);
  line->name_other_end(other);
  return line;
}

}  // namespace sounder::actors

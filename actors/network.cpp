#include "actors/network.hpp"

#include <algorithm>
#include <system_error>
#include <thread>

#include <caf/io/all.hpp>
#include <caf/openssl/all.hpp>

#include "actors/letter_part.hpp"
#include "actors/messages.hpp"
#include "actors/stream.hpp"

namespace sounder::actors {

namespace {

using clock = std::chrono::steady_clock;

/// Whether a node speaks at the other end: it does so first, as soon as both
/// sides have shown their certificates. CAF's own connections have no deadline
/// and no words for what is wrong with a certificate.
/// Throws stream_error or peer_error.
void hear(const node_address& to, const tls_context& tls,
          std::chrono::milliseconds patience, const std::stop_token& stop) {
  const auto until = clock::now() + patience;
  stream line(connect_socket(to, patience), tls, stream::side::connects);
  char first = 0;
  while (line.read_some(&first, 1) == 0) {
    if (clock::now() >= until || stop.stop_requested()) {
      throw stream_error(tls.is_on() ? "it listens, but does not speak TLS"
                                     : "it listens, but says nothing; does it "
                                       "speak TLS?");
    }
    const stream::interest in{&line, true, false};
    stream::wait({&in, 1}, std::chrono::milliseconds(50));
  }
}

}  // namespace

void configure_network(caf::actor_system_config& config, const tls_files& tls) {
  config.add_message_type<parameters>("sounder.parameters");
  config.add_message_type<letter_part>("sounder.letter_part");
  config.add_message_type<step_table>("sounder.step_table");
  config.add_message_type<leg_result>("sounder.leg_result");
  config.add_message_type<progress_report>("sounder.progress_report");
  config.add_message_type<samples_held>("sounder.samples_held");
  config.add_message_type<opened_doors>("sounder.opened_doors");
  config.add_message_type<replica_list>("sounder.replica_list");
  config.load<caf::io::middleman>();
  if (tls.is_on()) {
    config.load<caf::openssl::manager>();
    config.set("openssl.certificate", tls.certificate);
    config.set("openssl.key", tls.key);
    config.set("openssl.cafile", tls.authority);
  }
  config.set("middleman.heartbeat-interval",
             caf::timespan(std::chrono::seconds(1)));
  config.set("middleman.connection-timeout",
             caf::timespan(std::chrono::seconds(10)));
}

std::uint16_t listen(caf::actor_system& system, const caf::actor& what,
                     const node_address& at, const tls_files& tls) {
  check_listening(at);  // CAF does not say what is wrong
  const auto port =
      tls.is_on()
          ? caf::openssl::publish(what, at.port, at.host.c_str(), true)
          : system.middleman().publish(what, at.port, at.host.c_str(), true);
  if (!port) {
    throw std::system_error(std::make_error_code(std::errc::address_in_use),
                            "cannot listen on " + at.text() + " (" +
                                system.render(port.error()) + ")");
  }
  if (tls.is_on()) {
    wait_for_words(*port);
  }
  return *port;
}

caf::actor connect(caf::actor_system& system, const node_address& to,
                   const tls_files& tls, std::chrono::milliseconds deadline,
                   const std::stop_token& interrupt) {
  using std::chrono::milliseconds;
  const tls_context certificates(tls);
  const auto until = clock::now() + deadline;
  for (;;) {
    std::string why;
    try {
      const auto left =
          std::chrono::duration_cast<milliseconds>(until - clock::now());
      hear(to, certificates, std::max(left, milliseconds(100)), interrupt);
      auto found =
          tls.is_on()
              ? caf::openssl::remote_actor(system, to.host, to.port)
              : system.middleman().remote_actor<caf::actor>(to.host, to.port);
      if (found) {
        return *found;
      }
      why = system.render(found.error());
    } catch (const std::runtime_error& problem) {
      why = problem.what();
    }
    if (interrupt.stop_requested()) {
      return {};
    }
    if (clock::now() >= until) {
      throw peer_error("no node answers at " + to.text() + " within " +
                       std::to_string(deadline.count()) + " ms (" + why +
                       "); is 'sounder node' running there?");
    }
    std::this_thread::sleep_for(milliseconds(100));
  }
}

}  // namespace sounder::actors

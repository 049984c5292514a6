#include "actors/network.hpp"

#include <charconv>
#include <system_error>
#include <thread>

#include <caf/io/all.hpp>
#include <caf/openssl/all.hpp>

#include "actors/letter_part.hpp"
#include "actors/messages.hpp"

namespace sounder::actors {

node_address parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  node_address at;
  at.host = text.substr(0, colon);
  const char* const first =
      text.data() + (colon == text.npos ? text.size() : colon + 1);
  const char* const last = text.data() + text.size();
  const auto end = std::from_chars(first, last, at.port);
  if (colon == text.npos || at.host.empty() || first == last ||
      end.ec != std::errc() || end.ptr != last) {
    throw std::invalid_argument("'" + text +
                                "' is not HOST:PORT, e.g. 127.0.0.1:4711");
  }
  return at;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0;
}

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
  const auto port =
      tls.is_on()
          ? caf::openssl::publish(what, at.port, at.host.c_str(), true)
          : system.middleman().publish(what, at.port, at.host.c_str(), true);
  if (!port) {
    throw std::system_error(std::make_error_code(std::errc::address_in_use),
                            "cannot listen on " + at.text() + " (" +
                                system.render(port.error()) +
                                "); is the port in use?");
  }
  return *port;
}

caf::actor connect(caf::actor_system& system, const node_address& to,
                   const tls_files& tls, std::chrono::milliseconds deadline,
                   const std::stop_token& interrupt) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  for (;;) {
    auto found =
        tls.is_on()
            ? caf::openssl::remote_actor(system, to.host, to.port)
            : system.middleman().remote_actor<caf::actor>(to.host, to.port);
    if (found) {
      return *found;
    }
    if (interrupt.stop_requested()) {
      return {};
    }
    if (std::chrono::steady_clock::now() >= until) {
      throw peer_error("no node answers at " + to.text() + " within " +
                       std::to_string(deadline.count()) + " ms (" +
                       system.render(found.error()) +
                       "); start one there with 'sounder node --listen " +
                       to.text() + "'");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace sounder::actors

#include "actors/node/network.hpp"

#include <algorithm>
#include <system_error>
#include <thread>

#include <caf/io/all.hpp>
#include <caf/io/basp_broker.hpp>

#include "actors/wire/acceptor.hpp"
#include "actors/wire/handshake.hpp"
#include "actors/wire/relay.hpp"
#include "actors/wire/stream.hpp"

namespace sounder::actors {

namespace {

using clock = std::chrono::steady_clock;

using std::chrono::milliseconds;

const network_config& config_of(const caf::actor_system& system) {
  return dynamic_cast<const network_config&>(system.config());
}

caf::actor broker_of(caf::actor_system& system) {
  return system.middleman().named_broker<caf::io::basp_broker>(
      caf::atom("BASP"));
}

/// A connection as CAF has it: never one that began with anything but our
/// handshake, and in plain.
caf::io::scribe_ptr adopt(caf::actor_system& system,
                          std::unique_ptr<stream> line) {
  relay* const carrier = config_of(system).carrier();
  const int socket =
      carrier != nullptr ? carrier->add(std::move(line)) : line->release();
  return system.middleman().backend().new_scribe(socket);
}

/// The actor that the other side of a new connection tells of: a node of our
/// protocol, since that side has answered our greeting. Throws peer_error.
node_actor ask_for_node(caf::actor_system& system, const node_address& at,
                        std::unique_ptr<stream> line, milliseconds patience) {
  caf::scoped_actor self(system, true);
  node_actor found;
  std::string why = "it has no actor";
  self->request(broker_of(system), patience, caf::connect_atom::value,
                adopt(system, std::move(line)), at.port)
      .receive(
          [&](const caf::node_id&, caf::strong_actor_ptr& actor,
              const std::set<std::string>&) {
            found = caf::actor_cast<node_actor>(actor);
          },
          [&](const caf::error& problem) { why = system.render(problem); });
  if (!found) {
    throw peer_error(why);
  }
  return found;
}

}  // namespace

network_config::network_config() = default;
network_config::~network_config() = default;

void configure_network(network_config& config, const tls_files& tls) {
  config.add_message_type<parameters>("sounder.parameters");
  config.add_message_type<assignment>("sounder.assignment");
  config.add_message_type<phase_result>("sounder.phase_result");
  config.add_message_type<progress_report>("sounder.progress_report");
  config.add_message_type<samples_held>("sounder.samples_held");
  config.add_message_type<opened_ports>("sounder.opened_ports");
  config.add_message_type<replica_list>("sounder.replica_list");
  config.add_message_type<leader_actor>("sounder.leader");
  config.load<caf::io::middleman>();
  config.set("middleman.heartbeat-interval",
             caf::timespan(std::chrono::seconds(1)));
  config.set("middleman.connection-timeout", caf::timespan(peer_deadline));
  config.certificates_ = std::make_unique<tls_context>(tls);
  if (tls.is_on()) {
    config.carrier_ = std::make_unique<relay>();
  }
}

std::unique_ptr<acceptor> listen(caf::actor_system& system,
                                 const node_actor& what,
                                 const node_address& at) {
  connection_handler handler;
  handler.is_expected = [](const greeting& hello) {
    return hello.key == messages_key;
  };
  // To CAF, all of them come in at the same port: a name for the actor.
  handler.accept = [&system, what, port = at.port](
                       const greeting&, std::unique_ptr<stream> line) {
    caf::anon_send(broker_of(system), caf::publish_atom::value,
                   adopt(system, std::move(line)), port,
                   caf::actor_cast<caf::strong_actor_ptr>(what),
                   std::set<std::string>());
  };
  return std::make_unique<acceptor>(at, config_of(system).certificates(),
                                    std::move(handler));
}

node_actor connect(caf::actor_system& system, const node_address& to,
                   milliseconds deadline, const std::stop_token& interrupt) {
  const auto until = clock::now() + deadline;
  for (;;) {
    const auto left =
        std::max(std::chrono::duration_cast<milliseconds>(until - clock::now()),
                 milliseconds(100));
    std::string why;
    try {
      auto line = connect_stream(to, config_of(system).certificates(),
                                 greeting(), {}, left, interrupt);
      if (line) {
        return ask_for_node(system, to, std::move(line), left);
      }
    } catch (const refused_error&) {
      throw;
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

// The process of a node, from start to end.

#include <future>
#include <thread>

#include <caf/all.hpp>

#include "actors/node/node.hpp"
#include "actors/node/node_state.hpp"
#include "actors/wire/acceptor.hpp"

namespace sounder::actors {

namespace {

/// A node from start to end, in one thread: CAF 0.17.6 waits for ever when a
/// system is destroyed in another thread than the one that made it.
void live(const node_options& options) {
  network_config config;
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", 3);
  config.set("scheduler.max-throughput", 5);
  configure_network(config, options.tls);
  caf::actor_system system(config);
  const whole_node self = system.spawn(node, options);
  caf::scoped_actor process(system, true);  // whom the node listens to
  std::unique_ptr<acceptor> listens;
  try {
    listens = listen(system, self, options.listen);
    process->send(self, listen_atom::value, listens->port());
    if (options.ready) {
      options.ready({options.listen.host, listens->port()});
    }
    // The system waits for the actor at its end.
    while (!options.stop.stop_requested()) {
      if (options.leave.stop_requested()) {
        process->send(self, leave_atom::value);
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  } catch (...) {
    process->send(self, close_atom::value);
    throw;
  }
  if (options.stop.stop_requested()) {
    process->send(self, close_atom::value);
  }
  // Whoever asks until then is answered.
  process->wait_for(self);
}

}  // namespace

void serve(const node_options& options) {
  const auto is_over = std::make_shared<std::promise<void>>();
  std::future<void> over = is_over->get_future();
  std::thread([options, is_over] {
    try {
      live(options);
      is_over->set_value();
    } catch (...) {
      is_over->set_exception(std::current_exception());
    }
  }).detach();
  while (!options.stop.stop_requested() && !options.leave.stop_requested() &&
         over.wait_for(std::chrono::milliseconds(20)) !=
             std::future_status::ready) {
  }
  // A connection that never said anything sensible may keep the system: then
  // it is left behind.
  if (over.wait_for(node_grace + std::chrono::seconds(2)) ==
      std::future_status::ready) {
    over.get();
  }
}

}  // namespace sounder::actors

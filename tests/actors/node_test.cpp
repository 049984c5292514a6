// What a node says to a leader of another kind.

#include "actors/node/node.hpp"

#include <future>
#include <stop_token>
#include <thread>

#include <catch2/catch.hpp>

#include "actors/messages.hpp"

namespace {

namespace a = sounder::actors;

}  // namespace

TEST_CASE("a leader of another version is refused with both numbers") {
  std::stop_source stop;
  std::promise<a::node_address> listening;
  a::node_options options;
  options.listen = {"127.0.0.1", 0};
  options.stop = stop.get_token();
  options.ready = [&](const a::node_address& at) { listening.set_value(at); };
  std::jthread serving([&] { a::serve(options); });
  const a::node_address at = listening.get_future().get();
  a::network_config config;
  a::configure_network(config, {});
  caf::actor_system system(config);
  const a::node_actor node = a::connect(system, at, std::chrono::seconds(5));
  caf::scoped_actor self(system);
  std::string refusal;

  self->request(node, std::chrono::seconds(5), a::hello_atom::value,
                a::protocol + 1)
      .receive([](const a::samples_held&) {},
               [&](const caf::error& why) { refusal = system.render(why); });

  CHECK_THAT(refusal, Catch::Contains(
                          "it speaks protocol " + std::to_string(a::protocol) +
                          ", the leader " + std::to_string(a::protocol + 1)));
  stop.request_stop();
}

// Who may say what to a node: others than its leader, and its own process, are
// not heard.

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>

#include <catch2/catch.hpp>

#include "actors/messages.hpp"
#include "actors/node/graph_builder.hpp"
#include "actors/node/network.hpp"
#include "actors/replica/replica.hpp"
#include "actors/run/train.hpp"
#include "tests/support/served_node.hpp"

namespace {

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;
using std::chrono::seconds;

/// Waits for the test before the first gradient.
class waiting : public t::tally {
 public:
  explicit waiting(std::shared_future<void> go)
      : tally(1), go_(std::move(go)) {}

  std::string describe() const override { return "waiting"; }
  void add_gradient(const k::dataset& data, std::span<const std::uint32_t> rows,
                    const float* w, std::span<float> gradient) const override {
    go_.wait();
    tally::add_gradient(data, rows, w, gradient);
  }

 private:
  std::shared_future<void> go_;
};

/// A process that knows the protocol, and has nothing to do with the run.
class outsider {
 public:
  explicit outsider(const a::node_address& at)
      : system_(configured(config_)),
        self_(system_, true),
        node_(caf::actor_cast<a::whole_node>(
            a::connect(system_, at, seconds(5)))) {}

  template <class... Words>
  void say(Words... words) {
    self_->send(node_, words...);
  }
  void say_nameless(a::close_atom word) { caf::anon_send(node_, word); }
  void send_exits() {
    caf::anon_send_exit(node_, caf::exit_reason::user_shutdown);
    self_->send_exit(node_, caf::exit_reason::user_shutdown);
  }

  /// What the node says when it has heard all of that.
  std::string status() {
    std::string said;
    self_->request(node_, seconds(5), a::status_atom::value)
        .receive([&](const std::string& text) { said = text; },
                 [&](const caf::error& why) { said = system_.render(why); });
    return said;
  }

 private:
  static a::network_config& configured(a::network_config& config) {
    a::configure_network(config, {});
    return config;
  }

  a::network_config config_;
  caf::actor_system system_;
  caf::scoped_actor self_;
  a::whole_node node_;
};

}  // namespace

TEST_CASE("who is not the leader cannot end a run at a node, nor the node") {
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future();
  a::node_options options;
  options.make_objective = [=](const std::string&, const k::dataset&) {
    return std::make_shared<waiting>(gone);
  };
  const t::served_node node(options);
  auto report = std::async(std::launch::async, [&] {
    return a::train(
        t::plan_at(node, "star", std::make_shared<waiting>(gone), 3),
        t::blank(100));
  });
  outsider stranger(node.at());
  while (stranger.status().find("\"samples\"") == std::string::npos) {
    REQUIRE(report.wait_for(std::chrono::milliseconds(20)) !=
            std::future_status::ready);
  }

  stranger.say(a::halt_atom::value);
  stranger.say(a::release_atom::value);
  stranger.say(a::open_atom::value, std::vector<char>());
  stranger.say(a::listen_atom::value, std::uint16_t{1});
  stranger.say(a::leave_atom::value);
  stranger.say(a::again_atom::value);
  stranger.say(a::close_atom::value);
  stranger.say_nameless(a::close_atom::value);
  stranger.send_exits();
  const std::string status = stranger.status();
  const std::string said = node.said();
  go.set_value();

  CHECK_THAT(status, Catch::Contains("training"));
  CHECK_THAT(status, Catch::Contains(node.at().text()));
  for (const std::string word : {"halt", "release", "open", "listen", "leave",
                                 "again", "close", "exit"}) {
    CHECK_THAT(said, Catch::Contains("ignored '" + word + "' from a stranger"));
  }
  const a::run_report ended = report.get();
  CHECK(a::name(ended.stop_reason) == a::name(a::stop_reason::epochs_done));
  CHECK(ended.samples == 300);
  CHECK(node.is_waiting());
}

TEST_CASE("a node that opens its samples says at once what it is at") {
  std::promise<void> opens;
  std::promise<void> go;
  a::node_options options;
  options.open_data = [&](const std::string&) -> std::optional<k::dataset> {
    opens.set_value();
    go.get_future().wait();
    return std::nullopt;
  };
  std::promise<void> walks;
  walks.set_value();
  const auto objective = std::make_shared<waiting>(walks.get_future().share());
  options.make_objective = [=](const std::string&, const k::dataset&) {
    return objective;
  };
  const t::served_node node(options);
  auto report = std::async(std::launch::async, [&] {
    return a::train(t::plan_at(node, "star", objective, 3), t::blank(100));
  });
  opens.get_future().wait();

  const std::string status = a::status_of(node.at(), {}, seconds(1));
  go.set_value();

  CHECK_THAT(status, Catch::Contains("training"));
  CHECK(a::name(report.get().stop_reason) ==
        a::name(a::stop_reason::epochs_done));
}

TEST_CASE("who leaves while a node opens its samples makes room for others") {
  std::promise<void> opens;
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future();
  std::atomic<int> asked = 0;
  std::promise<void> walks;
  walks.set_value();
  const auto objective = std::make_shared<waiting>(walks.get_future().share());
  a::node_options options;
  options.open_data = [&](const std::string&) -> std::optional<k::dataset> {
    if (asked++ == 0) {
      opens.set_value();
      gone.wait();
    }
    return std::nullopt;
  };
  options.make_objective = [=](const std::string&, const k::dataset&) {
    return objective;
  };
  const t::served_node node(options);
  std::stop_source interrupt;
  a::training_plan plan = t::plan_at(node, "star", objective, 3);
  plan.interrupt = interrupt.get_token();
  auto first = std::async(std::launch::async,
                          [&] { return a::train(plan, t::blank(100)); });
  opens.get_future().wait();

  interrupt.request_stop();
  const a::run_report left = first.get();
  const bool is_free = node.is_waiting();
  plan.interrupt = {};
  auto second = std::async(std::launch::async,
                           [&] { return a::train(plan, t::blank(100)); });
  go.set_value();

  CHECK(a::name(left.stop_reason) == a::name(a::stop_reason::interrupted));
  CHECK(is_free);
  const a::run_report ended = second.get();
  CHECK(a::name(ended.stop_reason) == a::name(a::stop_reason::epochs_done));
  CHECK(ended.samples == 300);
}

TEST_CASE("a replica walks for its run alone, and ends by its own process") {
  const auto plan = std::make_shared<const a::training_plan>(
      t::plan_of(std::make_shared<t::tally>(1), p::serial(), 1));
  const a::wired_graph graph = a::wire(plan, t::blank(10));
  a::network_config config;
  a::configure_network(config, {});  // without a network nobody has a place
  caf::actor_system system(config);
  caf::scoped_actor self(system);
  const caf::node_id of_others;
  const a::replica_actor replica = self->spawn<caf::monitored>(
      a::replica, graph.replicas.front(), of_others);
  std::string refusal;
  const auto answers = [&] {
    bool said = false;
    self->request(replica, seconds(5), a::snapshot_atom::value)
        .receive([&](const a::parameters&) { said = true; },
                 [](const caf::error&) {});
    return said;
  };

  self->request(replica, seconds(5), a::advance_atom::value, std::uint64_t{1},
                a::assignment(), true)
      .receive([](const a::phase_result&) {},
               [&](const caf::error& why) { refusal = system.render(why); });
  caf::anon_send_exit(replica, caf::exit_reason::user_shutdown);

  CHECK_THAT(refusal, Catch::Contains("another's replica"));
  CHECK(answers());
  self->send_exit(replica, caf::exit_reason::user_shutdown);
  self->receive(
      [&](const caf::down_msg& gone) {
        CHECK(gone.source == replica.address());
      },
      caf::after(seconds(5)) >> [] { FAIL("it goes on"); });
}

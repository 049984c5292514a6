// What a hub does with updates by their age: in a fixed order, ages are known.

#include <array>

#include <catch2/catch.hpp>

#include "actors/run/train.hpp"
#include "actors/sync/memory_channel.hpp"
#include "actors/sync/rules.hpp"
#include "tests/support/training.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

/// Two replicas of one parameter at a hub, all at 0. Steps are of size 1, so
/// that gradients and moves are the same but for the sign.
class pair {
 public:
  pair(const p::exchange& rule, const p::discipline& when) {
    plan_.graph.replicas = {
        {"hub", 0, {}, {}}, {"a", 1, {}, {}}, {"b", 1, {}, {}}};
    plan_.graph.links = {{1, 0, rule, when}, {2, 0, rule, when}};
    plan_.objective = std::make_shared<t::tally>(1);
    for (std::size_t i = 0; i < 2; ++i) {
      ends_[i] =
          std::make_unique<a::local_end>(std::span<float>(&w[i], 1), false, 0);
      a::memory_link link;
      link.rule = a::make_rule(plan_, i, 1, false);
      link.snapshot = {0.0F};
      link.meter = meters[i] = std::make_shared<a::link_meter>();
      link.discipline = when;
      link.far = far_;
      link.rank = i;
      sessions_[i] = a::meet_in_memory(std::move(link));
      sessions_[i]->tau = 1;
    }
  }

  /// The replica has moved by so much, and meets the hub.
  void move(std::size_t replica, float by) {
    w[replica] += by;
    REQUIRE(sessions_[replica]->attend(*ends_[replica], {1.0F, 1.0F}));
  }

  float hub = 0.0F;
  std::array<float, 2> w{};
  std::array<std::shared_ptr<a::link_meter>, 2> meters;

 private:
  a::training_plan plan_;
  std::shared_ptr<a::target> far_ =
      std::make_shared<a::target>(std::span<float>(&hub, 1), 2);
  std::array<std::unique_ptr<a::local_end>, 2> ends_;
  std::array<std::unique_ptr<a::meeting>, 2> sessions_;
};

/// Exchanges of updates, with what they do by age.
p::exchange with(const p::age& by, bool of_gradients) {
  return of_gradients ? p::exchange(p::gradient{p::combine::mean, 0.0, by})
                      : p::exchange(p::add_delta{by});
}

}  // namespace

TEST_CASE("age: an update older than the bound is dropped") {
  pair both(with(p::drop{2}, GENERATE(false, true)), p::every{1});
  both.move(0, 1.0F);
  both.move(0, 1.0F);
  both.move(1, 10.0F);  // of age 2
  CHECK(both.hub == 12.0F);

  both.move(0, 1.0F);  // of age 1
  both.move(0, 1.0F);
  both.move(0, 1.0F);
  both.move(1, 10.0F);  // of age 3

  CHECK(both.hub == 15.0F);
  CHECK(both.w[1] == 15.0F);
  CHECK(both.meters[1]->record().dropped == 1);
  CHECK(both.meters[0]->record().dropped == 0);
  both.move(1, 10.0F);  // it has read the hub, so of age 0
  CHECK(both.hub == 25.0F);
}

TEST_CASE("age: what was dropped makes no other update older") {
  pair both(with(p::drop{0}, GENERATE(false, true)), p::every{1});
  both.move(0, 1.0F);
  both.move(1, 10.0F);  // of age 1

  both.move(0, 1.0F);

  CHECK(both.hub == 2.0F);
}

TEST_CASE("age: updates count 1 / (1 + age)") {
  pair both(with(p::scale{}, GENERATE(false, true)), p::every{1});
  both.move(0, 1.0F);
  both.move(0, 1.0F);
  both.move(0, 1.0F);

  both.move(1, 10.0F);  // of age 3
  CHECK(both.hub == 5.5F);
  both.move(0, 3.0F);  // of age 1
  CHECK(both.hub == 7.0F);
  both.move(0, 3.0F);  // of age 0
  CHECK(both.hub == 10.0F);
  CHECK(both.w[0] == 10.0F);
}

TEST_CASE("age: own pushes make what was read older, a fetch makes it new") {
  pair both(with(p::drop{1}, true), p::push_fetch{1, 4});
  both.move(0, 1.0F);
  both.move(0, 1.0F);
  both.move(0, 1.0F);  // of age 2
  CHECK(both.hub == 2.0F);

  both.move(0, 1.0F);  // likewise; then it fetches
  CHECK(both.w[0] == 2.0F);
  both.move(0, 1.0F);

  CHECK(both.hub == 3.0F);
  CHECK(both.meters[0]->record().dropped == 2);
}

TEST_CASE("age: without others nothing has any") {
  const auto trained = [](const p::age& by) {
    p::graph wiring;
    wiring.replicas = {{"hub", 0, {}, {}}, {"a", 1, {}, {}}};
    wiring.links = {{1, 0, p::add_delta{by}, p::every{3}}};
    auto plan = t::plan_of(std::make_shared<t::tally>(1), wiring, 2);
    plan.schedule = k::constant_step(1.0);
    return a::train(plan, t::blank(12)).parameters;
  };

  CHECK(trained(p::drop{0}) == std::vector<float>{24.0F});
  CHECK(trained(p::scale{}) == std::vector<float>{24.0F});
}

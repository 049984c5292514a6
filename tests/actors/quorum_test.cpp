// Rounds of those who have come: what a hub makes of them, and that nobody is
// held up for ever.

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include <catch2/catch.hpp>

#include "actors/run/train.hpp"
#include "actors/sync/gate/gate.hpp"
#include "actors/sync/memory_channel.hpp"
#include "kernels/exchange/gradient.hpp"
#include "kernels/exchange/outer_step.hpp"
#include "tests/support/training.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

/// Three replicas of one parameter at a hub that begins at 0.
class star {
 public:
  star(const p::quorum& when, std::shared_ptr<const k::exchange_rule> rule)
      : far_(std::make_shared<a::target>(std::span<float>(&hub, 1), 3, 0,
                                         a::gate_for(when, {0, 1, 2}))) {
    far_->has_clock = false;
    for (std::size_t i = 0; i < 3; ++i) {
      ends_[i] =
          std::make_unique<a::local_end>(std::span<float>(&w[i], 1), false, 0);
      a::memory_link link;
      link.rule = rule;
      link.snapshot = {0.0F};
      link.meter = std::make_shared<a::link_meter>();
      link.discipline = when;
      link.far = far_;
      link.rank = i;
      sessions_[i] = a::meet_in_memory(std::move(link));
    }
  }

  /// Whether its round is over.
  bool attends(std::size_t replica) {
    return sessions_[replica]->attend(*ends_[replica], {0.5F, 1.0F});
  }
  void rests(std::size_t replica) { sessions_[replica]->resign(); }

  float hub = 0.0F;
  std::array<float, 3> w{};

 private:
  std::shared_ptr<a::target> far_;
  std::array<std::unique_ptr<a::local_end>, 3> ends_;
  std::array<std::unique_ptr<a::meeting>, 3> sessions_;
};

/// Three replicas at a hub.
p::graph star_of_three(const p::quorum& when) {
  p::graph made;
  made.replicas.push_back({"hub", 0, {}, {}});
  for (std::size_t i = 1; i <= 3; ++i) {
    made.replicas.push_back({"r" + std::to_string(i), 1, {}, {}});
    made.links.push_back({i, 0, p::gradient{p::combine::sum}, when});
  }
  return made;
}

/// Of the rows, every third is the last replica's, which is slow.
class slow_one : public t::tally {
 public:
  slow_one() : tally(1) {}

  void add_gradient(const k::dataset& data, std::span<const std::uint32_t> rows,
                    const float* w, std::span<float> gradient) const override {
    tally::add_gradient(data, rows, w, gradient);
    for (const std::uint32_t i : rows) {
      const std::size_t who = i % 3 == 2 ? 1 : 0;
      if (who == 1) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
      ++done[who];
    }
    ahead = std::max(ahead.load(), done[0].load() - 2 * done[1].load());
  }

  mutable std::array<std::atomic<int>, 2> done{};
  mutable std::atomic<int> ahead{0};  // of the slow one, samples of two
};

}  // namespace

TEST_CASE("quorum: an outer step averages over those who have come") {
  star all(p::quorum{1, 2, 0}, std::make_shared<k::outer_step>(1.0, 0.0));

  all.w = {2.0F, 4.0F, 12.0F};
  CHECK_FALSE(all.attends(0));
  CHECK(all.attends(1));
  CHECK(all.attends(0));

  CHECK(all.hub == 3.0F);  // (2 + 4) / 2
  CHECK(all.w == std::array{3.0F, 3.0F, 12.0F});

  CHECK_FALSE(all.attends(2));  // 12, since 0
  all.w[0] += 1.0F;
  CHECK(all.attends(0));  // 1, since 3
  CHECK(all.attends(2));

  CHECK(all.hub == 9.5F);  // 3 + (12 + 1) / 2
  CHECK(all.w == std::array{9.5F, 3.0F, 9.5F});
}

TEST_CASE("quorum: gradients are averaged over those who have come") {
  star all(p::quorum{1, 2, 0}, std::make_shared<k::gradient>(0.0, false));

  // Gradients -2, -4 and then -6 with -8, times a step of 0.5.
  all.w = {1.0F, 2.0F, 3.0F};
  CHECK_FALSE(all.attends(0));
  CHECK(all.attends(1));
  CHECK(all.attends(0));
  CHECK(all.hub == 1.5F);

  all.w[1] += 4.0F;
  CHECK_FALSE(all.attends(2));
  CHECK(all.attends(1));
  CHECK(all.hub == 5.0F);
}

TEST_CASE("quorum: who is left ends its rounds alone") {
  star all(p::quorum{1, 2, 0}, std::make_shared<k::outer_step>(1.0, 0.0));
  all.w = {2.0F, 4.0F, 12.0F};
  CHECK_FALSE(all.attends(0));
  CHECK(all.attends(1));
  CHECK(all.attends(0));
  CHECK_FALSE(all.attends(2));

  all.rests(0);
  CHECK_FALSE(all.attends(2));  // the other may come
  all.rests(1);

  CHECK(all.attends(2));
  CHECK(all.hub == 15.0F);  // 3 + 12 / 1
}

TEST_CASE("quorum: without a clock a grace lasts until nobody can come") {
  star all(p::quorum{1, 1, 5}, std::make_shared<k::outer_step>(1.0, 0.0));
  all.w = {3.0F, 6.0F, 9.0F};

  CHECK_FALSE(all.attends(0));
  CHECK_FALSE(all.attends(1));
  CHECK(all.attends(2));

  CHECK(all.hub == 6.0F);
}

TEST_CASE("quorum: a slow replica holds nobody up and loses no step",
          "[stress]") {
  constexpr unsigned epochs = 2;
  constexpr std::size_t rows = 3 * 8;
  const std::size_t grace = GENERATE(0U, 1U);
  const auto objective = std::make_shared<slow_one>();
  auto plan =
      t::plan_of(objective, star_of_three(p::quorum{1, 2, grace}), epochs);
  plan.deterministic = false;
  plan.schedule = k::constant_step(1.0);
  plan.evaluate_every = 1;

  const auto report = a::train(plan, t::blank(rows));

  REQUIRE(report.message.empty());
  REQUIRE(report.stop_reason == a::stop_reason::epochs_done);
  // Each step adds 1, and the hub adds up what all have found.
  CHECK(report.parameters == std::vector<float>{epochs * rows});
  // At a barrier of all three the two others would be a round ahead at most.
  CHECK(objective->ahead > 2 * 2);
}

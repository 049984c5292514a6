// A rule of a user's own with a barrier, at a replica that steps, too.

#include <memory>
#include <numeric>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/run/train.hpp"
#include "tests/support/training.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

constexpr std::size_t size = 7833;
constexpr std::size_t rows = 400;
constexpr unsigned epochs = 3;

/// A step at step size 1 adds 1 to every coordinate.
class all_count : public t::tally {
 public:
  all_count() : tally(size) {}
  void add_gradient(const k::dataset&, std::span<const std::uint32_t> of,
                    const float*, std::span<float> gradient) const override {
    for (float& g : gradient) {
      g -= static_cast<float>(of.size());
    }
  }
};

/// Half of the difference goes from one end to the other. What it was asked is
/// what it takes w to be still.
class meet_halfway : public k::exchange_rule {
 public:
  void ask(const k::near_end& e, float* up) const noexcept override {
    std::copy_n(e.w, e.n, up);
  }
  void serve(const k::far_end& e, float* payload) const noexcept override {
    for (std::size_t j = 0; j < e.n; ++j) {
      const float d = 0.5F * (payload[j] - e.c[j]);
      e.c[j] += d;
      payload[j] -= d;
    }
  }
  void take(const k::near_end& e, const float* down,
            const float* /*asked*/) const noexcept override {
    std::copy_n(down, e.n, e.w);
  }
};

p::graph pair_of(bool both_ways) {
  p::graph made;
  made.replicas = {{"a", 1, p::lock_free{}, {}}, {"b", 1, p::lock_free{}, {}}};
  made.links.push_back({0, 1, p::custom{"halfway"}, p::barrier{2}});
  if (both_ways) {
    made.links.push_back({1, 0, p::custom{"halfway"}, p::barrier{2}});
  }
  return made;
}

}  // namespace

TEST_CASE("barrier: a replica that is met keeps its own moves") {
  const bool both_ways = GENERATE(false, true);
  auto plan =
      t::plan_of(std::make_shared<all_count>(), pair_of(both_ways), epochs);
  plan.deterministic = false;
  plan.schedule = k::constant_step(1.0);
  plan.exchanges["halfway"] = std::make_shared<meet_halfway>();

  const auto model = a::train(plan, t::blank(rows)).parameters;

  REQUIRE(model.size() == size);
  for (const float w : model) {
    REQUIRE(w == Approx(epochs * rows / 2.0).epsilon(1e-5));
  }
}

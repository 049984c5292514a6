// Push-sum by the replicas' own clocks: in every order, and however unequal
// the clocks are, sums and weights are kept.

#include <algorithm>
#include <memory>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/sync/gossip_meeting.hpp"
#include "kernels/data/random.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;

namespace {

/// Replicas of one number each; each gives to the next and to the one after.
class givers {
 public:
  explicit givers(const std::vector<float>& starts) : numbers_(starts) {
    const std::size_t n = starts.size();
    for (float& number : numbers_) {
      ends_.push_back(std::make_unique<a::local_end>(
          std::span<float>(&number, 1), false, std::size_t{0}));
    }
    for (std::size_t i = 0; i < n; ++i) {
      a::neighbourhood around;
      around.replica = i;
      around.in = 2;
      for (const std::size_t to : {(i + 1) % n, (i + 2) % n}) {
        const auto meter = std::make_shared<a::link_meter>();
        around.out.push_back({to, meter, 0.0});
        around.outboxes.push_back(a::outbox_in_memory(
            ends_[to]->inbox_for(a::update_kind::shares), meter));
      }
      meetings_.push_back(
          a::push_shares(std::move(around), {numbers_[i]}, false));
    }
  }

  float& number(std::size_t i) { return numbers_[i]; }
  void meet(std::size_t i) {
    ends_[i]->rest(1.0F);
    REQUIRE(meetings_[i]->attend(*ends_[i], {}));
  }
  /// With what waits unread.
  float whole(std::size_t i) const {
    std::vector<float> w = ends_[i]->snapshot();
    meetings_[i]->add_unread(*ends_[i], w);
    return w.front();
  }

 private:
  std::vector<float> numbers_;
  std::vector<std::unique_ptr<a::local_end>> ends_;
  std::vector<std::unique_ptr<a::meeting>> meetings_;
};

}  // namespace

TEST_CASE("push-sum: without steps all come to the mean, in any order") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    INFO("order " << seed);
    k::random_stream random(seed);
    givers all({0.0F, 3.0F, 9.0F, -4.0F});

    for (int n = 0; n < 2000; ++n) {
      // The first comes half of the time.
      const std::uint32_t drawn = random.below(6);
      all.meet(drawn < 4 ? drawn : 0);
    }

    for (std::size_t i = 0; i < 4; ++i) {
      REQUIRE(all.whole(i) == Approx(2.0).epsilon(1e-3));
    }
  }
}

TEST_CASE("push-sum: nobody moves further than who has stepped most") {
  givers all({0.0F, 0.0F, 0.0F});
  std::vector<float> walked(3);
  const auto walk = [&](std::size_t i) {
    all.number(i) += 1.0F;
    walked[i] += 1.0F;
    all.meet(i);
    const float most = *std::max_element(walked.begin(), walked.end());
    REQUIRE(all.whole(i) >= 0.0F);
    REQUIRE(all.whole(i) <= 1.001F * most);
  };

  for (int n = 0; n < 500; ++n) {  // two go on while the third is held up
    walk(0);
    walk(1);
  }
  walk(2);
  for (int n = 0; n < 500; ++n) {
    walk(static_cast<std::size_t>(n) % 3);
  }

  // What the third was sent has moved it, too.
  CHECK(all.whole(2) > 10.0F);
}

TEST_CASE("push-sum: looking takes nothing") {
  givers all({0.0F, 6.0F, 0.0F});
  givers unseen({0.0F, 6.0F, 0.0F});
  for (std::size_t n = 0; n < 12; ++n) {
    all.number(n % 3) += 1.0F;
    unseen.number(n % 3) += 1.0F;
    all.meet(n % 3);
    unseen.meet(n % 3);

    const float seen = all.whole((n + 1) % 3);
    REQUIRE(all.whole((n + 1) % 3) == seen);
    REQUIRE(all.number(n % 3) == unseen.number(n % 3));
  }
}

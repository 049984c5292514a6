// Letters and tokens between doors, under CAF's scheduler for tests, which runs
// one message at a time: here one drawn at random.

#include "actors/node/doors.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/messages.hpp"
#include "kernels/data/random.hpp"

namespace {

namespace a = sounder::actors;
namespace k = sounder::kernels;

/// As if each member lived on a node of its own.
class nodes {
 public:
  nodes(std::uint32_t count, std::uint64_t seed)
      : random_(seed), system_(config_) {
    for (std::uint32_t i = 0; i < count; ++i) {
      a::door_setup setup;
      setup.size = size;
      for (const a::box kind : {a::box::updates, a::box::shares}) {
        boxes_[{i, kind}] = std::make_shared<a::inbox>();
        setup.boxes[{i, kind}] = boxes_[{i, kind}];
      }
      std::vector<char> is_here(count, 0);
      is_here[i] = 1;
      rings_.push_back(std::make_shared<a::token_ring>(
          std::move(is_here), [this](std::size_t to) {
            caf::anon_send(doors_[to], a::token_atom::value, std::uint32_t{0},
                           std::uint64_t{to});
          }));
      setup.rings = {rings_[i]};
      doors_.push_back(system_.spawn(a::door, std::move(setup)));
    }
  }
  ~nodes() {
    while (deliver_any()) {
    }
  }
  nodes(const nodes&) = delete;
  nodes& operator=(const nodes&) = delete;

  static constexpr std::size_t size = a::letter_part_floats + 1;  // two parts

  std::shared_ptr<a::mailbox_of> way_to(std::uint32_t to, a::box kind) {
    return a::mailbox_elsewhere(system_, doors_[to], to, kind,
                                std::make_shared<a::link_meter>(), {});
  }
  a::inbox& box_of(std::uint32_t member, a::box kind) {
    return *boxes_.at({member, kind});
  }
  a::token_ring& ring_of(std::uint32_t member) { return *rings_[member]; }
  std::uint32_t draw(std::size_t below) {
    return random_.below(static_cast<std::uint32_t>(below));
  }

  /// False when there is no message.
  bool deliver_any() {
    auto& waiting = scheduler().jobs;
    if (waiting.empty()) {
      return scheduler().trigger_timeouts() > 0;
    }
    std::swap(waiting.front(), waiting[draw(waiting.size())]);
    scheduler().run_once();
    return true;
  }

 private:
  struct for_tests : caf::actor_system_config {
    for_tests() {
      set("scheduler.policy", caf::atom("testing"));
      add_message_type<a::letter_part>("sounder.letter_part");
    }
  };
  caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  }

  k::random_stream random_;
  for_tests config_;
  caf::actor_system system_;
  std::map<std::pair<std::uint32_t, a::box>, std::shared_ptr<a::inbox>> boxes_;
  std::vector<std::shared_ptr<a::token_ring>> rings_;
  std::vector<caf::actor> doors_;
};

struct totals {
  double values = 0.0;
  double weight = 0.0;

  void add(const a::letter& mail) {
    values += static_cast<double>(mail.values->front() + mail.values->back());
    weight += mail.weight;
  }
};

}  // namespace

TEST_CASE("doors: what is sent arrives, whatever the order of deliveries") {
  constexpr std::uint32_t members = 3;
  constexpr int letters = 30;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const auto kind = seed % 2 == 0 ? a::box::updates : a::box::shares;
    INFO("order " << seed);
    nodes all(members, seed);
    std::map<std::pair<std::uint32_t, std::uint32_t>,
             std::shared_ptr<a::mailbox_of>>
        ways;
    for (std::uint32_t from = 0; from < members; ++from) {
      for (std::uint32_t to = 0; to < members; ++to) {
        if (from != to) {
          ways[{from, to}] = all.way_to(to, kind);
        }
      }
    }
    totals sent;
    totals arrived;
    const auto read = [&](std::uint32_t member) {
      for (const a::letter& mail : all.box_of(member, kind).take_all()) {
        arrived.add(mail);
      }
    };

    for (int n = 0; n < letters;) {
      const std::uint32_t from = all.draw(members);
      const std::uint32_t to = (from + 1 + all.draw(members - 1)) % members;
      switch (all.draw(3)) {
        case 0: {
          const a::letter mail{
              from, static_cast<std::uint64_t>(n), 0.25,
              std::make_shared<std::vector<float>>(
                  nodes::size, static_cast<float>(n * 10 + from))};
          sent.add(mail);
          ways[{from, to}]->put_sum(mail);
          ++n;
          break;
        }
        case 1:
          all.deliver_any();
          break;
        default:
          read(to);
      }
    }
    while (all.deliver_any()) {
    }
    for (std::uint32_t member = 0; member < members; ++member) {
      read(member);
    }

    // Whole numbers and quarters add up exactly.
    REQUIRE(arrived.values == sent.values);
    REQUIRE(arrived.weight == sent.weight);
    REQUIRE(sent.weight == 0.25 * letters);
  }
}

TEST_CASE("doors: there is one token, and it comes to all") {
  constexpr std::uint32_t members = 4;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    INFO("order " << seed);
    nodes all(members, seed);
    std::vector<int> visits(members, 0);
    for (std::uint32_t i = 0; i < members; ++i) {
      all.ring_of(i).enter(i);
    }

    for (int tries = 0; *std::min_element(visits.begin(), visits.end()) < 5;
         ++tries) {
      REQUIRE(tries < 10'000);  // the token is lost otherwise
      int holders = 0;
      for (std::uint32_t i = 0; i < members; ++i) {
        holders += all.ring_of(i).is_at(i) ? 1 : 0;
      }
      REQUIRE(holders <= 1);
      const std::uint32_t member = all.draw(members);
      if (all.draw(2) == 0) {
        all.deliver_any();
      } else if (all.ring_of(member).is_at(member)) {
        ++visits[member];
        all.ring_of(member).pass_on();
      }
    }

    // In turn: nobody is a visit ahead of who comes after him.
    const auto [least, most] =
        std::minmax_element(visits.begin(), visits.end());
    REQUIRE(*most - *least <= 1);
  }
}

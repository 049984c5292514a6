// Links over which what the other end knows is not said again: all exchanges
// that go so come to what they come to without.

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <memory>
#include <vector>

#include <catch2/catch.hpp>

#include "kernels/data/random.hpp"
#include "kernels/exchange/add_delta.hpp"
#include "kernels/exchange/gradient.hpp"
#include "kernels/exchange/outer_step.hpp"
#include "kernels/exchange/overwrite.hpp"
#include "kernels/exchange/packer.hpp"
#include "kernels/exchange/token_merge.hpp"
#include "tests/support/vectors.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

using vector = std::vector<float>;
using k::payload;

constexpr float exact = 1.0F / 2097152.0F;  // 2^-21

std::vector<std::uint32_t> bits_of(const vector& x) {
  std::vector<std::uint32_t> bits;
  std::transform(x.begin(), x.end(), std::back_inserter(bits), [](float value) {
    return std::bit_cast<std::uint32_t>(value);
  });
  return bits;
}

/// A link that says no more than is not known: a replica's end and a hub's.
struct known_link {
  k::known_parameters near;
  k::known_parameters far;
  k::packer up;
  k::unpacker up_there;
  k::packer down;
  k::unpacker down_there;

  explicit known_link(const vector& start)
      : near(std::make_shared<vector>(start)),
        far(std::make_shared<vector>(start)),
        up(near, payload::differences),
        up_there(far, payload::differences),
        down(far, payload::parameters),
        down_there(near, payload::parameters) {}

  vector carry_up(const vector& x, float up_rate = 1.0F) {
    const auto bytes = up.pack(0, x.data(), x.size(), up_rate);
    sent = bytes.size();
    vector found(x.size());
    REQUIRE(up_there.unpack(0, bytes, found.data(), found.size()));
    return found;
  }
  vector carry_down(const vector& x) {
    const auto bytes = down.pack(0, x.data(), x.size());
    sent = bytes.size();
    vector found(x.size());
    REQUIRE(down_there.unpack(0, bytes, found.data(), found.size()));
    CHECK(bits_of(*near) == bits_of(*far));
    return found;
  }

  std::size_t sent = 0;
};

/// A replica that steps towards `goal` on few coordinates at a time, with a
/// penalty or without, and meets a hub by `rule`; perhaps by a link.
class replica {
 public:
  replica(const k::exchange_rule& rule, bool by_link, float shrinking)
      : c(n, 0.5F), rule_(rule), shrinking_(shrinking), way_(c) {
    by_link_ = by_link;
  }

  void step(k::random_stream& random) {
    for (std::size_t j = 0; j < n; ++j) {
      w_[j] *= shrinking_;
      if (random.below(20) == 0) {
        const auto goal = static_cast<float>(random.below(1000)) / 500.0F;
        w_[j] += 0.1F * (goal - w_[j]);
      }
    }
  }

  void trade() {
    vector up = ask();
    vector down = by_link_ ? way_.carry_up(up, rate()) : up;
    sent += way_.sent;
    rule_.serve(far(), down.data());
    take(rule_, down);
  }
  void push() {
    vector up = ask();
    up = by_link_ ? way_.carry_up(up, rate()) : up;
    sent += way_.sent;
    rule_.serve(far(), up.data());
    s_ = w_;
  }
  void pull() {
    vector down(n);
    rule_.show(far(), down.data());
    take(k::overwrite(), down);
  }

  static constexpr std::size_t n = 1000;
  static constexpr float step_size = 0.05F;
  vector c;
  std::size_t sent = 0;

  const vector& parameters() const { return w_; }

 private:
  k::near_end near() { return {w_.data(), s_.data(), n, step_size}; }
  k::far_end far() { return {c.data(), v_.data(), n, step_size}; }
  float rate() const { return rule_.up_rate(step_size, false); }

  vector ask() {
    vector up(n);
    rule_.ask(near(), up.data());
    return up;
  }
  void take(const k::exchange_rule& by, vector down) {
    if (by_link_) {
      down = way_.carry_down(down);
      sent += way_.sent;
    }
    const vector asked = w_;
    by.take(near(), down.data(), asked.data());
    if (by_link_) {
      rule_.keep(near(), way_.up.memory(0));
    }
  }

  const k::exchange_rule& rule_;
  float shrinking_;
  bool by_link_ = false;
  known_link way_;
  vector w_ = c;
  vector s_ = c;
  vector v_ = vector(n, 0.0F);
};

/// After some more, other roundings alone add up to more than check_close has.
constexpr std::size_t meetings = 60;

void check_close(const vector& a, const vector& b, float within = 1e-6F) {
  float most = 0.0F;
  float gap = 0.0F;
  for (std::size_t j = 0; j < a.size(); ++j) {
    most = std::max(most, std::abs(a[j]));
    gap = std::max(gap, std::abs(a[j] - b[j]));
  }
  INFO("largest " << most << ", apart " << gap);
  CHECK(gap <= within * most);
}

}  // namespace

TEST_CASE("known parameters: a run by a link is the run without") {
  const k::add_delta add;
  const k::gradient gradient(0.0, false);
  const k::outer_step outer(1.0, 0.0);
  const k::paper_token paper(k::solve_ring_weights(2, 0.0));
  const k::reference_token reference(k::solve_ring_weights(2, 0.0), 0.0);
  const std::vector<const k::exchange_rule*> rules = {&add, &gradient, &outer,
                                                      &paper, &reference};
  const float shrinking = GENERATE(1.0F, 0.9999F);
  for (const k::exchange_rule* const rule : rules) {
    INFO("rule " << std::find(rules.begin(), rules.end(), rule) - rules.begin()
                 << ", shrinking " << shrinking);
    replica plain(*rule, false, shrinking);
    replica linked(*rule, true, shrinking);

    for (std::uint64_t meeting = 0; meeting < meetings; ++meeting) {
      for (replica* const each : {&plain, &linked}) {
        k::random_stream random(4, meeting);
        each->step(random);
        each->trade();
      }
    }

    // Tokens mix with what came down, and what has not gone up is not mixed.
    const bool is_token = rule == &paper || rule == &reference;
    const float within = is_token ? 2e-6F : 1e-6F;
    check_close(plain.c, linked.c, within);
    check_close(plain.parameters(), linked.parameters(), within);
    CHECK(linked.sent > 0);
    // A twentieth with 5 bytes each, up and down, of twice 4 bytes each.
    if (!is_token) {
      CHECK(linked.sent < meetings * 2 * replica::n);
    }
  }
}

TEST_CASE("known parameters: pushes and fetches by a link are those without") {
  const k::gradient rule(0.0, false);
  const float shrinking = GENERATE(1.0F, 0.9999F);
  replica plain(rule, false, shrinking);
  replica linked(rule, true, shrinking);

  for (std::uint64_t meeting = 0; meeting < meetings; ++meeting) {
    for (replica* const each : {&plain, &linked}) {
      k::random_stream random(5, meeting);
      each->step(random);
      if (meeting % 2 == 0) {
        each->push();
      }
      if (meeting % 3 == 0) {
        each->pull();
      }
    }
  }

  check_close(plain.c, linked.c);
  CHECK(linked.sent < (meetings / 2 + meetings / 3) * replica::n);
}

TEST_CASE("packer: sums of what is not known arrive in full") {
  constexpr std::size_t n = 2000;
  constexpr int rounds = 60;
  k::random_stream random(2, 1);
  const vector start = t::random_vector(random, n);
  known_link way(start);
  vector hub = start;
  std::vector<double> said(n);
  std::vector<double> arrived(n);

  for (int round = 0; round < rounds; ++round) {
    // All shrink, and one in 20 is moved.
    vector d = t::times(-0.001F, *way.near);
    t::move_some(d, random, 20);
    const vector found = way.carry_up(d);
    CHECK(way.sent < n);  // of 4 n bytes
    for (std::size_t j = 0; j < n; ++j) {
      said[j] += d[j];
      arrived[j] += found[j];
      hub[j] += found[j];
    }
    const vector shown = way.carry_down(hub);
    CHECK(way.sent < n);
    for (std::size_t j = 0; j < n; ++j) {
      REQUIRE(std::abs(shown[j] - hub[j]) <= exact * std::abs(shown[j]));
    }
  }

  for (std::size_t j = 0; j < n; ++j) {
    // Each round keeps lost = (d + lost) - sent, of numbers below 3.
    const double rounding = rounds * 3.0 / 8388608.0;
    const double lost = *way.up.memory(j);
    REQUIRE(std::abs(arrived[j] + lost - said[j]) <= rounding);
    REQUIRE(std::abs(lost) <= exact * std::abs((*way.near)[j]) + rounding);
  }
}

TEST_CASE("packer: a gradient is as exact as the parameters it is made from") {
  const vector m(1000, 1.0F);
  vector g(1000, 0.0F);
  g[7] = 4.0F * exact;  // a rounding, if the step was an eighth
  known_link way(m);

  CHECK(way.carry_up(g, 1.0F)[7] == g[7]);
  CHECK(way.carry_up(g, 8.0F)[7] == 0.0F);
  CHECK(*way.up.memory(7) == g[7]);
  CHECK(way.carry_up(g, 8.0F)[7] == 0.0F);
  CHECK(way.carry_up(g, 8.0F)[7] == 3.0F * g[7]);  // with what was left
  CHECK(way.carry_up(g, 0.0F)[7] == g[7]);
}

TEST_CASE("packer: both ends know the same, whichever way values travel") {
  constexpr std::size_t n = 500;
  k::random_stream random(2, 2);
  known_link way(vector(n, 0.0F));
  std::size_t whole = 0;

  for (int round = 0; round < 40; ++round) {
    // Dense for a while, then sparse for as long.
    const vector before = *way.near;
    vector x = round % 20 < 10 ? t::random_vector(random, n) : before;
    t::move_some(x, random, 50);
    const vector found = way.carry_down(x);
    whole += way.sent == 1 + 4 * n ? 1 : 0;
    CHECK((way.sent == 1 + 4 * n ? found == x : way.sent < n));
  }

  CHECK(whole >= 20);
  CHECK(whole < 40);
}

// The rules against the closed forms of their papers.

#include <cmath>
#include <numeric>
#include <vector>

#include <catch2/catch.hpp>

#include "kernels/data/random.hpp"
#include "kernels/exchange/add_delta.hpp"
#include "kernels/exchange/all_reduce.hpp"
#include "kernels/exchange/averaged_tail.hpp"
#include "kernels/exchange/elastic.hpp"
#include "kernels/exchange/gossip.hpp"
#include "kernels/exchange/gradient.hpp"
#include "kernels/exchange/outer_step.hpp"
#include "kernels/exchange/overwrite.hpp"
#include "kernels/exchange/token_merge.hpp"

namespace k = sounder::kernels;

namespace {

using vector = std::vector<float>;

/// One end of a link in a test.
struct end {
  vector w;
  vector s;
  explicit end(vector start) : w(start), s(std::move(start)) {}
};

void meet(const k::exchange_rule& rule, end& near, vector& c, vector& v,
          float step = 1.0F) {
  const std::size_t n = near.w.size();
  const k::near_end e{near.w.data(), near.s.data(), n, step, 1.0F};
  vector payload(n);
  const vector asked = near.w;
  rule.ask(e, payload.data());
  rule.serve({c.data(), v.data(), n, step}, payload.data());
  rule.take(e, payload.data(), asked.data());
}

void meet(const k::exchange_rule& rule, end& near, vector& c,
          float step = 1.0F) {
  vector none(c.size());
  meet(rule, near, c, none, step);
}

/// Turns of the token round a ring of n, from an impulse at one cluster.
std::vector<end> turn(std::size_t n, std::size_t impulse, std::size_t turns) {
  const k::paper_token rule(k::solve_ring_weights(n));
  std::vector<end> ring(n, end({0.0F}));
  ring[impulse].w[0] = 1.0F;
  for (std::size_t t = 0; t < turns * n; ++t) {
    meet(rule, ring[t % n], ring[(t + 1) % n].w);
  }
  return ring;
}

vector random_vector(std::size_t n, std::uint64_t seed) {
  k::random_stream random(seed);
  vector values(n);
  for (float& x : values) {
    x = static_cast<float>(random.normal());
  }
  return values;
}

}  // namespace

TEST_CASE("token: beta and lambda are those of the paper") {
  struct row {
    std::size_t n;
    double beta;
    double lambda;
  };
  for (const row& r : {row{2, .618034, .381966}, row{3, .682328, .534429},
                       row{4, .724492, .619722}, row{8, .811652, .767945},
                       row{10, .835079, .802509}, row{16, .877167, .859966},
                       row{40, .934225, .929594}}) {
    const auto [beta, lambda] = k::solve_ring_weights(r.n);

    REQUIRE(beta == Approx(r.beta).margin(1e-6));
    REQUIRE(lambda == Approx(r.lambda).margin(1e-6));
  }
}

TEST_CASE("token: an impulse goes round as the closed form says") {
  for (const std::size_t n : {2U, 3U, 4U, 8U}) {
    const double beta = k::solve_ring_weights(n).beta;
    const auto ring = turn(n, 0, 1);

    REQUIRE(ring[0].w[0] == Approx(1.0).margin(1e-6));
    for (std::size_t i = 1; i + 1 < n; ++i) {
      REQUIRE(ring[i].w[0] ==
              Approx(std::pow(beta, static_cast<double>(i + 1))).margin(1e-6));
    }
    REQUIRE(ring[n - 1].w[0] == Approx(beta).margin(1e-6));
  }
}

TEST_CASE("token: repeated turns come to the known consensus") {
  struct row {
    std::size_t n;
    double first;
    double other;
  };
  for (const row& r : {row{2, 1.0, 1.2361}, row{3, .8712, 1.0879},
                       row{4, .7779, .9613}, row{8, .5959, .7021}}) {
    for (std::size_t impulse = 0; impulse < r.n; ++impulse) {
      for (const end& each : turn(r.n, impulse, 400)) {
        REQUIRE(each.w[0] ==
                Approx(impulse == 0 ? r.first : r.other).margin(2e-4));
      }
    }
  }
}

TEST_CASE("token: the reference form keeps small differences back") {
  const auto weights = k::solve_ring_weights(2);
  const k::reference_token rule(weights, 0.01);
  end small({0.005F});
  small.s[0] = 0.0F;
  vector next = {0.0F};

  meet(rule, small, next);

  REQUIRE(next[0] == 0.0F);
  REQUIRE(small.w[0] - small.s[0] == Approx(0.005));  // it adds up

  end large({0.5F});
  large.s[0] = 0.0F;
  meet(rule, large, next);
  REQUIRE(next[0] == Approx(weights.beta * 0.5));
  REQUIRE(large.w[0] == large.s[0]);
}

TEST_CASE("elastic: the pull leaves the sum of both ends alone") {
  const k::elastic rule(0.3);
  end near(random_vector(100, 1));
  vector c = random_vector(100, 2);
  const vector before = c;
  const vector w = near.w;

  meet(rule, near, c);

  for (std::size_t j = 0; j < c.size(); ++j) {
    REQUIRE(c[j] + near.w[j] == Approx(before[j] + w[j]).margin(1e-6));
    REQUIRE(c[j] == Approx(before[j] + 0.3F * (w[j] - before[j])).margin(1e-6));
  }
}

TEST_CASE("elastic: one dimension is stable up to the paper's bound") {
  // Zhang, Choromanska, LeCun 2015, section 3.2: unit curvature, workers in
  // turn, 0 <= alpha <= (4 - 2 eta) / (4 - eta).
  const auto largest_after = [](double eta, double alpha) {
    const k::elastic rule(alpha, true);
    std::vector<end> workers(3, end({1.0F}));
    vector centre = {1.0F};
    for (int t = 0; t < 3000; ++t) {
      end& each = workers[static_cast<std::size_t>(t) % workers.size()];
      each.w[0] -= static_cast<float>(eta) * each.w[0];
      meet(rule, each, centre);
    }
    return std::abs(centre[0]) + std::abs(workers[0].w[0]);
  };
  for (const double eta : {0.2, 0.5, 1.0, 1.5}) {
    const double bound = (4.0 - 2.0 * eta) / (4.0 - eta);
    INFO("eta " << eta);

    REQUIRE(largest_after(eta, 0.97 * bound) < 1e-3);
    REQUIRE_FALSE(largest_after(eta, 1.05 * bound) < 1e3);
  }
}

TEST_CASE("elastic: at a barrier the centre takes the mean's share") {
  const k::elastic rule(0.2);
  const vector c0 = {1.0F};
  vector c = c0;
  std::vector<vector> ups = {{2.0F}, {4.0F}, {-3.0F}};
  std::vector<float*> payloads;
  for (vector& up : ups) {
    payloads.push_back(up.data());
  }

  rule.serve_all({c.data(), nullptr, 1}, payloads);

  // (1 - N alpha) c + N alpha mean(w)
  REQUIRE(c[0] == Approx(0.4 * 1.0 + 0.6 * 1.0));
}

TEST_CASE("pair average: both ends become the mean") {
  const k::pair_average rule;
  end near({3.0F});
  vector c = {1.0F};

  meet(rule, near, c);

  REQUIRE(near.w[0] == 2.0F);
  REQUIRE(c[0] == 2.0F);
}

TEST_CASE("add delta: the hub gains what the replica has moved") {
  const k::add_delta rule;
  end near({1.0F});
  near.w[0] = 4.0F;  // moved by 3
  vector c = {10.0F};

  meet(rule, near, c);

  REQUIRE(c[0] == 13.0F);
  REQUIRE(near.w[0] == 13.0F);
  REQUIRE(near.s[0] == 13.0F);
}

TEST_CASE("gradient: momentum at the hub is v <- mu v + g") {
  const k::gradient rule(0.5, false);
  const float step = 0.25F;
  vector c = {8.0F};
  vector v = {0.0F};
  double expected_v = 0.0;
  double expected_c = 8.0;
  end near({8.0F});
  for (const float g : {4.0F, -2.0F, 8.0F}) {
    near.w[0] -= step * g;

    meet(rule, near, c, v, step);

    expected_v = 0.5 * expected_v + static_cast<double>(g);
    expected_c -= 0.25 * expected_v;
    REQUIRE(c[0] == Approx(expected_c));
    REQUIRE(near.w[0] == c[0]);
  }
}

TEST_CASE("overwrite: what is not pushed yet stays to be pushed") {
  const k::overwrite rule;
  end near({1.0F});
  near.w[0] = 3.0F;  // 2 to push
  vector c = {10.0F};

  meet(rule, near, c);

  REQUIRE(near.w[0] == 10.0F);
  REQUIRE(near.w[0] - near.s[0] == 2.0F);
  REQUIRE(c[0] == 10.0F);
}

TEST_CASE("outer step: rate 1 without momentum is plain averaging") {
  const k::outer_step rule(1.0, 0.0);
  vector c = {5.0F};
  vector v = {0.0F};
  std::vector<vector> ups = {{1.0F}, {3.0F}};
  std::vector<float*> payloads = {ups[0].data(), ups[1].data()};

  rule.serve_all({c.data(), v.data(), 1}, payloads);

  REQUIRE(c[0] == 7.0F);
  REQUIRE(ups[0][0] == 7.0F);
  REQUIRE(ups[1][0] == 7.0F);
}

TEST_CASE("mixing: the mean over all replicas moves by the mean of the steps") {
  // A path 0 - 1 - 2 with Metropolis weights.
  std::vector<end> all;
  double before = 0.0;
  for (std::uint64_t i = 0; i < 3; ++i) {
    all.emplace_back(random_vector(50, i));
    for (float& w : all.back().w) {
      w += static_cast<float>(i);  // local steps
    }
    before += std::accumulate(all.back().w.begin(), all.back().w.end(), 0.0);
  }
  const std::vector<vector> told = {all[0].s, all[1].s, all[2].s};
  const float third = 1.0F / 3.0F;
  const auto mix = [&](std::size_t i, float own,
                       const std::vector<k::weighed>& others) {
    k::mix_neighbours(all[i].w.data(), all[i].s.data(), own, others, 50);
  };

  mix(0, 1 - third, {{third, told[1].data()}});
  mix(1, 1 - 2 * third, {{third, told[0].data()}, {third, told[2].data()}});
  mix(2, 1 - third, {{third, told[1].data()}});

  double after = 0.0;
  for (const end& each : all) {
    after += std::accumulate(each.w.begin(), each.w.end(), 0.0);
  }
  REQUIRE(after == Approx(before).epsilon(1e-5));
}

TEST_CASE("all-reduce: every segment holds the mean, however it is grouped") {
  const std::size_t size = 5000;
  std::vector<vector> all;
  std::vector<const float*> pointers;
  for (std::uint64_t i = 0; i < 6; ++i) {
    all.push_back(random_vector(size, i));
  }
  for (const vector& each : all) {
    pointers.push_back(each.data());
  }
  for (const k::reduce_groups& groups :
       {k::reduce_groups{{0, 1, 2, 3, 4, 5}},
        k::reduce_groups{{0, 1, 2}, {3, 4, 5}},
        k::reduce_groups{{0, 3}, {1, 4}, {2, 5}}}) {
    vector mean(size);
    for (std::size_t rank = 0; rank < 6; ++rank) {
      k::mean_of_segment(pointers, groups, rank, k::segment_of(rank, 6, size),
                         mean.data());
    }

    for (std::size_t j = 0; j < size; ++j) {
      double sum = 0.0;
      for (const vector& each : all) {
        sum += static_cast<double>(each[j]);
      }
      REQUIRE(mean[j] == Approx(sum / 6.0).margin(1e-6));
    }
  }
}

TEST_CASE("averaged tail: parameters meet by the rule, statistics by a mean") {
  constexpr std::size_t n = 10;
  constexpr std::size_t from = 6;
  const std::vector<std::shared_ptr<const k::exchange_rule>> rules = {
      std::make_shared<k::add_delta>(),
      std::make_shared<k::gradient>(0.9, true),
      std::make_shared<k::outer_step>(0.7, 0.9),
      std::make_shared<k::paper_token>(k::solve_ring_weights(3)),
      std::make_shared<k::reference_token>(k::solve_ring_weights(3), 1e-2)};
  for (const auto& rule : rules) {
    const k::averaged_tail both(rule, from, 4);
    end near(random_vector(n, 1));
    near.w = random_vector(n, 2);
    end whole = near;
    const end before = near;
    vector c = random_vector(n, 3);
    vector v(n);
    vector whole_c = c;
    vector whole_v = v;
    const vector c_before = c;
    meet(*rule, whole, whole_c, whole_v, 0.1F);

    // In stretches, one of which has both kinds of coordinates.
    const vector asked = near.w;
    for (const auto& [first, last] :
         {std::pair{0, 4}, std::pair{4, 8}, std::pair{8, 10}}) {
      const auto at = static_cast<std::size_t>(first);
      const auto count = static_cast<std::size_t>(last - first);
      const k::near_end e{
          near.w.data() + at, near.s.data() + at, count, 0.1F, 1.0F, at};
      vector payload(count);
      both.ask(e, payload.data());
      both.serve({c.data() + at, v.data() + at, count, 0.1F, at},
                 payload.data());
      both.take(e, payload.data(), asked.data() + at);
    }

    for (std::size_t j = 0; j < n; ++j) {
      if (j < from) {
        CHECK(near.w[j] == whole.w[j]);
        CHECK(near.s[j] == whole.s[j]);
        CHECK(c[j] == whole_c[j]);
        CHECK(v[j] == whole_v[j]);
        continue;
      }
      const float mean = c_before[j] + (before.w[j] - before.s[j]) / 4.0F;
      CHECK(c[j] == Approx(mean));
      CHECK(near.w[j] == c[j]);
      CHECK(near.s[j] == c[j]);
      CHECK(v[j] == 0.0F);
    }
  }
}

TEST_CASE("averaged tail: at a barrier all replicas get the mean") {
  const k::averaged_tail rule(std::make_shared<k::gradient>(0.9, false), 1, 3);
  vector c = {1.0F, 10.0F};
  vector v(2);
  vector ups[] = {{3.0F, 1.0F}, {6.0F, 2.0F}, {0.0F, 3.0F}};
  float* const payloads[] = {ups[0].data(), ups[1].data(), ups[2].data()};
  rule.serve_all({c.data(), v.data(), 2, 0.5F, 0}, payloads);
  CHECK(c[0] == Approx(1.0F - 0.5F * 3.0F));
  CHECK(c[1] == 16.0F);
  for (const vector& down : ups) {
    CHECK(down == c);
  }
}

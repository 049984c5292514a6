#include "kernels/shared_vector.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <thread>

#include <catch2/catch.hpp>

namespace k = sounder::kernels;

namespace {

constexpr std::size_t page = 1024;  // floats

/// Element j is j + 1.
void count_up(k::shared_vector& v) {
  std::iota(v.data(), v.data() + v.size(), 1.0F);
}

void add_to_all(float* w, std::size_t n, float value) {
  for (std::size_t j = 0; j < n; ++j) {
    k::relaxed::store(w[j], k::relaxed::load(w[j]) + value);
  }
}

}  // namespace

TEST_CASE("shared vector: starts as zeros, snapshots are copies") {
  k::shared_vector v(3000);
  REQUIRE(v.snapshot() == std::vector<float>(3000));

  count_up(v);
  const auto copy = v.snapshot();
  v.scale(2.0F);

  REQUIRE(copy[2999] == 3000.0F);
  REQUIRE(v.data()[2999] == 6000.0F);
  REQUIRE(k::shared_vector(0).snapshot().empty());
}

TEST_CASE("private head: shows the vector, whatever the sizes") {
  for (const std::size_t size :
       {std::size_t{1}, page - 1, page, page + 1, 3 * page + 5}) {
    for (const std::size_t head :
         {std::size_t{1}, page - 1, page, page + 1, 9 * page}) {
      INFO("head " << head << " of " << size);
      k::shared_vector v(size);
      count_up(v);

      k::private_head view(v, head);

      REQUIRE(view.head() >= std::min(head, size));
      REQUIRE(view.head() <= size);
      REQUIRE((view.head() % page == 0 || view.head() == size));
      REQUIRE(std::equal(v.data(), v.data() + size, view.data()));
    }
  }
}

TEST_CASE("private head: a head of nothing shares everything") {
  k::shared_vector v(10);
  k::private_head view(v, 0);

  view.data()[0] = 5.0F;

  REQUIRE(view.head() == 0);
  REQUIRE(v.data()[0] == 5.0F);
}

TEST_CASE("private head: the head is private until the exchange") {
  k::shared_vector v(3 * page);
  k::private_head mine(v, page);
  k::private_head yours(v, page);

  mine.data()[7] = 1.0F;
  yours.data()[7] = 2.0F;
  REQUIRE(v.data()[7] == 0.0F);

  mine.exchange(0);
  REQUIRE(v.data()[7] == 1.0F);
  REQUIRE(yours.data()[7] == 2.0F);

  yours.exchange(0);
  REQUIRE(v.data()[7] == 3.0F);
  REQUIRE(yours.data()[7] == 3.0F);
  REQUIRE(mine.data()[7] == 1.0F);
}

TEST_CASE("private head: the tail is everybody's at once") {
  k::shared_vector v(3 * page);
  k::private_head mine(v, page);
  k::private_head yours(v, page);

  mine.data()[page] = 1.0F;
  v.data()[3 * page - 1] = 2.0F;

  REQUIRE(yours.data()[page] == 1.0F);
  REQUIRE(mine.data()[3 * page - 1] == 2.0F);
}

TEST_CASE("private head: exchanges in turn conserve every difference") {
  // Integers below 2^24 add without rounding, so the sums are exact. Worker n
  // adds n + 1 to every element of its view in each of the rounds, from its
  // own offset on.
  constexpr std::size_t size = 2 * page + 10;
  constexpr int rounds = 5;
  k::shared_vector v(size);
  count_up(v);
  std::vector<std::unique_ptr<k::private_head>> views;
  for (int n = 0; n < 3; ++n) {
    views.push_back(std::make_unique<k::private_head>(v, 2 * page));
  }

  for (int round = 0; round < rounds; ++round) {
    for (std::size_t n = 0; n < 3; ++n) {
      add_to_all(views[n]->data(), size, static_cast<float>(n + 1));
      views[n]->exchange(n * 700);
    }
  }

  for (std::size_t j = 0; j < size; ++j) {
    REQUIRE(v.data()[j] == static_cast<float>(j + 1 + rounds * (1 + 2 + 3)));
  }
}

TEST_CASE("private head: an exchange with nothing new changes nothing") {
  k::shared_vector v(page);
  count_up(v);
  k::private_head view(v, page);

  view.exchange(10);
  view.exchange(5 * page);  // past the end: as from the start

  REQUIRE(v.data()[0] == 1.0F);
  REQUIRE(v.data()[page - 1] == static_cast<float>(page));
}

TEST_CASE("private head: reload drops own differences") {
  k::shared_vector v(page);
  k::private_head view(v, page);
  view.data()[3] = 9.0F;
  v.data()[3] = 4.0F;

  view.reload();
  view.exchange(0);

  REQUIRE(v.data()[3] == 4.0F);
}

TEST_CASE("sparse loops touch what the row names") {
  const std::vector<std::uint32_t> index = {1, 3};
  const std::vector<float> x = {2.0F, -1.0F};
  const std::vector<float> rate = {0, 0.5F, 0, 0.25F};
  const std::vector<float> start = {1, 2, 3, 4};

  auto added = start;
  k::relaxed::sparse_add(index.data(), x.data(), 2, 0.5F, added.data());
  auto then = start;
  k::relaxed::sparse_add_then_decay(index.data(), x.data(), 2, 0.5F, 1.0F,
                                    rate.data(), then.data());
  auto first = start;
  k::relaxed::sparse_decay_and_add(index.data(), x.data(), 2, 0.5F, 0.25F,
                                   first.data());

  REQUIRE(k::relaxed::sparse_dot(index.data(), x.data(), 2, start.data()) ==
          0.0F);
  REQUIRE(added == std::vector<float>{1, 3, 3, 3.5F});
  REQUIRE(then == std::vector<float>{1, 1.5F, 3, 2.625F});
  REQUIRE(first == std::vector<float>{1, 1.5F, 3, 0.5F});
}

TEST_CASE("dense products agree with plain loops") {
  // Small integers: exact in any order.
  constexpr std::size_t n = 3;
  constexpr std::size_t m = 17;
  constexpr std::size_t b = 5;
  std::vector<float> w(n * m);
  std::vector<float> x(m * b);
  std::vector<float> s(n * b);
  for (std::size_t j = 0; j < w.size(); ++j) {
    w[j] = static_cast<float>(j % 7) - 3;
  }
  for (std::size_t j = 0; j < x.size(); ++j) {
    x[j] = static_cast<float>(j % 5) - 2;
  }
  for (std::size_t j = 0; j < s.size(); ++j) {
    s[j] = static_cast<float>(j % 4) - 1;
  }

  std::vector<float> z(n * b, 99.0F);
  k::relaxed::dense_scores(w.data(), x.data(), n, m, b, 2.0F, z.data());
  auto moved = w;
  k::relaxed::dense_outer_add(s.data(), x.data(), n, m, b, -0.5F, moved.data());

  for (std::size_t c = 0; c < n; ++c) {
    for (std::size_t i = 0; i < b; ++i) {
      float sum = 0;
      for (std::size_t j = 0; j < m; ++j) {
        sum += w[j * n + c] * x[i * m + j];
      }
      REQUIRE(z[i * n + c] == 2 * sum);
    }
    for (std::size_t j = 0; j < m; ++j) {
      float sum = w[j * n + c];
      for (std::size_t i = 0; i < b; ++i) {
        sum -= 0.5F * s[i * n + c] * x[i * m + j];
      }
      REQUIRE(moved[j * n + c] == sum);
    }
  }
}

TEST_CASE("lock-free adds race, but never tear a float", "[stress]") {
  // Two threads add 1 to every element: some additions may get lost, none
  // may leave anything but a count between 1 and the number of additions.
  constexpr int rounds = 2000;
  constexpr std::size_t size = 64;
  k::shared_vector v(size);
  {
    std::vector<std::jthread> threads;
    for (int n = 0; n < 2; ++n) {
      threads.emplace_back([&] {
        const std::vector<float> ones(size, 1.0F);
        for (int round = 0; round < rounds; ++round) {
          k::relaxed::dense_decay_and_add(ones.data(), size, 1.0F, 1.0F,
                                          v.data());
        }
      });
    }
  }

  for (const float count : v.snapshot()) {
    REQUIRE(count == std::floor(count));
    REQUIRE(count >= 1.0F);
    REQUIRE(count <= 2.0F * rounds);
  }
}

TEST_CASE("private heads exchange while others do and somebody looks on",
          "[stress]") {
  constexpr int rounds = 500;
  k::shared_vector v(3 * page);
  float least = 0.0F;
  {
    std::vector<std::jthread> threads;
    for (std::size_t n = 0; n < 3; ++n) {
      threads.emplace_back([&, n] {
        k::private_head view(v, 2 * page);
        for (int round = 0; round < rounds; ++round) {
          add_to_all(view.data(), v.size(), 1.0F);
          view.exchange(n * page);
        }
      });
    }
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        const auto seen = v.snapshot();
        least = std::min(least, *std::min_element(seen.begin(), seen.end()));
      }
    });
  }

  const auto end = v.snapshot();
  REQUIRE(least == 0.0F);
  REQUIRE(*std::min_element(end.begin(), end.end()) >= 1.0F);
  REQUIRE(*std::max_element(end.begin(), end.end()) <= 3.0F * rounds);
}

#include "topology/weights.hpp"

#include <catch2/catch.hpp>

#include "topology/compose.hpp"
#include "topology/shapes.hpp"
#include "topology/systems.hpp"

namespace p = sounder::topology;
namespace s = sounder::topology::shapes;

namespace {

bool is_doubly_stochastic(const Eigen::MatrixXd& w) {
  const auto all_one = [](const auto& sums) {
    return (sums.array() - 1.0).abs().maxCoeff() < 1e-12;
  };
  return w.minCoeff() >= 0.0 && all_one(w.rowwise().sum()) &&
         all_one(w.colwise().sum());
}

}  // namespace

TEST_CASE("weights: Metropolis weights are symmetric and doubly stochastic") {
  for (const std::string& name : s::names()) {
    for (const std::size_t n : {1U, 2U, 4U, 8U}) {
      INFO(name << " of " << n);
      const auto w = p::metropolis_weights(n, s::by_name(name, n).value());

      CHECK(w.isApprox(w.transpose()));
      CHECK(is_doubly_stochastic(w));
    }
  }
  CHECK(is_doubly_stochastic(p::metropolis_weights(5, s::star(4))));
}

TEST_CASE("weights: the larger degree counts") {
  const auto w = p::metropolis_weights(4, s::star(3));

  CHECK(w(1, 0) == Approx(0.25));
  CHECK(w(1, 1) == Approx(0.75));
  CHECK(w(0, 0) == Approx(0.25));
  CHECK(w(1, 2) == 0.0);
}

TEST_CASE("weights: a mix link's own weight counts, else Metropolis'") {
  p::graph g = p::wire(std::vector<p::replica>(3), {{0, 1}, {1, 2}}, p::mix{},
                       p::barrier{});
  CHECK(p::mixing_weight(g.links[0], p::mixing_degrees(g)) ==
        Approx(1.0 / 3.0));

  g.links[0].exchange = p::mix{0.2};

  CHECK(p::mixing_weight(g.links[0], p::mixing_degrees(g)) == 0.2);
}

TEST_CASE("weights: what is not given to neighbours stays") {
  const auto w = p::symmetric_weights(3, {{0, 1}, {1, 2}}, {0.2, 0.5});

  CHECK(w(0, 1) == 0.2);
  CHECK(w(1, 0) == 0.2);
  CHECK(w(1, 1) == Approx(0.3));
  CHECK(is_doubly_stochastic(w));
}

TEST_CASE("weights: validate names who would give away more than all") {
  p::graph g = p::by_name("d-psgd", {.replicas = 3}).value();
  const auto weigh = [&](double first, double others) {
    for (p::link& l : g.links) {
      l.exchange = p::mix{&l == g.links.data() ? first : others};
    }
    return p::validate(g);
  };

  CHECK(weigh(0.5, 0.25).empty());
  CHECK(weigh(0.5, 0.5).empty());
  CHECK(weigh(0.7, 0.4) ==
        std::vector<std::string>{
            "the mixing weights of 'replica-1' add up to 1.1; 1 is the most, "
            "for it keeps what remains",
            "the mixing weights of 'replica-2' add up to 1.1; 1 is the most, "
            "for it keeps what remains"});
  CHECK(weigh(0.0, 0.3) ==
        std::vector<std::string>{"link 'replica-1' -> 'replica-2' has weight "
                                 "0; it must lie between 0 and 1"});
  g.links[0].exchange = p::mix{};
  CHECK_THAT(p::validate(g).at(0),
             Catch::Contains("mix with a weight and without"));
}

TEST_CASE("weights: shares of push-sum keep the sum, columns add up to 1") {
  const auto p4 = p::push_sum_weights(4, s::directed_exponential(4));
  const auto star = p::push_sum_weights(3, {{0, 1}, {0, 2}, {1, 0}, {2, 0}});

  CHECK(p4(1, 0) == Approx(1.0 / 3.0));
  CHECK(star(1, 0) == Approx(1.0 / 3.0));
  CHECK(star(0, 1) == Approx(0.5));
  CHECK((star.colwise().sum().array() - 1.0).abs().maxCoeff() < 1e-12);
}

// Every system of the literature, composed by hand: replicas, links, and on
// each link an exchange and a discipline.
//
// topology::by_name makes the same graphs from a name. Here they are spelled
// out, as a start for one that has no name yet.

#include <algorithm>
#include <cstdio>
#include <string>

#include "actors/run/train.hpp"
#include "kernels/data/generate.hpp"
#include "kernels/model/linear.hpp"
#include "topology/compose.hpp"

using namespace sounder;
using namespace sounder::topology;

// The parts.

replica stepping(const std::string& name, unsigned workers = 1) {
  return {name, workers, lock_free{}, {}};
}
replica hub() { return {"hub", 0, lock_free{}, {}}; }

/// One replica, two workers.
graph two_workers(const sharing_rule& sharing) {
  return {{{"alone", 2, sharing, {}}}, {}};
}
/// A hub and two replicas, each with a link to it.
graph star(const exchange& rule, const discipline& when) {
  return {{hub(), stepping("a"), stepping("b")},
          {{1, 0, rule, when}, {2, 0, rule, when}}};
}
/// Four replicas joined along the edges.
graph four(const edges& pairs, const exchange& rule, const discipline& when) {
  return wire({stepping("a"), stepping("b"), stepping("c"), stepping("d")},
              pairs, rule, when);
}
const edges ring = {{0, 1}, {1, 2}, {2, 3}, {3, 0}};
const edges clique = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};

// One replica: no links, the sharing rule is all.

graph serial_sgd() { return {{stepping("alone")}, {}}; }
graph hogwild_sgd() { return two_workers(lock_free{}); }
graph locked_sgd() { return two_workers(write_lock{}); }
graph aig_sgd() { return two_workers(coordinate_lock{}); }
graph round_robin_sgd() { return two_workers(cyclic_turns{}); }

// Everybody waits for everybody.

graph sync_sgd() { return star(gradient{combine::mean}, barrier{}); }
graph ring_all_reduce() { return four(ring, all_reduce{}, barrier{}); }
graph hierarchical_all_reduce() {
  // b reduces with a, d with c; then the leaders a and c.
  return four({{1, 0}, {3, 2}, {0, 2}}, all_reduce{}, barrier{});
}
graph d_psgd() { return four(ring, mix{}, barrier{}); }
graph sgp() {
  // To the next, and to the one after that.
  return four({{0, 1}, {0, 2}, {1, 2}, {1, 3}, {2, 3}, {2, 0}, {3, 0}, {3, 1}},
              push_sum{}, barrier{});
}
graph local_sgd() { return star(outer_step{0.7, 0.9}, barrier{20}); }
graph ssp() { return star(add_delta{}, bounded{10, 3}); }

// A hub that is met by whoever comes.

graph hogwild_star() { return star(add_delta{}, every{20}); }
graph async_parameter_server() { return star(gradient{}, every{1}); }
graph downpour() { return star(gradient{}, push_fetch{5, 10}); }
graph async_msgd() { return star(gradient{combine::mean, 0.9}, every{1}); }

// A hub on springs.

graph easgd() { return star(elastic{0.4}, in_turn{20}); }
graph async_easgd() { return star(elastic{0.4}, every{20, true}); }
graph ea_wild() { return star(elastic{0.4}, every{20}); }
graph eamsgd() {
  graph links = async_easgd();
  links.optimizer = "nesterov";  // the plan has to step by it: see main
  return links;
}
graph ea_wild_in_groups() {
  // Two pairs, synchronous inside; one of each pair, drawn at random, pushes.
  graph all = {
      {hub(), stepping("a"), stepping("b"), stepping("c"), stepping("d")}, {}};
  for (std::size_t i = 1; i <= 4; ++i) {
    all = bridge(all, i, 0, elastic{0.4}, one_of_group{20, true});
  }
  all = bridge(all, 1, 2, all_reduce{}, barrier{});
  return bridge(all, 3, 4, all_reduce{}, barrier{});
}

// No hub, no waiting.

graph hogwild_plus_plus() { return four(ring, token_merge{}, on_token{16}); }
graph all_to_all() { return four(clique, broadcast_delta{}, every{1}); }
graph ad_psgd() { return four(clique, pair_average{}, random_neighbour{20}); }

int main() {
  struct {
    const char* name;
    graph (*make)();
    double step = 0.01;
    kernels::optimizer_kind rule = kernels::optimizer_kind::sgd;
  } const systems[] = {
      {"serial SGD", serial_sgd},
      {"HOGWILD!", hogwild_sgd},
      {"locked", locked_sgd},
      {"AIG", aig_sgd},
      {"round-robin", round_robin_sgd},
      {"synchronous SGD", sync_sgd},
      {"ring all-reduce", ring_all_reduce},
      {"hierarchical all-reduce", hierarchical_all_reduce},
      {"D-PSGD", d_psgd},
      {"SGP", sgp},
      {"local SGD", local_sgd},
      {"SSP", ssp},
      {"HOGWILD-STAR", hogwild_star},
      {"parameter server", async_parameter_server},
      {"Downpour", downpour},
      // Momentum at the hub moves it ten times as far.
      {"asynchronous MSGD", async_msgd, 0.001},
      {"EASGD", easgd},
      {"asynchronous EASGD", async_easgd},
      {"EAMSGD", eamsgd, 0.001, kernels::optimizer_kind::nesterov},
      {"EA-wild", ea_wild},
      {"EA-wild in groups", ea_wild_in_groups},
      {"HOGWILD++", hogwild_plus_plus},
      {"all-to-all", all_to_all},
      {"AD-PSGD", ad_psgd},
  };
  const auto data = kernels::generate_svm({.rows = 2000});
  double worst = 0.0;
  for (const auto& system : systems) {
    actors::training_plan plan;
    plan.graph = system.make();
    plan.objective =
        kernels::make_linear(kernels::linear_model::svm, data.train, 2,
                             {kernels::penalty_form::l2, 1e-4});
    plan.optimizer.kind = system.rule;
    plan.schedule = kernels::decaying_step(system.step, 0.9);
    plan.epochs = 5;
    const auto report = actors::train(plan, data.train, data.test);
    const double error = 100 * *report.epochs.back().test_error;
    worst = std::max(worst, error);
    std::printf("%-24s%5.1f %%\n", system.name, error);
  }
  std::printf("worst test error %.2f %%\n", worst);
}

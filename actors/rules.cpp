#include "actors/rules.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "kernels/exchange/add_delta.hpp"
#include "kernels/exchange/elastic.hpp"
#include "kernels/exchange/gradient.hpp"
#include "kernels/exchange/outer_step.hpp"
#include "kernels/exchange/overwrite.hpp"
#include "kernels/exchange/token_merge.hpp"

namespace sounder::actors {

namespace {

namespace p = topology;
using rule_ptr = std::shared_ptr<const kernels::exchange_rule>;

template <class... Makers>
struct overloaded : Makers... {
  using Makers::operator()...;
};
template <class... Makers>
overloaded(Makers...) -> overloaded<Makers...>;

/// Links that end where this one does.
std::size_t arrivals(const p::graph& wiring, const p::link& at) {
  return static_cast<std::size_t>(
      std::count_if(wiring.links.begin(), wiring.links.end(),
                    [&](const p::link& l) { return l.to == at.to; }));
}

rule_ptr make_token(const p::token_merge& merge, std::size_t clusters) {
  const auto weights =
      kernels::solve_ring_weights(clusters, merge.beta.value_or(0.0));
  if (merge.form == p::token_form::reference) {
    return std::make_shared<kernels::reference_token>(weights, merge.tolerance);
  }
  return std::make_shared<kernels::paper_token>(weights);
}

}  // namespace

rule_ptr make_rule(const training_plan& plan, std::size_t link) {
  const p::graph& wiring = plan.graph;
  const p::link& at = wiring.links[link];
  return std::visit(
      overloaded{
          [](const p::add_delta&) -> rule_ptr {
            return std::make_shared<kernels::add_delta>();
          },
          [](const p::overwrite&) -> rule_ptr {
            return std::make_shared<kernels::overwrite>();
          },
          [](const p::gradient& g) -> rule_ptr {
            return std::make_shared<kernels::gradient>(
                g.momentum, g.how == p::combine::sum);
          },
          [](const p::outer_step& o) -> rule_ptr {
            return std::make_shared<kernels::outer_step>(o.rate, o.momentum);
          },
          [&](const p::elastic& e) -> rule_ptr {
            return std::make_shared<kernels::elastic>(e.alpha.value_or(
                0.9 / static_cast<double>(arrivals(wiring, at))));
          },
          [&](const p::token_merge& merge) -> rule_ptr {
            return make_token(merge, token_cycle(wiring, at.from).size());
          },
          [](const p::pair_average&) -> rule_ptr {
            return std::make_shared<kernels::pair_average>();
          },
          [&](const p::custom& own) -> rule_ptr {
            return plan.exchanges.at(own.name);
          },
          [](const auto&) -> rule_ptr { return nullptr; },
      },
      at.exchange);
}

std::vector<std::size_t> token_cycle(const p::graph& wiring,
                                     std::size_t start) {
  std::vector<std::size_t> members = {start};
  for (;;) {
    const auto next = std::find_if(
        wiring.links.begin(), wiring.links.end(), [&](const p::link& l) {
          return l.from == members.back() &&
                 std::holds_alternative<p::on_token>(l.discipline);
        });
    if (next == wiring.links.end() || next->to == start ||
        members.size() > wiring.replicas.size()) {
      return members;
    }
    members.push_back(next->to);
  }
}

std::vector<reduce_members> find_reduce_groups(const p::graph& wiring) {
  const std::size_t n = wiring.replicas.size();
  // Components of the all_reduce links.
  std::vector<std::size_t> root(n);
  std::iota(root.begin(), root.end(), std::size_t{0});
  const auto find = [&](std::size_t i) {
    while (root[i] != i) {
      i = root[i];
    }
    return i;
  };
  std::set<std::size_t> joined;
  std::set<std::size_t> leaders;  // more than one link ends there
  std::vector<std::size_t> ends(n, 0);
  for (const p::link& l : wiring.links) {
    if (std::holds_alternative<p::all_reduce>(l.exchange)) {
      joined.insert({l.from, l.to});
      root[std::max(find(l.from), find(l.to))] =
          std::min(find(l.from), find(l.to));
    }
  }
  std::vector<reduce_members> found;
  for (std::size_t r = 0; r < n; ++r) {
    reduce_members members;
    for (const std::size_t i : joined) {
      if (find(i) == r) {
        members.replicas.push_back(i);
      }
    }
    if (!members.replicas.empty()) {
      found.push_back(std::move(members));
    }
  }
  for (reduce_members& members : found) {
    // A member whose only all_reduce link goes to a leader belongs to its
    // group; on a plain ring everybody has a link out and a link in.
    const auto rank_of = [&](std::size_t replica) {
      return static_cast<std::size_t>(
          std::find(members.replicas.begin(), members.replicas.end(), replica) -
          members.replicas.begin());
    };
    std::vector<std::size_t> out(n, 0);
    std::vector<std::size_t> in(n, 0);
    for (const p::link& l : wiring.links) {
      if (std::holds_alternative<p::all_reduce>(l.exchange)) {
        ++out[l.from];
        ++in[l.to];
      }
    }
    const auto is_leaf = [&](std::size_t i) {
      return out[i] == 1 && in[i] == 0;
    };
    if (std::none_of(members.replicas.begin(), members.replicas.end(),
                     is_leaf)) {
      members.groups.emplace_back(members.replicas.size());
      std::iota(members.groups[0].begin(), members.groups[0].end(),
                std::size_t{0});
      continue;
    }
    for (const std::size_t leader : members.replicas) {
      if (is_leaf(leader)) {
        continue;
      }
      std::vector<std::size_t> group = {rank_of(leader)};
      for (const p::link& l : wiring.links) {
        if (std::holds_alternative<p::all_reduce>(l.exchange) &&
            l.to == leader && is_leaf(l.from)) {
          group.push_back(rank_of(l.from));
        }
      }
      members.groups.push_back(std::move(group));
    }
  }
  return found;
}

double metropolis_weight(const p::graph& wiring, std::size_t i, std::size_t j) {
  const auto degree = [&](std::size_t r) {
    return std::count_if(wiring.links.begin(), wiring.links.end(),
                         [&](const p::link& l) {
                           return std::holds_alternative<p::mix>(l.exchange) &&
                                  (l.from == r || l.to == r);
                         });
  };
  return 1.0 / (1.0 + static_cast<double>(std::max(degree(i), degree(j))));
}

}  // namespace sounder::actors

#include "actors/sync/rules.hpp"

#include <algorithm>
#include <set>

#include "kernels/exchange/add_delta.hpp"
#include "kernels/exchange/averaged_tail.hpp"
#include "kernels/exchange/by_age.hpp"
#include "kernels/exchange/elastic.hpp"
#include "kernels/exchange/gradient.hpp"
#include "kernels/exchange/optimized_gradient.hpp"
#include "kernels/exchange/outer_step.hpp"
#include "kernels/exchange/overwrite.hpp"
#include "kernels/exchange/token_merge.hpp"
#include "topology/reduction.hpp"

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

/// Who pulls at the far end of a link: replicas, or groups that send one.
std::size_t pushers(const p::graph& wiring, const p::link& at) {
  const auto groups = find_reduce_groups(wiring);
  const auto group_of = [&](std::size_t replica) {
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const auto& members = groups[g].replicas;
      if (std::find(members.begin(), members.end(), replica) != members.end()) {
        return wiring.replicas.size() + g;
      }
    }
    return replica;
  };
  std::set<std::size_t> all;
  for (const p::link& l : wiring.links) {
    if (l.to == at.to) {
      all.insert(std::holds_alternative<p::one_of_group>(l.discipline)
                     ? group_of(l.from)
                     : l.from);
    }
  }
  return all.size();
}

/// Neither for a group, nor all at once.
bool meets_alone(const p::discipline& when) {
  return !p::is_synchronous(when) &&
         !std::holds_alternative<p::one_of_group>(when);
}

rule_ptr with_age(rule_ptr rule, const p::age& by) {
  return std::visit(overloaded{
                        [&](const p::any_age&) { return rule; },
                        [&](const p::drop& late) -> rule_ptr {
                          return std::make_shared<kernels::dropping>(
                              rule, late.older_than);
                        },
                        [&](const p::scale&) -> rule_ptr {
                          return std::make_shared<kernels::scaling>(rule);
                        },
                    },
                    by);
}

rule_ptr make_token(const p::token_merge& merge, std::size_t clusters) {
  const auto weights =
      kernels::solve_ring_weights(clusters, merge.beta.value_or(0.0));
  if (merge.form == p::token_form::reference) {
    return std::make_shared<kernels::reference_token>(weights, merge.tolerance);
  }
  return std::make_shared<kernels::paper_token>(weights);
}

/// Replicas that move what the link's far end holds.
std::size_t movers(const p::graph& wiring, const p::link& at) {
  if (std::holds_alternative<p::token_merge>(at.exchange)) {
    return token_cycle(wiring, at.from).size();
  }
  const bool far_end_steps = !wiring.replicas[at.to].is_hub();
  return pushers(wiring, at) + (far_end_steps ? 1 : 0);
}

/// What a rule is made from: the link, and what joins there.
struct rule_maker {
  const training_plan& plan;
  const p::link& at;
  std::size_t tau;
  bool before_optimizer;

  rule_ptr operator()(const p::add_delta& a) const {
    return with_age(std::make_shared<kernels::add_delta>(), a.age);
  }
  rule_ptr operator()(const p::overwrite&) const {
    return std::make_shared<kernels::overwrite>();
  }
  rule_ptr operator()(const p::gradient& g) const {
    const bool sums = g.how == p::combine::sum;
    if (before_optimizer) {
      return with_age(std::make_shared<kernels::optimized_gradient>(
                          plan.optimizer, sums, plan.objective->blocks()),
                      g.age);
    }
    return with_age(std::make_shared<kernels::gradient>(g.momentum, sums),
                    g.age);
  }
  rule_ptr operator()(const p::outer_step& o) const {
    return std::make_shared<kernels::outer_step>(o.rate, o.momentum);
  }
  rule_ptr operator()(const p::elastic& e) const {
    const auto callers = static_cast<double>(pushers(plan.graph, at));
    return std::make_shared<kernels::elastic>(
        e.alpha.value_or(0.9 / callers),
        tau == 1 && meets_alone(at.discipline));
  }
  rule_ptr operator()(const p::token_merge& merge) const {
    return make_token(merge, token_cycle(plan.graph, at.from).size());
  }
  rule_ptr operator()(const p::pair_average&) const {
    return std::make_shared<kernels::pair_average>();
  }
  rule_ptr operator()(const p::custom& own) const {
    return plan.exchanges.at(own.name);
  }
  /// Of gossip and all-reduces there is none.
  template <class Kind>
  requires(Kind::traits.meets != p::encounter::served) rule_ptr operator()(
      const Kind&) const {
    return nullptr;
  }
};

}  // namespace

rule_ptr make_rule(const training_plan& plan, std::size_t link, std::size_t tau,
                   bool before_optimizer) {
  rule_ptr rule = std::visit(
      rule_maker{plan, plan.graph.links[link], tau, before_optimizer},
      plan.graph.links[link].exchange);
  const std::size_t parameters = plan.objective->trainable();
  const p::link& at = plan.graph.links[link];
  const bool adds = rule && rule->goes_up() == kernels::payload::differences &&
                    !std::holds_alternative<p::overwrite>(at.exchange);
  if (!adds || parameters == plan.objective->dimension()) {
    return rule;
  }
  return std::make_shared<kernels::averaged_tail>(std::move(rule), parameters,
                                                  movers(plan.graph, at));
}

kernels::payload answers_of(const kernels::exchange_rule& rule,
                            const p::link& link) noexcept {
  return p::pulls(link.discipline) && !kernels::moves_both(rule)
             ? kernels::payload::parameters
             : rule.goes_down();
}

bool leaves_known(const kernels::exchange_rule& rule,
                  const p::link& link) noexcept {
  using kernels::payload;
  return answers_of(rule, link) == payload::parameters &&
         rule.goes_up() != payload::pulls;
}

kernels::compression packing_of(const p::link& link) noexcept {
  using kernels::packing;
  return std::visit(
      overloaded{
          [](const p::as_is&) { return kernels::compression{}; },
          [](const p::fp16&) { return kernels::compression{packing::fp16}; },
          [](const p::bf16&) { return kernels::compression{packing::bf16}; },
          [](const p::int8&) { return kernels::compression{packing::int8}; },
          [](const p::top_k& k) {
            return kernels::compression{packing::top_k, k.fraction};
          },
      },
      link.compression);
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
  std::vector<reduce_members> found;
  for (const p::reduction& each : p::reductions(wiring)) {
    reduce_members members;
    const auto rank_of = [&](std::size_t replica) {
      members.replicas.push_back(replica);
      return members.replicas.size() - 1;
    };
    members.has_leader = !each.members.empty();
    for (const std::size_t leader : each.leaders) {
      if (members.has_leader || members.groups.empty()) {
        members.groups.emplace_back();
      }
      members.groups.back().push_back(rank_of(leader));
      for (const p::edge& member : each.members) {
        if (member.to == leader) {
          members.groups.back().push_back(rank_of(member.from));
        }
      }
    }
    found.push_back(std::move(members));
  }
  return found;
}

std::vector<std::size_t> ring_of(const reduce_members& all) {
  if (all.groups.size() == 1 && !all.has_leader) {
    return all.replicas;
  }
  std::vector<std::size_t> ring;
  for (const auto& group : all.groups) {
    ring.push_back(all.replicas[group.front()]);
  }
  return ring;
}

std::vector<group_place> places_of(const reduce_members& all) {
  std::vector<group_place> places(all.replicas.size());
  const bool has_members = ring_of(all).size() < all.replicas.size();
  for (std::size_t g = 0; g < all.groups.size(); ++g) {
    for (std::size_t k = 0; k < all.groups[g].size(); ++k) {
      places[all.groups[g][k]] =
          has_members ? group_place{g, k} : group_place{k, 0};
    }
  }
  return places;
}

std::vector<std::pair<std::size_t, std::size_t>> ways_of(
    const reduce_members& all) {
  const std::vector<std::size_t> ring = ring_of(all);
  std::vector<std::pair<std::size_t, std::size_t>> ways;
  for (std::size_t k = 0; ring.size() > 1 && k < ring.size(); ++k) {
    ways.emplace_back(ring[k], ring[(k + 1) % ring.size()]);
  }
  for (const auto& group : all.groups) {
    for (std::size_t k = 1;
         ring.size() < all.replicas.size() && k < group.size(); ++k) {
      ways.emplace_back(all.replicas[group[k]], all.replicas[group.front()]);
    }
  }
  return ways;
}

}  // namespace sounder::actors

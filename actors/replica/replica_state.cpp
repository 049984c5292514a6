#include "actors/replica/replica_state.hpp"

#include <algorithm>
#include <string>

#include "actors/sync/state_frame.hpp"
#include "kernels/data/hash.hpp"
#include "topology/wiring_file.hpp"

namespace sounder::actors {

replica_state::replica_state(const replica_setup& setup)
    : vector(setup.holds.last - setup.holds.first),
      optimizer(setup.plan->optimizer,
                setup.workers > 0 ? setup.plan->objective->trainable() : 0),
      coordinate_lock(
          std::holds_alternative<topology::coordinate_lock>(setup.sharing)
              ? setup.data.features()
              : 0),
      order(order_of(setup)) {}

std::shared_ptr<kernels::row_order> order_of(const replica_setup& setup) {
  const training_plan& plan = *setup.plan;
  return std::make_shared<kernels::row_order>(
      setup.rows.rows(),
      kernels::order_spec{plan.order.kind, plan.order.block_rows,
                          plan.seed + setup.replica * 0x9E3779B97F4A7C15ULL});
}

std::vector<float> replica_state::whole() const {
  if (!own) {
    return vector.snapshot();
  }
  std::vector<float> all = own->snapshot();
  for (const auto& each : meetings) {
    each->add_unread(*own, all);
  }
  return all;
}

void replica_state::keep(state_archive& all) {
  all.require_rest(!is_within_job);
  all(std::span(vector.data(), vector.size()), optimizer, samples,
      phases_walked, phases_done, step_size, largest_step);
  if (own) {
    all(*own);
  }
  if (met) {
    all(*met);
  }
  for (const auto& keep_end : far_ends) {
    keep_end(all);
  }
  for (const auto& each : meetings) {
    all(*each);
  }
}

namespace {

constexpr state_kind state_form = {0x4554415453444E53, 3};  // "SNDSTATE"

/// Says what the bytes are of.
template <class Try>
auto as_state(const Try& attempt) {
  try {
    return attempt();
  } catch (const state_error& problem) {
    throw state_error(std::string("a replica's state: ") + problem.what());
  }
}

/// Of all that has to be the same: the replicas, the links that end here, what
/// is minimised, who steps how, and the way through the samples.
std::uint64_t hash_of_plan(const replica_setup& setup) {
  const training_plan& plan = *setup.plan;
  topology::graph near;
  near.replicas = plan.graph.replicas;
  std::string text = plan.objective->describe();
  for (const topology::link& each : plan.graph.links) {
    if (each.from == setup.replica || each.to == setup.replica) {
      near.links.push_back(each);
      text += near.replicas[each.from].place == near.replicas[each.to].place
                  ? " in memory"
                  : " by a stream";
    }
  }
  for (topology::replica& each : near.replicas) {
    each.place.clear();
  }
  text += topology::write_wiring(near);
  kernels::optimizer rule = plan.optimizer;
  auto kind = static_cast<std::uint32_t>(rule.kind);
  auto order = static_cast<std::uint32_t>(plan.order.kind);
  state_archive of;
  of(text, kind, rule.momentum, rule.beta, rule.epsilon, rule.weight_decay,
     rule.trust, order, std::uint64_t{plan.order.block_rows},
     std::uint64_t{plan.seed}, std::uint64_t{plan.gd.epochs});
  for (epoch_cut cut : setup.cut.epochs()) {
    of(cut.batch_size, cut.phase_ends,
       std::uint64_t{cut.chunks.empty() ? 0 : cut.chunks.back().last});
  }
  return kernels::hash_64_of(of.take());
}

/// The state, behind whose it is.
void keep_named(state_archive& all, const replica_setup& setup,
                replica_state& state) {
  const std::string& own_name = setup.plan->graph.replicas[setup.replica].name;
  std::string name = own_name;
  std::uint64_t size = state.vector.size();
  std::uint64_t plan = hash_of_plan(setup);
  const std::uint64_t own_plan = plan;
  all(name, size, plan);
  if (name != own_name) {
    throw state_error("of " + name + ", not of " + own_name);
  }
  if (size != state.vector.size()) {
    throw state_error("of " + std::to_string(size) + " parameters, not of " +
                      std::to_string(state.vector.size()));
  }
  if (plan != own_plan) {
    throw state_error("of another wiring or plan");
  }
  all(state);
}

/// Those of its process know where it is.
void join_others(const replica_setup& setup, replica_state& state) {
  if (state.together) {
    state.together->walk(setup.replica, state.phases_walked);
  }
  if (state.ways) {
    state.ways->join(setup.replica, state.phases_walked);
  }
}

}  // namespace

std::vector<std::byte> write_state(const replica_setup& setup,
                                   replica_state& state) {
  return as_state([&] {
    state_archive body;
    keep_named(body, setup, state);
    return framed(state_form, body.take());
  });
}

void read_state(std::span<const std::byte> bytes, const replica_setup& setup,
                replica_state& state) {
  as_state([&] {
    state_archive body(unframed(state_form, bytes));
    keep_named(body, setup, state);
    state_archive::require(body.left() == 0, "something follows after its end");
  });
  join_others(setup, state);
}

void skip_to(unsigned epoch, const replica_setup& setup, replica_state& state) {
  state.phases_walked = state.phases_done = setup.cut.phases().before(epoch);
  state.samples = std::uint64_t{epoch} * setup.rows.rows();
  join_others(setup, state);
}

}  // namespace sounder::actors

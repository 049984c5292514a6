#include "actors/plan/meeting_times.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

namespace sounder::actors {

namespace {

namespace p = topology;

/// What the link says, or its exchange where all do it at once.
std::optional<std::size_t> said_tau(const p::link& link) {
  const auto said = p::steps(link.discipline);
  return said || !p::is_synchronous(link.discipline)
             ? said
             : traits_of(link.exchange).usual_tau;
}

/// Meetings of the link in an epoch at the least: elastic averages bring but a
/// part of a move to the others, each turn of a token mixes two of all
/// replicas, and where turns go round a move is added to those of all others,
/// every time.
std::size_t least_meetings_of(const p::link& link, std::size_t replicas) {
  const bool takes_turns = p::discipline_of<p::in_turn>(link) != nullptr;
  return p::discipline_of<p::on_token>(link) != nullptr ? 64
         : p::has_exchange<p::elastic>(link)            ? 16
         : takes_turns ? std::max<std::size_t>(4 * replicas, 8)
                       : 8;
}

/// Where links do not say. The same for all, lest phases become short.
std::size_t least_meetings(const p::graph& wiring) {
  std::size_t most = 8;
  for (const p::link& link : wiring.links) {
    if (!said_tau(link)) {
      most =
          std::max(most, least_meetings_of(link, p::stepping_replicas(wiring)));
    }
  }
  return most;
}

/// Local steps between two meetings of each link, where an epoch has so many.
std::vector<std::size_t> taus_of(const training_plan& plan,
                                 const data_shape& shape, std::size_t batches) {
  const std::size_t usual =
      default_tau(plan, shape, batches, least_meetings(plan.graph));
  std::vector<std::size_t> taus;
  for (const p::link& link : plan.graph.links) {
    taus.push_back(said_tau(link).value_or(usual));
  }
  return taus;
}

/// Whether it pushes without a fetch, so that the replica has to step itself.
bool goes_on_alone(const p::link& link) {
  const auto* often = p::discipline_of<p::push_fetch>(link);
  return often != nullptr && often->push != often->fetch;
}

stepper stepper_of(const p::graph& wiring, const meeting_times& times,
                   std::size_t replica) {
  stepper found = stepper::worker;
  for (std::size_t l = 0; l < wiring.links.size(); ++l) {
    const p::link& link = wiring.links[l];
    if (times.before_optimizer[l] &&
        (link.from == replica || link.to == replica)) {
      if (wiring.replicas[link.to].is_hub()) {
        return stepper::hub;
      }
      found = stepper::group;
    }
  }
  return found;
}

}  // namespace

bool meets_before_optimizer(const training_plan& plan, const p::link& link,
                            std::size_t tau) {
  if (p::traits_of(link.exchange).stands != p::standing::before_optimizer ||
      tau != 1 || goes_on_alone(link) || kernels::averages(plan.optimizer)) {
    return false;
  }
  const auto* at_hub = std::get_if<p::gradient>(&link.exchange);
  return at_hub == nullptr || (at_hub->momentum == 0.0 &&
                               (!kernels::steps_by_block(plan.optimizer.kind) ||
                                p::is_synchronous(link.discipline)));
}

meeting_times plan_meetings(const training_plan& plan,
                            const data_partition& partition) {
  const std::size_t most = partition.most_rows();
  const std::size_t batches = ratio_up(most, plan.batch_size);
  meeting_times times;
  times.taus = taus_of(plan, partition.shape, batches);
  std::size_t common = 0;
  for (std::size_t l = 0; l < times.taus.size(); ++l) {
    times.before_optimizer.push_back(
        meets_before_optimizer(plan, plan.graph.links[l], times.taus[l]));
    common = std::gcd(common, std::min(times.taus[l], batches));
  }
  // As many phases everywhere, so that those who meet in lockstep come equally
  // often.
  if (common > 0) {
    times.phases = {common, most};
  }
  return times;
}

double row_cost(const training_plan& plan, const data_shape& shape) {
  return plan.objective->row_cost(
      static_cast<double>(shape.nonzeros) /
      static_cast<double>(std::max<std::size_t>(shape.rows, 1)));
}

std::size_t default_tau(const training_plan& plan, const data_shape& shape,
                        std::size_t batches, std::size_t meetings) {
  // A coordinate of a meeting costs about as much as a stored value of a linear
  // model's step.
  constexpr double share = 20.0;
  const double a_batch =
      row_cost(plan, shape) * static_cast<double>(plan.batch_size);
  const double steps = share *
                       static_cast<double>(plan.objective->dimension()) /
                       std::max(a_batch, 1.0);
  // What a rendezvous costs, whatever the vector: of threads, of processes.
  const double a_wait = p::has_nodes(plan.graph) ? 1e5 : 2e3;
  const auto least = static_cast<std::size_t>(a_wait / std::max(a_batch, 1.0));
  const std::size_t most = std::max<std::size_t>(
      {1, batches / meetings, std::min(least, (batches + 1) / 2)});
  return std::clamp<std::size_t>(static_cast<std::size_t>(steps), 1, most);
}

std::size_t steps_apart(const training_plan& plan, const data_shape& shape) {
  const std::size_t replicas = p::stepping_replicas(plan.graph);
  const std::size_t rows =
      std::max<std::size_t>(shape.rows / std::max<std::size_t>(replicas, 1), 1);
  const std::size_t batches = ratio_up(rows, plan.batch_size);
  std::size_t most = 1;
  for (const std::size_t tau : taus_of(plan, shape, batches)) {
    most = std::max(most, replicas * std::min(tau, batches));
  }
  for (std::size_t i = 0; i < plan.graph.replicas.size(); ++i) {
    const unsigned workers = plan.graph.replicas[i].workers;
    if (workers > 1) {
      const private_part own = private_part_of(plan, shape, i);
      most = std::max(most, workers * own.every / plan.batch_size);
    }
  }
  return most;
}

std::vector<replica_setup> set_up_all(const plan_ptr& plan,
                                      const data_partition& partition) {
  const meeting_times times = plan_meetings(*plan, partition);
  std::vector<replica_setup> setups;
  for (std::size_t i = 0; i < plan->graph.replicas.size(); ++i) {
    const bool is_hub = plan->graph.replicas[i].is_hub();
    setups.push_back(set_up(plan, partition.shape, i,
                            partition.shares[i].shard(),
                            is_hub ? phase_cut{} : times.phases));
    setups.back().stepper = stepper_of(plan->graph, times, i);
  }
  return setups;
}

}  // namespace sounder::actors

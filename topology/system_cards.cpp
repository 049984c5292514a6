#include "topology/system_cards.hpp"

#include <array>

namespace sounder::topology {

namespace {

constexpr std::array<system_card, 24> cards = {{
    {"serial", "one worker, plain SGD: the baseline"},
    {"hogwild", "HOGWILD!: workers share one vector without locks"},
    {"locked", "workers share one vector, a lock a step"},
    {"aig", "workers share one vector, a lock a coordinate"},
    {"round-robin", "workers share one vector, a step each in turn"},
    {"sync", "hub: adds up everybody's gradients, all wait"},
    {"allreduce", "no hub: gradients are averaged around a ring, all wait"},
    {"hierarchical", "all-reduce within groups, then between them"},
    {"star", "hub: takes each one's moves as they come"},
    {"star-in-turn", "hub: takes each one's moves, one after the other"},
    {"async-ps", "hub: parameter server, gradients as they come"},
    {"downpour", "hub: Downpour SGD, pushes and fetches apart"},
    {"async-msgd", "hub: as async-ps, with momentum at the hub"},
    {"easgd", "hub: elastic averaging, one after the other"},
    {"async-easgd", "hub: elastic averaging, each by its own clock"},
    {"eamsgd", "hub: as async-easgd, Nesterov's momentum at the workers"},
    {"ea-wild", "hub: elastic averaging without locks, also of groups"},
    {"hogwildpp", "HOGWILD++: a token hands moves around a ring"},
    {"all-to-all", "no hub: everybody sends moves to everybody"},
    {"ad-psgd", "gossip: averages with a random neighbour"},
    {"d-psgd", "gossip: averages with all neighbours, all wait"},
    {"sgp", "gossip: stochastic gradient push, one way, all wait"},
    {"ssp", "hub: stale synchronous parallel, ahead by a bound"},
    {"local-sgd", "hub: many local steps, then an outer step, all wait"},
}};

}  // namespace

std::span<const system_card> system_cards() noexcept { return cards; }

}  // namespace sounder::topology

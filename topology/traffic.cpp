#include "topology/traffic.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "topology/reduction.hpp"
#include "topology/structure.hpp"

namespace sounder::topology {

namespace {

flow operator*(double factor, const flow& f) {
  return {factor * f.messages, factor * f.bytes};
}

void operator+=(flow& a, const flow& b) {
  a.messages += b.messages;
  a.bytes += b.bytes;
}

/// The authors' choice: more clusters, more often.
std::size_t usual_tau0(std::size_t clusters) {
  return clusters <= 4 ? 64 : clusters <= 10 ? 16 : 4;
}

/// Meetings a step by the clock of the replica at the link's `from`.
class meeting_rate {
 public:
  meeting_rate(std::size_t assumed_tau, bool& assumes)
      : assumed_tau_(assumed_tau), assumes_(assumes) {}

  double operator()(const discipline& when) {
    const std::optional<std::size_t> said = topology::steps(when);
    assumes_ = assumes_ || !said;
    return 1.0 / static_cast<double>(
                     std::max<std::size_t>(said.value_or(assumed_tau_), 1));
  }

 private:
  std::size_t assumed_tau_;
  bool& assumes_;
};

double per(std::size_t steps) {
  return 1.0 / static_cast<double>(std::max<std::size_t>(steps, 1));
}

/// Whether what goes up, or comes down, is what steps have moved and no more.
/// What members of a group bring is moved by all of them: left as it is.
bool brings_steps(const link& l) {
  return !std::holds_alternative<one_of_group>(l.discipline) &&
         (std::holds_alternative<add_delta>(l.exchange) ||
          std::holds_alternative<gradient>(l.exchange) ||
          std::holds_alternative<outer_step>(l.exchange));
}
bool shows_steps(const link& l) {
  const auto* const by_gradient = std::get_if<gradient>(&l.exchange);
  return !std::holds_alternative<one_of_group>(l.discipline) &&
         (std::holds_alternative<add_delta>(l.exchange) ||
          std::holds_alternative<overwrite>(l.exchange) ||
          (by_gradient != nullptr && by_gradient->momentum == 0.0));
}

/// Sums up what the links of one graph send.
class estimate {
 public:
  estimate(const graph& wiring, double bytes, std::size_t assumed_tau,
           const std::optional<sparse_samples>& samples)
      : wiring_(wiring),
        bytes_(bytes),
        samples_(samples),
        rate_(assumed_tau, all_.assumes_tau) {
    all_.links.resize(wiring.links.size());
    all_.replicas.resize(wiring.replicas.size());
  }

  traffic run() {
    for (std::size_t i = 0; i < wiring_.links.size(); ++i) {
      const link& l = wiring_.links[i];
      const bool by_token = std::holds_alternative<on_token>(l.discipline);
      const double meetings = by_token ? 1.0 : rate_(l.discipline);
      const auto parts = wiring_.replicas[l.to].holds.parts;
      const link_traffic once = one_meeting(
          l, bytes_ / static_cast<double>(std::max<std::size_t>(parts, 1)),
          1.0 / meetings);
      all_.links[i] = {meetings * once.forth, meetings * once.back};
    }
    share_among_neighbours();
    share_among_groups();
    share_among_tokens();
    for (const reduction& r : reductions(wiring_)) {
      reduce(r);
    }
    add_up();
    return std::move(all_);
  }

 private:
  /// One meeting over the link: what goes forth and back, so many steps after
  /// the last one.
  link_traffic one_meeting(const link& l, double bytes, double steps) const {
    const auto up = [&](double after) {
      return flow{1.0, sent(l, bytes, brings_steps(l), after)};
    };
    const auto down = [&](double after) {
      return flow{1.0, sent(l, bytes, shows_steps(l), movers(l.to) * after)};
    };
    if (const auto* when = std::get_if<push_fetch>(&l.discipline)) {
      const auto push =
          static_cast<double>(std::max<std::size_t>(when->push, 1));
      const auto fetch =
          static_cast<double>(std::max<std::size_t>(when->fetch, 1));
      return {steps / push * up(push), steps / fetch * down(fetch)};
    }
    const travels way = traits_of(l.exchange).travels;
    return {way == travels::back ? flow{} : up(steps),
            way == travels::forth ? flow{} : down(steps)};
  }

  /// Of so many bytes, those that travel; `by_steps`: of what so many steps
  /// have moved.
  double sent(const link& l, double bytes, bool by_steps, double steps) const {
    constexpr double exception = 5.0;
    if (!samples_ || !by_steps ||
        !std::holds_alternative<as_is>(l.compression)) {
      return compressed_bytes(l.compression, bytes);
    }
    const double share = touched(*samples_, steps * samples_->batch) /
                         std::max(samples_->features, 1.0);
    return std::min(bytes, exception / sizeof(float) * share * bytes);
  }

  /// Replicas that move what is met there.
  double movers(std::size_t hub) const {
    const auto links =
        std::count_if(wiring_.links.begin(), wiring_.links.end(),
                      [&](const link& l) { return l.to == hub; });
    return static_cast<double>(links) +
           (wiring_.replicas[hub].is_hub() ? 0.0 : 1.0);
  }

  void scale(std::size_t link, double factor) {
    link_traffic& t = all_.links[link];
    t = {factor * t.forth, factor * t.back};
  }

  /// Each end draws the link with probability 1 / degree.
  void share_among_neighbours() {
    std::map<std::size_t, double> degree;
    const auto draws = [&](std::size_t i) {
      return std::holds_alternative<random_neighbour>(
          wiring_.links[i].discipline);
    };
    for (std::size_t i = 0; i < wiring_.links.size(); ++i) {
      if (draws(i)) {
        degree[wiring_.links[i].from] += 1.0;
        degree[wiring_.links[i].to] += 1.0;
      }
    }
    for (std::size_t i = 0; i < wiring_.links.size(); ++i) {
      if (draws(i)) {
        const link& l = wiring_.links[i];
        scale(i, 1.0 / degree[l.from] + 1.0 / degree[l.to]);
      }
    }
  }

  /// Of a group of G one pushes: always the first, or each in G-th of cases.
  void share_among_groups() {
    partition groups(wiring_.replicas.size());
    for (const link& l : wiring_.links) {
      if (std::holds_alternative<all_reduce>(l.exchange)) {
        groups.unite(l.from, l.to);
      }
    }
    std::map<std::size_t, std::vector<std::size_t>> pushers;
    for (std::size_t i = 0; i < wiring_.links.size(); ++i) {
      if (std::holds_alternative<one_of_group>(wiring_.links[i].discipline)) {
        pushers[groups.root(wiring_.links[i].from)].push_back(i);
      }
    }
    for (const auto& [group, links] : pushers) {
      for (std::size_t k = 0; k < links.size(); ++k) {
        const auto& when =
            std::get<one_of_group>(wiring_.links[links[k]].discipline);
        const double share = when.random ? per(links.size())
                             : k == 0    ? 1.0
                                         : 0.0;
        scale(links[k], share);
      }
    }
  }

  /// A link sees the token once a turn.
  void share_among_tokens() {
    const auto rings = components(wiring_, [](const link& l) {
      return std::holds_alternative<on_token>(l.discipline);
    });
    for (const auto& ring : rings) {
      double turn = 0.0;  // steps
      for (const std::size_t i : ring) {
        const auto& when = std::get<on_token>(wiring_.links[i].discipline);
        turn +=
            static_cast<double>(when.tau0.value_or(usual_tau0(ring.size())));
      }
      for (const std::size_t i : ring) {
        scale(i, 1.0 / std::max(turn, 1.0));
      }
    }
  }

  /// Links of members keep a message each way; those of leaders form a ring.
  void reduce(const reduction& r) {
    const double n = static_cast<double>(r.leaders.size());
    const flow chunks{2.0 * (n - 1.0), 2.0 * (n - 1.0) / n * bytes_};
    const std::set<std::size_t> leaders(r.leaders.begin(), r.leaders.end());
    for (const std::size_t i : r.links) {
      const link& l = wiring_.links[i];
      if (leaders.contains(l.from) && leaders.contains(l.to)) {
        const flow forth = rate_(l.discipline) * chunks;
        all_.links[i] = {forth, r.leaders.size() == 2 ? forth : flow{}};
      }
    }
  }

  void add_up() {
    for (std::size_t i = 0; i < wiring_.links.size(); ++i) {
      const link& l = wiring_.links[i];
      for (const flow& f : {all_.links[i].forth, all_.links[i].back}) {
        all_.replicas[l.from] += f;
        all_.replicas[l.to] += f;
        all_.total += f;
      }
    }
    const auto most = std::max_element(
        all_.replicas.begin(), all_.replicas.end(),
        [](const flow& a, const flow& b) { return a.bytes < b.bytes; });
    all_.busiest = static_cast<std::size_t>(most - all_.replicas.begin());
  }

  const graph& wiring_;
  double bytes_;
  const std::optional<sparse_samples>& samples_;
  traffic all_;
  meeting_rate rate_;
};

}  // namespace

double touched(const sparse_samples& samples, double rows) {
  double sum = 0.0;
  for (const auto& [share, features] : samples.by_share) {
    sum += features * (1.0 - std::pow(1.0 - share, rows));
  }
  return sum;
}

traffic traffic_of(const graph& wiring, double parameter_bytes,
                   std::size_t assumed_tau,
                   const std::optional<sparse_samples>& samples) {
  return estimate(wiring, parameter_bytes, assumed_tau, samples).run();
}

}  // namespace sounder::topology

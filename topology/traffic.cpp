#include "topology/traffic.hpp"

#include <algorithm>
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

/// One meeting over the link: what goes forth and back.
link_traffic one_meeting(const link& l, double bytes) {
  const flow whole{1.0, compressed_bytes(l.compression, bytes)};
  if (const auto* when = std::get_if<push_fetch>(&l.discipline)) {
    const auto often = static_cast<double>(when->steps().value());
    return {often * per(when->push) * whole, often * per(when->fetch) * whole};
  }
  const travels way = traits_of(l.exchange).travels;
  return {way == travels::back ? flow{} : whole,
          way == travels::forth ? flow{} : whole};
}

/// Sums up what the links of one graph send.
class estimate {
 public:
  estimate(const graph& wiring, double bytes, std::size_t assumed_tau)
      : wiring_(wiring), bytes_(bytes), rate_(assumed_tau, all_.assumes_tau) {
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
          l, bytes_ / static_cast<double>(std::max<std::size_t>(parts, 1)));
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
  traffic all_;
  meeting_rate rate_;
};

}  // namespace

traffic traffic_of(const graph& wiring, double parameter_bytes,
                   std::size_t assumed_tau) {
  return estimate(wiring, parameter_bytes, assumed_tau).run();
}

}  // namespace sounder::topology

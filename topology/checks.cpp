#include "topology/checks.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "topology/describe.hpp"

namespace sounder::topology::checks {

namespace {

constexpr unsigned most_workers = 1024;
constexpr std::size_t most_listed = 4;

void check_replica(const graph& wiring, std::size_t number, problems& found) {
  const replica& r = wiring.replicas[number];
  const std::string who = "replica " + quoted(wiring, number);
  if (r.name.empty()) {
    found.push_back("replica " + std::to_string(number) +
                    " has no name; give it one");
  }
  if (r.is_hub() && !ends_at(wiring, number)) {
    found.push_back(who +
                    " has no worker, and no link ends there: give it workers, "
                    "or links if it is a hub");
  }
  if (r.workers > most_workers) {
    found.push_back(who + " has " + std::to_string(r.workers) +
                    " workers; at most " + std::to_string(most_workers) +
                    " are possible");
  }
  const auto* plain = std::get_if<lock_free>(&r.sharing);
  if (plain != nullptr && plain->head_every == 0U) {
    found.push_back(who +
                    " exchanges its private head every 0 samples; 1 is the "
                    "least");
  }
}

void check_end(const graph& wiring, std::size_t link, std::size_t replica,
               const char* verb, problems& found) {
  const std::size_t count = wiring.replicas.size();
  if (replica >= count) {
    found.push_back(named(wiring, link) + " " + verb + " replica " +
                    std::to_string(replica) + ", but there are " +
                    std::to_string(count) + ", numbered from 0");
  }
}

}  // namespace

std::string quoted(const graph& wiring, std::size_t number) {
  return number < wiring.replicas.size()
             ? "'" + wiring.replicas[number].name + "'"
             : std::to_string(number);
}

std::string named(const graph& wiring, std::size_t number) {
  const link& l = wiring.links[number];
  return "link " + quoted(wiring, l.from) + " -> " + quoted(wiring, l.to);
}

std::string listed(const graph& wiring,
                   const std::vector<std::size_t>& numbers) {
  const bool all = numbers.size() <= most_listed + 1;
  const std::size_t shown = all ? numbers.size() : most_listed;
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    const bool is_last = all && i + 1 == shown;
    text += i == 0 ? "" : is_last ? " and " : ", ";
    text += quoted(wiring, numbers[i]);
  }
  return all ? text
             : text + " and " + std::to_string(numbers.size() - shown) +
                   " more";
}

std::string plain(double value) {
  std::string text = std::to_string(value);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') {
      text.pop_back();
    }
  }
  return text;
}

bool ends_at(const graph& wiring, std::size_t number) noexcept {
  return std::any_of(
      wiring.links.begin(), wiring.links.end(),
      [&](const link& l) { return l.to == number || l.from == number; });
}

void replicas(const graph& wiring, problems& found) {
  if (wiring.replicas.empty()) {
    found.emplace_back("the graph has no replica");
  }
  if (!wiring.optimizer.empty() && !is_optimizer(wiring.optimizer)) {
    found.push_back("'" + wiring.optimizer +
                    "' is no optimizer; name one of optimizers, or none");
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; i < wiring.replicas.size(); ++i) {
    const std::string& name = wiring.replicas[i].name;
    if (!seen.insert(name).second && !name.empty()) {
      found.push_back("two replicas are called '" + name + "'");
    }
    check_replica(wiring, i, found);
  }
}

void links(const graph& wiring, problems& found) {
  std::set<std::tuple<std::size_t, std::size_t, std::size_t>> seen;
  for (std::size_t i = 0; i < wiring.links.size(); ++i) {
    const link& l = wiring.links[i];
    check_end(wiring, i, l.from, "begins at", found);
    check_end(wiring, i, l.to, "goes to", found);
    if (l.from == l.to) {
      found.push_back(named(wiring, i) +
                      " joins a replica with itself; remove it");
      continue;
    }
    const auto [low, high] = std::minmax(l.from, l.to);
    const bool both_ways = is_symmetric(l.exchange);
    if (!seen.emplace(both_ways ? low : l.from, both_ways ? high : l.to,
                      l.exchange.index())
             .second) {
      found.push_back(named(wiring, i) + " is there twice; hold each " +
                      (both_ways ? "pair" : "link") + " once");
    }
    if (l.from < wiring.replicas.size() && wiring.replicas[l.from].is_hub()) {
      found.push_back(named(wiring, i) +
                      " begins at a hub, which takes no steps and so starts "
                      "no meeting; turn the link round or give " +
                      quoted(wiring, l.from) + " workers");
    }
  }
}

void connected(const graph& wiring, problems& found) {
  const std::size_t count = wiring.replicas.size();
  if (count > 1 && wiring.links.empty()) {
    found.push_back("the graph has " + std::to_string(count) +
                    " replicas and nothing that joins them");
    return;
  }
  partition parts(count);
  for (const link& l : wiring.links) {
    parts.unite(l.from, l.to);
  }
  std::vector<std::vector<std::size_t>> sets(count);
  for (std::size_t i = 0; i < count; ++i) {
    sets[parts.root(i)].push_back(i);
  }
  for (std::size_t i = 1; i < count; ++i) {
    if (!sets[i].empty()) {
      found.push_back("no link joins " + listed(wiring, sets[i]) + " with " +
                      listed(wiring, sets[0]) + "; add one");
    }
  }
}

}  // namespace sounder::topology::checks

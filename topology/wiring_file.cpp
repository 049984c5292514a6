// Text to graph.

#include "topology/wiring_file.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>

#include "topology/compose.hpp"
#include "topology/json_node.hpp"
#include "topology/systems.hpp"

namespace sounder::topology {

namespace {

using namespace detail;  // node, read, list: what JSON asks for

constexpr std::size_t most_links = std::size_t{1} << 20;
constexpr std::size_t most_bytes = std::size_t{1} << 26;  // of a file
constexpr std::size_t deepest = 16;                       // join within join

void add_replicas(const node& from, graph& wiring) {
  from.object();
  replica r;
  std::optional<std::size_t> count;
  bool split = false;
  member_reader members(from, {"sharing"});
  members("name", r.name);
  members("count", count);
  members("workers", r.workers);
  members("place", r.place);
  members("part", r.holds.part);
  members("parts", r.holds.parts);
  members("split", split);
  members.refuse_others();
  from.required("name");
  if (from.has("sharing")) {
    r.sharing = read_choice<sharing_rule>(from.at("sharing"));
  }
  if (wiring.replicas.size() + count.value_or(1) > most_replicas ||
      count.value_or(1) > most_replicas) {
    from.fail("more than " + std::to_string(most_replicas) + " replicas");
  }
  const std::string base = r.name;
  for (std::size_t i = 1; i <= count.value_or(1); ++i) {
    r.name = count ? base + "-" + std::to_string(i) : base;
    if (split) {
      r.holds = {i - 1, count.value_or(1)};
    }
    wiring.replicas.push_back(r);
  }
}

/// Finds replicas by name, by number, and all of "worker-1", "worker-2", ...
/// by "worker".
class directory {
 public:
  explicit directory(const graph& wiring) {
    for (std::size_t i = 0; i < wiring.replicas.size(); ++i) {
      const std::string& name = wiring.replicas[i].name;
      numbers_.try_emplace(name, i);
      const std::size_t dash = name.find_last_not_of("0123456789");
      if (dash != name.npos && dash + 1 < name.size() && name[dash] == '-') {
        families_[name.substr(0, dash)].push_back(i);
      }
    }
  }

  std::vector<std::size_t> find(const node& from) const {
    if (from.value.is_array()) {
      std::vector<std::size_t> all;
      for (std::size_t i = 0; i < from.value.size(); ++i) {
        const std::vector<std::size_t> some = find_one(from.at(i));
        all.insert(all.end(), some.begin(), some.end());
      }
      return all;
    }
    return find_one(from);
  }

 private:
  std::vector<std::size_t> find_one(const node& from) const {
    if (from.value.is_number_unsigned()) {
      return {from.value.get<std::size_t>()};
    }
    if (!from.value.is_string()) {
      from.expect("the name or the number of a replica");
    }
    std::string wanted;
    read(from, wanted);
    if (const auto one = numbers_.find(wanted); one != numbers_.end()) {
      return {one->second};
    }
    if (const auto all = families_.find(wanted); all != families_.end()) {
      return all->second;
    }
    fail_for_unknown(from, wanted);
  }

  [[noreturn]] void fail_for_unknown(const node& from,
                                     const std::string& wanted) const {
    constexpr std::size_t shown = 6;
    std::vector<std::string> all;
    for (const auto& [name, number] : numbers_) {
      all.push_back(name);
    }
    std::vector<std::string> some(
        all.begin(),
        all.begin() + static_cast<std::ptrdiff_t>(std::min(shown, all.size())));
    if (all.size() > shown) {
      some.emplace_back("...");
    }
    for (const auto& [name, numbers] : families_) {
      all.push_back(name);
    }
    from.fail("no replica is called '" + wanted + "'; there are " + list(some) +
              kernels::did_you_mean(wanted, all));
  }

  std::map<std::string, std::size_t> numbers_;
  std::map<std::string, std::vector<std::size_t>> families_;
};

edges shape_of(const node& from, std::size_t n) {
  std::string name;
  read(from, name);
  if (n > most_replicas) {
    from.fail("more than " + std::to_string(most_replicas) + " replicas");
  }
  try {
    const auto found = name == "directed-ring" ? shapes::directed_ring(n)
                       : name == "directed-exponential"
                           ? shapes::directed_exponential(n)
                           : shapes::by_name(name, n);
    if (found) {
      return *found;
    }
  } catch (const std::invalid_argument& e) {
    from.fail(e.what());
  }
  std::vector<std::string> known = shapes::names();
  known.insert(known.end(), {"directed-ring", "directed-exponential"});
  from.fail(none_of(name, known));
}

/// The edges of one entry of "links".
edges edges_of(const node& from, const directory& replicas) {
  edges all;
  if (from.has("among")) {
    const auto members = replicas.find(from.at("among"));
    for (const edge& e : shape_of(from.required("shape"), members.size())) {
      all.push_back({members[e.from], members[e.to]});
    }
    return all;
  }
  const auto starts = replicas.find(from.required("from"));
  const auto ends = replicas.find(from.required("to"));
  if (!ends.empty() && starts.size() > most_links / ends.size()) {
    from.fail("more than " + std::to_string(most_links) + " links");
  }
  for (const std::size_t start : starts) {
    for (const std::size_t end : ends) {
      all.push_back({start, end});
    }
  }
  return all;
}

void add_links(const node& from, graph& wiring) {
  const directory replicas(wiring);
  for (std::size_t i = 0; i < from.array().value.size(); ++i) {
    const node entry = from.at(i);
    const bool has_shape = entry.object().has("among");
    member_reader(entry,
                  has_shape
                      ? std::vector<std::string>{"among", "shape", "exchange",
                                                 "discipline", "compression"}
                      : std::vector<std::string>{"from", "to", "exchange",
                                                 "discipline", "compression"})
        .refuse_others();
    const auto rule = read_choice<exchange>(entry.required("exchange"));
    const auto when = read_choice<discipline>(entry.required("discipline"));
    compression how;
    if (entry.has("compression")) {
      read(entry.at("compression"), how);
    }
    for (const edge& e : edges_of(entry, replicas)) {
      wiring.links.push_back({e.from, e.to, rule, when, how});
    }
    if (wiring.links.size() > most_links) {
      entry.fail("more than " + std::to_string(most_links) + " links");
    }
  }
}

/// What any graph of a file may have. Parts of others may have a name.
std::vector<std::string> keys_with(const char* kind, std::size_t depth) {
  std::vector<std::string> keys = {kind, "links", "optimizer"};
  if (depth > 0) {
    keys.emplace_back("name");
  }
  return keys;
}

graph read_system(const node& from, std::size_t depth) {
  wiring_options options;
  member_reader members(from, keys_with("system", depth));
  for_each_field(options, members);
  members.refuse_others();
  std::string name;
  read(from.at("system"), name);
  const auto& single = one_replica_names();
  if (from.has("replicas") && options.replicas > 1 &&
      std::find(single.begin(), single.end(), name) != single.end()) {
    from.at("replicas").fail(name + " has one replica; give it workers");
  }
  try {
    if (auto made = topology::by_name(name, options)) {
      return *std::move(made);
    }
  } catch (const std::invalid_argument& e) {
    from.fail(e.what());
  }
  from.at("system").fail(none_of(name, names()));
}

graph read_graph(const node& from, std::size_t depth);

/// A part with a name puts it before the names of its replicas.
graph read_joined(const node& from, std::size_t depth) {
  member_reader(from, keys_with("join", depth)).refuse_others();
  const node parts = from.at("join");
  graph all;
  for (std::size_t i = 0; i < parts.array().value.size(); ++i) {
    const node part = parts.at(i);
    graph next = read_graph(part, depth + 1);
    if (part.has("name")) {
      std::string name;
      read(part.at("name"), name);
      for (replica& r : next.replicas) {
        r.name = name + "/" + r.name;
      }
    }
    if (!all.optimizer.empty() && !next.optimizer.empty() &&
        all.optimizer != next.optimizer) {
      part.fail("steps by " + next.optimizer + ", a part before it by " +
                all.optimizer + "; a run has one rule");
    }
    all = join(std::move(all), next);
    if (all.replicas.size() > most_replicas || all.links.size() > most_links) {
      part.fail("more than " + std::to_string(most_replicas) + " replicas or " +
                std::to_string(most_links) + " links");
    }
  }
  return all;
}

graph read_replicas(const node& from, std::size_t depth) {
  std::vector<std::string> keys = keys_with("replicas", depth);
  keys.insert(keys.end(), {"system", "join"});  // what may be meant instead
  member_reader(from, std::move(keys)).refuse_others();
  const node replicas = from.required("replicas");
  graph wiring;
  if (replicas.value.is_number()) {
    std::size_t count = 0;
    read(replicas, count);
    const json family = {{"name", "replica"}, {"count", count}};
    add_replicas({family, from.text, replicas.path}, wiring);
    return wiring;
  }
  for (std::size_t i = 0; i < replicas.array().value.size(); ++i) {
    add_replicas(replicas.at(i), wiring);
  }
  return wiring;
}

void read_optimizer(const node& from, graph& wiring) {
  read(from, wiring.optimizer);
  if (!is_optimizer(wiring.optimizer)) {
    from.fail(
        none_of(wiring.optimizer, {optimizers.begin(), optimizers.end()}));
  }
}

graph read_graph(const node& from, std::size_t depth) {
  if (depth > deepest) {
    from.fail("join within join, " + std::to_string(deepest) + " times over");
  }
  graph wiring = from.object().has("system") ? read_system(from, depth)
                 : from.has("join")          ? read_joined(from, depth)
                                             : read_replicas(from, depth);
  if (from.has("links")) {
    add_links(from.at("links"), wiring);
  }
  if (from.has("optimizer")) {
    read_optimizer(from.at("optimizer"), wiring);
  }
  return wiring;
}

}  // namespace

graph parse_wiring(std::string_view text, const std::string& file) {
  const json_text source{text, file};
  const json value = source.parse();
  return read_graph({value, source, ""}, 0);
}

graph read_wiring(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text;
  std::array<char, 1 << 16> part;
  while (in.read(part.data(), part.size()) || in.gcount() > 0) {
    text.append(part.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > most_bytes) {
      throw wiring_error(file + ": more than " +
                         std::to_string(most_bytes >> 20) +
                         " MiB, no wiring file");
    }
  }
  if (!in.is_open() || in.bad()) {
    throw wiring_error(file + ": cannot be read");
  }
  return parse_wiring(text, file);
}

}  // namespace sounder::topology

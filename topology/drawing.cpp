#include "topology/drawing.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "topology/describe.hpp"
#include "topology/structure.hpp"

namespace sounder::topology {

namespace {

constexpr std::size_t most_rows = 16;     // of a tree or a list
constexpr std::size_t most_columns = 32;  // of a matrix

using numbers = std::vector<std::size_t>;

std::string label_of(const replica& r) {
  return r.name + "  " + describe(r) +
         (r.place.empty() ? "" : " on " + r.place);
}

std::string cut(std::size_t left, const char* what) {
  return "... and " + std::to_string(left) + " " + what + " more\n";
}

bool all_end_at_one(const graph& wiring, const numbers& links) {
  return std::all_of(links.begin(), links.end(), [&](std::size_t i) {
    return wiring.links[i].to == wiring.links[links[0]].to;
  });
}

std::string tree(const graph& wiring, const numbers& links) {
  std::string text =
      label_of(wiring.replicas[wiring.links[links[0]].to]) + "\n";
  const std::size_t shown =
      links.size() <= most_rows ? links.size() : most_rows - 1;
  for (std::size_t k = 0; k < shown; ++k) {
    text += (k + 1 == links.size() ? "└── " : "├── ") +
            label_of(wiring.replicas[wiring.links[links[k]].from]) + "\n";
  }
  return shown == links.size()
             ? text
             : text + "└── " + cut(links.size() - shown, "replicas");
}

/// The replicas along the links, if these follow each other in one line or
/// one circle; else nothing.
numbers chain(const graph& wiring, const numbers& links) {
  std::map<std::size_t, std::size_t> next;
  std::set<std::size_t> ends;
  for (const std::size_t i : links) {
    const link& l = wiring.links[i];
    if (!next.emplace(l.from, l.to).second || !ends.insert(l.to).second) {
      return {};
    }
  }
  std::size_t here = wiring.links[links[0]].from;
  for (const auto& [from, to] : next) {
    here = ends.contains(from) ? here : from;  // where a line begins
  }
  numbers order = {here};
  for (std::size_t k = 0; k < links.size() && next.contains(order.back());
       ++k) {
    order.push_back(next.at(order.back()));
  }
  return order.size() == links.size() + 1 ? order : numbers{};
}

std::string chain_text(const graph& wiring, const numbers& order,
                       bool has_direction) {
  const char* const join = has_direction ? " → " : " — ";
  std::string text;
  const bool whole = order.size() <= most_rows + 1;
  const std::size_t shown = whole ? order.size() : most_rows - 1;
  for (std::size_t k = 0; k < shown; ++k) {
    text += (k == 0 ? "" : join) + wiring.replicas[order[k]].name;
  }
  return whole ? text + "\n"
               : text + join + "... " +
                     std::to_string(order.size() - shown - 1) + " more ..." +
                     join + wiring.replicas[order.back()].name + "\n";
}

/// What stands in row i, column j: "→" for a link from i to j, "←" for one
/// back, "↔" for both, "●" for one without a direction.
std::string matrix(const graph& wiring, const numbers& links,
                   const numbers& members) {
  std::map<std::pair<std::size_t, std::size_t>, bool> joined;  // has direction
  std::size_t width = 0;
  for (const std::size_t i : links) {
    const link& l = wiring.links[i];
    joined[{l.from, l.to}] = !is_symmetric(l.exchange);
  }
  for (const std::size_t i : members) {
    width = std::max(width, wiring.replicas[i].name.size());
  }
  std::string text;
  for (const std::size_t i : members) {
    const std::string& name = wiring.replicas[i].name;
    text += name + std::string(width - name.size() + 1, ' ');
    for (const std::size_t j : members) {
      const auto forth = joined.find({i, j});
      const auto back = joined.find({j, i});
      const bool has_forth = forth != joined.end();
      const bool has_back = back != joined.end();
      const bool has_direction =
          (has_forth && forth->second) || (has_back && back->second);
      text += " ";
      text += i == j                    ? "\\"
              : !has_forth && !has_back ? "·"
              : !has_direction          ? "●"
              : has_forth && has_back   ? "↔"
              : has_forth               ? "→"
                                        : "←";
    }
    text += "\n";
  }
  return text;
}

std::string lists(const graph& wiring, const numbers& links) {
  std::map<std::size_t, numbers> next;
  for (const std::size_t i : links) {
    next[wiring.links[i].from].push_back(wiring.links[i].to);
  }
  std::string text;
  std::size_t rows = 0;
  for (const auto& [from, to] : next) {
    if (++rows == most_rows) {
      return text + cut(next.size() - rows + 1, "replicas");
    }
    const bool both = is_symmetric(wiring.links[links[0]].exchange);
    text += wiring.replicas[from].name + (both ? " — " : " → ");
    for (std::size_t k = 0; k < to.size() && k < 6; ++k) {
      text += (k == 0 ? "" : ", ") + wiring.replicas[to[k]].name;
    }
    text +=
        to.size() > 6 ? ", " + std::to_string(to.size() - 6) + " more\n" : "\n";
  }
  return text;
}

std::string picture(const graph& wiring, const numbers& links) {
  if (all_end_at_one(wiring, links) && links.size() > 1) {
    return tree(wiring, links);
  }
  const numbers order = chain(wiring, links);
  if (!order.empty()) {
    return chain_text(wiring, order,
                      !is_symmetric(wiring.links[links[0]].exchange));
  }
  const numbers members = touched(wiring, links);
  return members.size() <= most_columns ? matrix(wiring, links, members)
                                        : lists(wiring, links);
}

/// Links of one exchange and discipline that are connected, in the order of
/// their first links.
std::vector<numbers> families(const graph& wiring) {
  std::map<std::string, std::size_t> kinds;
  numbers kind_of;
  for (const link& l : wiring.links) {
    const std::string what = describe(l);
    kind_of.push_back(kinds.emplace(what, kinds.size()).first->second);
  }
  std::vector<numbers> all;
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    const link* const first = wiring.links.data();
    for (auto& links : components(wiring, [&](const link& l) {
           return kind_of[static_cast<std::size_t>(&l - first)] == kind;
         })) {
      all.push_back(std::move(links));
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

bool shows_all(const graph& wiring, const numbers& links) {
  return links.size() > 1 && links.size() < most_rows &&
         all_end_at_one(wiring, links) &&
         links.size() + 1 == wiring.replicas.size();
}

/// A line for each replica, or for neighbours that are alike.
std::string replicas_of(const graph& wiring) {
  const auto words = [&](std::size_t i) {
    const replica& r = wiring.replicas[i];
    return describe(r) + (r.place.empty() ? "" : " on " + r.place);
  };
  std::string text;
  std::size_t rows = 0;
  for (std::size_t i = 0; i < wiring.replicas.size();) {
    std::size_t end = i + 1;
    while (end < wiring.replicas.size() && words(end) == words(i)) {
      ++end;
    }
    if (++rows == most_rows) {
      return text + cut(wiring.replicas.size() - i, "replicas");
    }
    const std::string& first = wiring.replicas[i].name;
    text += end - i < 3 ? first + "  " + words(i)
                        : first + " to " + wiring.replicas[end - 1].name +
                              "  " + words(i) + " each";
    text += "\n";
    i = end - i < 3 ? i + 1 : end;
  }
  return text;
}

}  // namespace

std::string draw(const graph& wiring) {
  const std::vector<numbers> all = families(wiring);
  const bool is_shown = std::any_of(
      all.begin(), all.end(),
      [&](const numbers& links) { return shows_all(wiring, links); });
  std::string text = is_shown ? "" : replicas_of(wiring);
  for (const numbers& links : all) {
    const link& l = wiring.links[links[0]];
    text += (text.empty() ? "" : "\n") + describe(l) + ": " +
            std::to_string(links.size()) +
            (links.size() == 1 ? " link\n" : " links\n") +
            picture(wiring, links);
  }
  return text;
}

}  // namespace sounder::topology

#include "topology/shapes.hpp"

#include <algorithm>
#include <bit>
#include <set>
#include <stdexcept>

namespace sounder::topology::shapes {

namespace {

/// Edges without loops, each pair once, in the order they were added.
class pairs {
 public:
  void add(std::size_t from, std::size_t to) {
    if (from != to && seen_.insert(std::minmax(from, to)).second) {
      all_.push_back({from, to});
    }
  }
  edges take() { return std::move(all_); }

 private:
  std::set<std::pair<std::size_t, std::size_t>> seen_;
  edges all_;
};

}  // namespace

edges star(std::size_t leaves) {
  edges all;
  for (std::size_t i = 1; i <= leaves; ++i) {
    all.push_back({i, 0});
  }
  return all;
}

edges ring(std::size_t n) {
  pairs all;
  for (std::size_t i = 0; i < n; ++i) {
    all.add(i, (i + 1) % n);
  }
  return all.take();
}

edges directed_ring(std::size_t n) {
  edges all;
  for (std::size_t i = 0; n > 1 && i < n; ++i) {
    all.push_back({i, (i + 1) % n});
  }
  return all;
}

edges clique(std::size_t n) {
  edges all;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      all.push_back({i, j});
    }
  }
  return all;
}

edges groups(std::size_t n, std::size_t size) {
  size = std::max<std::size_t>(size, 1);
  edges all;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t leader = i - i % size;
    if (i != leader) {
      all.push_back({i, leader});
    }
  }
  return all;
}

edges group_rings(std::size_t n, std::size_t size) {
  size = std::max<std::size_t>(size, 1);
  pairs all;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t leader = i - i % size;
    const bool is_last = i + 1 == n || (i + 1) % size == 0;
    all.add(i, is_last ? leader : i + 1);
  }
  return all.take();
}

edges two_level_groups(std::size_t n, std::size_t size) {
  size = std::max<std::size_t>(size, 1);
  edges all = groups(n, size);
  const std::size_t leaders = n / size + (n % size == 0 ? 0 : 1);
  for (const edge& e : ring(leaders)) {
    all.push_back({e.from * size, e.to * size});
  }
  return all;
}

edges torus(std::size_t rows, std::size_t columns) {
  pairs all;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      const std::size_t node = r * columns + c;
      all.add(node, r * columns + (c + 1) % columns);
      all.add(node, (r + 1) % rows * columns + c);
    }
  }
  return all.take();
}

edges torus(std::size_t n) {
  std::size_t rows = 1;
  for (std::size_t d = 1; d <= n / d; ++d) {
    rows = n % d == 0 ? d : rows;
  }
  return n == 0 ? edges{} : torus(rows, n / rows);
}

edges directed_exponential(std::size_t n) {
  edges all;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t hop = 1; hop < n; hop *= 2) {
      all.push_back({i, (i + hop) % n});
    }
  }
  return all;
}

edges exponential(std::size_t n) {
  pairs all;
  for (const edge& e : directed_exponential(n)) {
    all.add(e.from, e.to);
  }
  return all.take();
}

edges hypercube(unsigned dimension) {
  const std::size_t n = std::size_t{1} << dimension;
  edges all;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t bit = 1; bit < n; bit *= 2) {
      if ((i & bit) == 0) {
        all.push_back({i, i | bit});
      }
    }
  }
  return all;
}

std::optional<edges> by_name(std::string_view name, std::size_t n) {
  if (name == "ring") {
    return ring(n);
  }
  if (name == "clique") {
    return clique(n);
  }
  if (name == "torus") {
    return torus(n);
  }
  if (name == "exponential") {
    return exponential(n);
  }
  if (name == "hypercube") {
    if (n != 0 && !std::has_single_bit(n)) {
      throw std::invalid_argument(
          "a hypercube has 1, 2, 4, 8, ... replicas, "
          "not " +
          std::to_string(n));
    }
    return n == 0 ? edges{}
                  : hypercube(static_cast<unsigned>(std::countr_zero(n)));
  }
  return std::nullopt;
}

const std::vector<std::string>& names() {
  static const std::vector<std::string> all = {"ring", "clique", "torus",
                                               "exponential", "hypercube"};
  return all;
}

}  // namespace sounder::topology::shapes

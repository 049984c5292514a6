#include "actors/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sounder::actors {

namespace {

constexpr std::size_t most_chunks_a_leg = std::size_t{1} << 20U;

double step_of(const std::vector<chunk_range>& epoch, std::size_t chunk,
               const kernels::step_size_rule& rule) {
  const auto rows = static_cast<double>(epoch.back().last);
  const double within =
      static_cast<double>(epoch[chunk % epoch.size()].first) / rows;
  return rule(static_cast<double>(chunk / epoch.size()) + within);
}

template <class StepOf>
leg_schedule plan_with(const std::vector<chunk_range>& epoch,
                       std::size_t batch_size, std::size_t first,
                       std::size_t last, const kernels::objective& objective,
                       const StepOf& step_at) {
  leg_schedule leg;
  leg.first = first;
  leg.last = std::min(last, first + most_chunks_a_leg);
  for (std::size_t c = first; c < leg.last; ++c) {
    const chunk_range& chunk = epoch[c % epoch.size()];
    const double step = step_at(c);
    const std::size_t batches =
        (chunk.last - chunk.first + batch_size - 1) / batch_size;
    const double after = leg.end_scale * std::pow(objective.shrink(step),
                                                  static_cast<double>(batches));
    if (after < least_scale && c > first) {
      leg.last = c;
      break;
    }
    leg.starts.push_back({step, leg.end_scale});
    leg.end_scale = after;
  }
  return leg;
}

}  // namespace

std::size_t default_chunk_rows(std::uint64_t stored_values, std::size_t rows) {
  constexpr std::uint64_t values_a_chunk = 64U << 10U;
  const std::uint64_t values = std::max<std::uint64_t>(stored_values, 1);
  return std::max<std::size_t>(values_a_chunk * rows / values, 1);
}

std::size_t rows_until_scale(double least, double shrink,
                             std::size_t batch_size) {
  if (!(shrink > 0.0 && shrink < 1.0)) {
    return std::numeric_limits<std::size_t>::max();
  }
  const double batches = std::floor(std::log(least) / std::log(shrink));
  const double rows = std::max(batches, 1.0) * static_cast<double>(batch_size);
  return rows < 1e18 ? static_cast<std::size_t>(rows)
                     : std::numeric_limits<std::size_t>::max();
}

std::vector<chunk_range> cut_epoch(std::size_t rows, std::size_t batch_size,
                                   std::size_t chunk_rows, unsigned workers) {
  const auto whole_batches = [=](std::size_t n) {
    return std::max(n / batch_size, std::size_t{1}) * batch_size;
  };
  // At least four chunks a worker, so that uneven speeds even out.
  const std::size_t fair = workers > 1 ? rows / (4UL * workers) : rows;
  const std::size_t usual = whole_batches(std::min(chunk_rows, fair));
  const std::size_t small = whole_batches(usual / 8);
  const std::size_t tail = workers > 1 ? usual * workers : 0;
  std::vector<chunk_range> chunks;
  for (std::size_t first = 0; first < rows;) {
    const std::size_t left = rows - first;
    const std::size_t size = left <= tail ? small : usual;
    chunks.push_back({first, first + std::min(size, left)});
    first = chunks.back().last;
  }
  return chunks;
}

leg_schedule plan_leg(const std::vector<chunk_range>& epoch,
                      std::size_t batch_size, std::size_t first,
                      std::size_t last, const kernels::objective& objective,
                      const kernels::step_size_rule& rule) {
  return plan_with(epoch, batch_size, first, last, objective,
                   [&](std::size_t c) { return step_of(epoch, c, rule); });
}

std::vector<double> steps_of(const std::vector<chunk_range>& epoch,
                             const kernels::step_size_rule& rule,
                             std::size_t chunks) {
  std::vector<double> steps;
  for (std::size_t c = 0; c < chunks; ++c) {
    steps.push_back(step_of(epoch, c, rule));
  }
  return steps;
}

leg_schedule plan_leg(const std::vector<chunk_range>& epoch,
                      std::size_t batch_size, std::size_t first,
                      std::size_t last, const kernels::objective& objective,
                      const std::vector<double>& steps) {
  return plan_with(epoch, batch_size, first, last, objective,
                   [&](std::size_t c) { return steps.at(c); });
}

}  // namespace sounder::actors

#include "actors/plan/schedule.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <utility>

namespace sounder::actors {

namespace {

constexpr std::size_t most_chunks_a_leg = std::size_t{1} << 14U;

double step_of(const run_cut& cut, std::size_t chunk,
               const kernels::learning_rate_schedule& rule) {
  const auto [epoch, within] = cut.chunks().place_of(chunk);
  const std::vector<chunk_range>& chunks = cut.epoch(epoch).chunks;
  const double done = static_cast<double>(chunks[within].first) /
                      static_cast<double>(chunks.back().last);
  return rule(static_cast<double>(epoch) + done);
}

template <class CountOf>
std::vector<std::size_t> counts(const std::vector<epoch_cut>& epochs,
                                const CountOf& count_of) {
  std::vector<std::size_t> found;
  std::transform(epochs.begin(), epochs.end(), std::back_inserter(found),
                 count_of);
  return found;
}

template <class StepOf>
phase_schedule plan_with(const run_cut& cut, std::size_t first,
                         std::size_t last, const kernels::objective& objective,
                         const StepOf& step_at) {
  phase_schedule phase;
  phase.first = first;
  phase.last = std::min(last, first + most_chunks_a_leg);
  for (std::size_t c = first; c < phase.last; ++c) {
    const auto [number, within] = cut.chunks().place_of(c);
    const epoch_cut& epoch = cut.epoch(number);
    const double step = step_at(c);
    const auto batches =
        static_cast<double>(epoch.batches(epoch.chunks[within]));
    const double after =
        phase.end_scale * std::pow(objective.shrink(step), batches);
    if (after < least_scale && c > first) {
      phase.last = c;
      break;
    }
    phase.starts.push_back({step, phase.end_scale});
    phase.end_scale = after;
  }
  return phase;
}

}  // namespace

numbering::numbering(const std::vector<std::size_t>& counts)
    : last_count_(counts.empty() ? 1 : counts.back()) {
  first_.push_back(0);
  for (std::size_t e = 0; e + 1 < counts.size(); ++e) {
    first_.push_back(first_.back() + counts[e]);
  }
}

std::size_t numbering::before(std::size_t epoch) const noexcept {
  const std::size_t known = std::min(epoch, first_.size() - 1);
  return first_[known] + (epoch - known) * last_count_;
}

numbering::place numbering::place_of(std::size_t number) const noexcept {
  if (number >= first_.back()) {
    const std::size_t further = number - first_.back();
    return {first_.size() - 1 + further / last_count_, further % last_count_};
  }
  const auto after = std::upper_bound(first_.begin(), first_.end(), number);
  const auto epoch = static_cast<std::size_t>(after - first_.begin()) - 1;
  return {epoch, number - first_[epoch]};
}

run_cut::run_cut(std::vector<epoch_cut> epochs)
    : epochs_(std::move(epochs)),
      chunks_(counts(epochs_,
                     [](const epoch_cut& cut) { return cut.chunks.size(); })),
      legs_(counts(epochs_, [](const epoch_cut& cut) {
        return cut.phase_ends.size();
      })) {}

const epoch_cut& run_cut::epoch(std::size_t number) const noexcept {
  return epochs_[std::min(number, epochs_.size() - 1)];
}

std::size_t default_chunk_rows(std::uint64_t stored_values, std::size_t rows) {
  constexpr std::uint64_t values_a_chunk = 64U << 10U;
  const std::uint64_t values = std::max<std::uint64_t>(stored_values, 1);
  return std::max<std::size_t>(values_a_chunk * rows / values, 1);
}

std::size_t smooth_chunk_rows(std::size_t rows) noexcept {
  constexpr std::size_t chunks = 32;
  return std::max<std::size_t>(rows / chunks, 1);
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

phase_schedule plan_phase(const run_cut& cut, std::size_t first,
                          std::size_t last, const kernels::objective& objective,
                          const kernels::learning_rate_schedule& rule) {
  return plan_with(cut, first, last, objective,
                   [&](std::size_t c) { return step_of(cut, c, rule); });
}

void step_table::add(double size) {
  const auto bits = std::bit_cast<std::uint64_t>(size);
  if (sizes.empty() || sizes.back() != bits) {
    ends.push_back(ends.empty() ? first : ends.back());
    sizes.push_back(bits);
  }
  ++ends.back();
}

double step_table::at(std::size_t chunk) const {
  const auto after = std::upper_bound(ends.begin(), ends.end(), chunk);
  const auto run = static_cast<std::size_t>(after - ends.begin());
  if (chunk < first) {
    throw std::out_of_range("a chunk before the table of step sizes");
  }
  return std::bit_cast<double>(sizes.at(run));
}

step_table steps_of(const run_cut& cut,
                    const kernels::learning_rate_schedule& rule,
                    std::size_t first_epoch, std::size_t last_epoch) {
  step_table steps;
  steps.first = cut.chunks().before(first_epoch);
  for (std::size_t c = steps.first; c < cut.chunks().before(last_epoch); ++c) {
    steps.add(step_of(cut, c, rule));
  }
  return steps;
}

phase_schedule plan_phase(const run_cut& cut, std::size_t first,
                          std::size_t last, const kernels::objective& objective,
                          const step_table& steps) {
  return plan_with(cut, first, last, objective,
                   [&](std::size_t c) { return steps.at(c); });
}

}  // namespace sounder::actors

#include "actors/plan/link_record.hpp"

#include <algorithm>
#include <cmath>

namespace sounder::actors {

void histogram::add(std::uint64_t value) noexcept {
  // Bucket 4 p + q holds [2^p (1 + q / 4), 2^p (1 + (q + 1) / 4)) of value + 1.
  const std::uint64_t v = value + 1;
  const auto power = static_cast<std::size_t>(std::bit_width(v)) - 1;
  const std::uint64_t quarter =
      power >= 2 ? (v >> (power - 2)) & 3U : (v << (2 - power)) & 3U;
  counts* buckets = counts_.load(std::memory_order_relaxed);
  if (buckets == nullptr) {
    buckets = new counts{};
    counts_.store(buckets, std::memory_order_release);
  }
  const std::size_t bucket = std::min<std::size_t>(
      power * per_power + static_cast<std::size_t>(quarter),
      buckets->size() - 1);
  (*buckets)[bucket].fetch_add(1, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
  if (value > max_.load(std::memory_order_relaxed)) {
    max_.store(value, std::memory_order_relaxed);
  }
}

double histogram::quantile(double fraction) const noexcept {
  const auto total = static_cast<double>(count_.load());
  const counts* const buckets = counts_.load(std::memory_order_acquire);
  double seen = 0.0;
  for (std::size_t b = 0; buckets != nullptr && b < buckets->size(); ++b) {
    seen += static_cast<double>((*buckets)[b].load(std::memory_order_relaxed));
    if (seen >= fraction * total) {
      const double low = std::ldexp(1.0 + 0.25 * static_cast<double>(b % 4),
                                    static_cast<int>(b / per_power));
      const double high = std::ldexp(1.25 + 0.25 * static_cast<double>(b % 4),
                                     static_cast<int>(b / per_power));
      const double middle = b < 2 * per_power ? low : 0.5 * (low + high);
      return std::min(middle - 1.0, static_cast<double>(max_.load()));
    }
  }
  return 0.0;
}

quantiles quantiles_of(const histogram& h) noexcept {
  return {h.quantile(0.5), h.quantile(0.9), h.quantile(0.99),
          static_cast<double>(h.max())};
}

link_record link_meter::record() const {
  link_record r;
  r.from = from;
  r.to = to;
  r.exchange = exchange;
  r.count = latency_ns->count();
  r.bytes = bytes.load();
  r.dropped = dropped.load();
  r.latency_us = quantiles_of(*latency_ns);
  for (double* const value : {&r.latency_us.p50, &r.latency_us.p90,
                              &r.latency_us.p99, &r.latency_us.max}) {
    *value /= 1000.0;
  }
  r.staleness = quantiles_of(staleness);
  return r;
}

}  // namespace sounder::actors

#pragma once

// What a link has seen: measured where the meeting happens, read by the run.

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace sounder::actors {

/// Counts of values in buckets that grow by a quarter of a power of two: any
/// quantile is off by an eighth at most. Values up to 2^40.
///
/// Threads: one writes, any read.
/// Memory:  1.3 KB, with the first value.
class histogram {
 public:
  histogram() = default;
  ~histogram() { delete counts_.load(); }
  histogram(const histogram&) = delete;
  histogram& operator=(const histogram&) = delete;

  void add(std::uint64_t value) noexcept;

  /// The value below which `fraction` of all lie; 0 when there are none.
  double quantile(double fraction) const noexcept;
  std::uint64_t max() const noexcept { return max_.load(); }
  std::uint64_t count() const noexcept { return count_.load(); }

 private:
  static constexpr std::size_t per_power = 4;
  using counts = std::array<std::atomic<std::uint64_t>, 40 * per_power>;
  std::atomic<counts*> counts_{nullptr};
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> max_{0};
};

struct quantiles {
  double p50 = 0.0;
  double p90 = 0.0;
  double p99 = 0.0;
  double max = 0.0;
};
quantiles quantiles_of(const histogram& h) noexcept;

/// One link's numbers at a moment.
struct link_record {
  std::string from;
  std::string to;
  std::string exchange;
  std::uint64_t count = 0;    // meetings
  std::uint64_t bytes = 0;    // both ways
  std::uint64_t dropped = 0;  // updates that were too old
  quantiles latency_us;       // of a meeting, waiting included
  quantiles staleness;        // meetings of others since one's own last
};

/// Threads: as histogram.
struct link_meter {
  std::string from;
  std::string to;
  std::string exchange;
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> dropped{0};
  /// Links that are met together have one.
  std::shared_ptr<histogram> latency_ns = std::make_shared<histogram>();
  histogram staleness;

  link_record record() const;
};

}  // namespace sounder::actors

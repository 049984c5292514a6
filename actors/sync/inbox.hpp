#pragma once

// Gossip: what neighbours tell a replica waits until it comes to rest.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "actors/sync/state_archive.hpp"
#include "actors/wire/signal.hpp"

namespace sounder::actors {

struct update {
  std::size_t from = 0;  // replica
  std::uint64_t round = 0;
  double weight = 0.0;  // push-sum
  std::shared_ptr<std::vector<float>> values;
};

/// A replica has an inbox for each kind.
enum class update_kind : std::uint8_t {
  deltas,        // broadcast, added up when the reader is slow
  shares,        // push-sum, likewise
  mixing,        // lockstep averaging, by round
  round_shares,  // push-sum in lockstep, by round
};
constexpr std::size_t update_kinds = 4;

/// Whether updates may be added up on the way; the others are for a round.
constexpr bool adds_up(update_kind kind) noexcept {
  return kind <= update_kind::shares;
}

/// to <- to + more, values and weight. Who shares to's values keeps them as
/// they are.
void add_update(update& to, const update& more);

/// Threads: any may put, one takes.
class inbox {
 public:
  explicit inbox(update_kind kind) noexcept : kind_(kind) {}

  /// Those that add up are, with what the same sender has sent and nobody has
  /// read: what a slow reader has not read does not pile up.
  void put(update news);
  /// Everything that has come.
  std::vector<update> take_all();
  /// Likewise; all of it stays.
  std::vector<update> all() const;
  /// Updates of that round, when there are `count` of them; else none.
  std::vector<update> take_round(std::uint64_t round, std::size_t count);
  bool has_round(std::uint64_t round, std::size_t count);
  std::size_t size();

  /// Everything that has come, of vectors of that size.
  void keep(state_archive& all, std::size_t size);

  update_kind kind() const noexcept { return kind_; }

  signal changed;

 private:
  const update_kind kind_;
  mutable std::mutex mutex_;
  std::vector<update> updates_;
};

}  // namespace sounder::actors

#pragma once

// What a run leaves behind to go on from: all of it at an epoch's end, as one
// file of a folder.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "actors/plan/run_report.hpp"
#include "actors/sync/state_archive.hpp"
#include "kernels/data/hash.hpp"
#include "topology/graph.hpp"

namespace sounder::actors {

/// What changes of a replica or hub: replica_state.hpp.
struct kept_state {
  std::string name;
  std::vector<char> bytes;

  void keep(state_archive& all) {
    all(name);
    all.any_number(bytes);
  }
};

/// A run at an epoch's end, everybody at rest.
struct checkpoint {
  epoch_record last;                 // the evaluation there
  double best_loss = 0.0;            // so far
  unsigned epochs_since_best = 0;    // then
  kernels::hash_128 samples_hash{};  // kernels::fingerprint of those trained on
  std::string words;                 // of the caller, for itself
  std::string wiring;                // wiring_text
  std::vector<kept_state> states;    // by number in the graph
  std::vector<float> parameters;     // the model that was evaluated

  unsigned epoch() const noexcept { return last.epoch; }
  void keep(state_archive& all);
};

/// The graph, and which of its replicas share a place.
std::string wiring_text(const topology::graph& of);

/// As docs/reference/file-formats.md says. Throws state_error.
std::vector<std::byte> write_checkpoint(const checkpoint& from);
checkpoint read_checkpoint(std::span<const std::byte> bytes);

/// Checkpoints of one run, by their epochs; no other run's while this lives.
///
/// Files appear whole or not at all, and are there after a power cut.
///
/// Errors:  kernels::data_error that names the folder or the file.
/// Threads: one at a time.
class checkpoint_folder {
 public:
  /// Makes it, unless it is there, and clears away what killed processes have
  /// left half-written. Throws when another process has it.
  explicit checkpoint_folder(std::filesystem::path folder);
  checkpoint_folder(const checkpoint_folder&) = delete;
  checkpoint_folder& operator=(const checkpoint_folder&) = delete;
  ~checkpoint_folder();

  bool is_empty() const { return files().empty(); }
  std::filesystem::path path() const { return path_; }
  std::filesystem::path path_of(unsigned epoch) const;

  /// The newest one that is whole; why newer ones are not, a line each, goes to
  /// `damaged`. Throws when there is none.
  checkpoint newest(std::vector<std::string>& damaged) const;

  void remove_after(unsigned epoch);

  /// A file that the next checkpoint is to have beside it.
  void write_with_next(std::string name, std::string content) {
    beside_ = {std::move(name), std::move(content)};
  }

  /// Removes all but the newest `count` (1 or more) then.
  void write(const checkpoint& from, std::size_t count);

 private:
  std::map<unsigned, std::filesystem::path> files() const;

  std::filesystem::path path_;
  std::pair<std::string, std::string> beside_;  // name, content; none: empty
  int lock_ = -1;
};

/// What a run does about checkpoints.
struct checkpointing {
  std::shared_ptr<checkpoint_folder> folder;  // null: keeps none
  std::chrono::duration<double> every{60.0};  // between two that are written
  std::size_t count = 2;                      // that stay
  std::string words;                          // for `checkpoint::words`
  std::shared_ptr<const checkpoint> from;     // to go on from; may be null
};

}  // namespace sounder::actors

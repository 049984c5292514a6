#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "actors/plan/run_report.hpp"

namespace sounder::app {

/// A file that was read.
struct load_record {
  std::string file;
  std::uint64_t bytes = 0;
  double seconds = 0.0;
};

/// The keys of an epoch record; test_loss and test_error are null without a
/// test set.
nlohmann::ordered_json as_json(const actors::epoch_record& record);
/// The keys of the end of a run.
nlohmann::ordered_json as_json(const actors::run_report& report);

/// Largest resident size of this process so far.
std::uint64_t peak_rss_bytes();

/// JSON lines: `event`, `time_s`, `run`, and what belongs to the event. A line
/// is there whole or not at all.
///
/// Errors:  data_error when the file cannot be made. A later failure (a full
///          disk) drops that line and those after it; close() tells.
/// Threads: one at a time.
class metrics_file {
 public:
  using clock = std::chrono::steady_clock;

  /// Writes nothing when `file` is empty.
  explicit metrics_file(const std::string& file);
  metrics_file(const metrics_file&) = delete;
  metrics_file& operator=(const metrics_file&) = delete;
  ~metrics_file();

  /// Names the run that the next records belong to, and starts its clock.
  void start_run(const std::string& suffix = "");

  void load(const load_record& record);
  void epoch(const actors::epoch_record& record);
  /// The run diverged and begins anew with this step size: the records that
  /// follow count from epoch 1.
  void restart(double step_size);
  /// Somebody was lost; the run goes on from its checkpoint after that epoch.
  void resume(unsigned epoch, const std::string& why);
  void end(const actors::run_report& report);

  /// Throws data_error when a line could not be written.
  void close();

 private:
  void write(const char* event, double time_s,
             const nlohmann::ordered_json& more);
  double now() const;

  std::string name_;
  int file_ = -1;
  int problem_ = 0;  // errno of the first failed write
  std::string id_;
  std::string run_;
  clock::time_point start_;
};

}  // namespace sounder::app

#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "actors/plan/run_report.hpp"

namespace sounder::app {

/// "sounder: <text>" on stderr. A stderr that cannot be written is ignored.
void complain(const std::string& text);

/// What happens, on stderr: on a terminal one line redrawn in place, as wide as
/// the terminal at most, now and then a line of its own elsewhere (the first,
/// the last, and at most one every two seconds).
///
/// Threads: one at a time.
class progress {
 public:
  explicit progress(bool quiet);
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  ~progress() { finish(); }

  /// A line that stays.
  void note(const std::string& text);

  /// Starts a run of so many epochs. `title` opens its lines.
  void start(std::string title, unsigned epochs);
  void epoch(const actors::epoch_record& record);

  /// Leaves the live line, as it is, behind.
  void finish();

 private:
  using clock = std::chrono::steady_clock;

  /// What is known of an epoch, in `width` characters if there is a limit.
  std::string describe(const actors::epoch_record& record,
                       std::optional<std::size_t> width) const;
  void redraw(const actors::epoch_record& record);

  bool quiet_;
  bool live_;              // stderr is a terminal
  bool has_line_ = false;  // a live line is on the screen
  std::size_t drawn_ = 0;  // its length
  std::string title_;
  unsigned epochs_ = 0;
  clock::time_point next_;  // not before this, when not live
};

}  // namespace sounder::app

#include "apps/sounder/progress.hpp"

#include <algorithm>
#include <cstdio>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "apps/sounder/table.hpp"
#include "apps/sounder/terminal.hpp"

namespace sounder::app {

namespace {

constexpr auto interval = std::chrono::seconds(2);

void say(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

void complain(const std::string& text) { say("sounder: " + text + '\n'); }

progress::progress(bool quiet)
    : quiet_(quiet), live_(isatty(STDERR_FILENO) != 0) {}

void progress::note(const std::string& text) {
  if (!quiet_) {
    finish();
    const auto columns = terminal_columns(STDERR_FILENO);
    say((columns ? fold(text, *columns) : text) + '\n');
  }
}

void progress::start(std::string title, unsigned epochs) {
  finish();
  title_ = std::move(title);
  epochs_ = epochs;
  next_ = {};
}

std::string progress::describe(const actors::epoch_record& r,
                               std::optional<std::size_t> width) const {
  const double left = r.time_s / r.epoch * (epochs_ - r.epoch);
  struct part {
    std::string text;
    int rank;  // those of the lowest go first; 0: never
  };
  const std::vector<part> parts = {
      {title_, 4},
      {fmt::format("epoch {}/{}", r.epoch, epochs_), 0},
      {fmt::format("{} samples", rate(r.samples_per_s)), 1},
      {fmt::format("loss {:.5g}", r.train_loss), 0},
      {r.test_error ? fmt::format("test error {}", percent(*r.test_error)) : "",
       3},
      {r.epoch < epochs_ ? fmt::format("{} to go", seconds(left)) : "", 2}};
  std::string text;
  for (int least = 1; least <= 5; ++least) {
    text.clear();
    for (const part& p : parts) {
      if (!p.text.empty() && (p.rank == 0 || p.rank >= least)) {
        text += (text.empty() ? "" : "  ") + p.text;
      }
    }
    if (!width || length(text) <= *width) {
      return text;
    }
  }
  return cut(text, *width);
}

/// A window that has become narrower may have wrapped what was drawn: all rows
/// of it go. The last column stays free, where some terminals wrap at once.
void progress::redraw(const actors::epoch_record& record) {
  const std::size_t columns =
      std::max<std::size_t>(terminal_columns(STDERR_FILENO).value_or(80), 2);
  const std::size_t rows_above =
      has_line_ && drawn_ > 0 ? (drawn_ - 1) / columns : 0;
  const std::string line = describe(record, columns - 1);
  say((rows_above > 0 ? fmt::format("\x1b[{}A\r\x1b[J", rows_above)
                      : std::string("\r\x1b[K")) +
      line);
  has_line_ = true;
  drawn_ = length(line);
}

void progress::epoch(const actors::epoch_record& record) {
  if (quiet_) {
    return;
  }
  if (live_) {
    redraw(record);
    return;
  }
  const auto now = clock::now();
  if (now >= next_ || record.epoch == epochs_) {
    say(describe(record, std::nullopt) + '\n');
    next_ = now + interval;
  }
}

void progress::finish() {
  if (has_line_) {
    say("\n");
    has_line_ = false;
  }
}

}  // namespace sounder::app

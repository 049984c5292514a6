#include "apps/sounder/progress.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "apps/sounder/table.hpp"

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
    say(text + '\n');
  }
}

void progress::start(std::string title, unsigned epochs) {
  finish();
  title_ = std::move(title);
  epochs_ = epochs;
  next_ = {};
}

std::string progress::describe(const actors::epoch_record& r) const {
  const double left = r.time_s / r.epoch * (epochs_ - r.epoch);
  std::string text = fmt::format("{}epoch {}/{}  {} samples  loss {:.5g}",
                                 title_.empty() ? "" : title_ + "  ", r.epoch,
                                 epochs_, rate(r.samples_per_s), r.train_loss);
  if (r.test_error) {
    text += fmt::format("  test error {}", percent(*r.test_error));
  }
  if (r.epoch < epochs_) {
    text += fmt::format("  {} to go", seconds(left));
  }
  return text;
}

void progress::epoch(const actors::epoch_record& record) {
  if (quiet_) {
    return;
  }
  if (live_) {
    say("\r\x1b[K" + describe(record));
    has_line_ = true;
    return;
  }
  const auto now = clock::now();
  if (now >= next_ || record.epoch == epochs_) {
    say(describe(record) + '\n');
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

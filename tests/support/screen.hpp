#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace sounder::tests {

/// What a terminal of some width shows of the text written to it: characters,
/// carriage returns, line feeds, and the sequences that move up, erase a line
/// and erase all below. A line that is too long goes on in the next row, as
/// terminals have it.
class screen {
 public:
  explicit screen(std::size_t columns) : columns_(columns) {}

  void write(std::string_view text);

  /// Rows from the top, without spaces at their ends.
  std::vector<std::string> rows() const;

  /// How often a line was too long.
  std::size_t wraps() const noexcept { return wraps_; }

 private:
  void put(char c);
  void obey(char command, std::size_t count);
  std::string& row();

  std::size_t columns_;
  std::vector<std::string> rows_;
  std::size_t at_row_ = 0;
  std::size_t at_column_ = 0;
  std::size_t wraps_ = 0;
  std::string sequence_;  // an escape sequence of which the end is to come
};

/// A process whose standard streams are a terminal of its own; killed by the
/// destructor and at the deadline. Variables SOUNDER_* are not inherited, and
/// COLUMNS is not.
class terminal_process {
 public:
  terminal_process(const std::vector<std::string>& line, unsigned columns,
                   std::chrono::seconds deadline = std::chrono::seconds(60));
  terminal_process(const terminal_process&) = delete;
  terminal_process& operator=(const terminal_process&) = delete;
  ~terminal_process();

  /// Gives the terminal another width.
  void resize(unsigned columns) const;

  /// Reads until the output has this text, from a place in it on. False when
  /// it ends without it.
  bool shows(std::string_view text, std::size_t from = 0);

  /// Waits for the end: the exit code, 128 + n after signal n.
  int finish();

  /// All that was written so far, as it was.
  const std::string& output() const noexcept { return output_; }

 private:
  bool read_more();

  std::chrono::steady_clock::time_point deadline_;
  pid_t child_ = -1;
  int terminal_ = -1;
  std::string output_;
};

}  // namespace sounder::tests

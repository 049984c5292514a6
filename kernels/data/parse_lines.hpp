#pragma once

// Text in, parsed in parallel, out in file order: what the readers of text
// formats share.

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "kernels/data/line_blocks.hpp"

namespace sounder::kernels {

/// A problem in a line, counted from 1 within the block being parsed.
class line_error : public std::runtime_error {
 public:
  line_error(std::uint64_t line, const std::string& problem)
      : std::runtime_error(problem), line_(line) {}
  std::uint64_t line() const noexcept { return line_; }

 private:
  std::uint64_t line_;
};

/// One worker's parser of a line format.
class line_parser {
 public:
  virtual ~line_parser() = default;

  /// Parses whole lines, each with its '\n', into the parser's own memory,
  /// over what was there before. Returns the number of lines. Throws
  /// line_error at the first bad line. Different parsers run concurrently.
  virtual std::uint64_t parse(std::string_view lines) = 0;

  /// Adds the lines parsed last to the result that all parsers fill. Called in
  /// file order, one at a time.
  virtual void append() = 0;
};

/// Runs every line of `text` through `parsers`, one thread each, the caller's
/// among them.
///
/// Errors:   data_error with file and line for the first bad line in file
///           order, whatever the threads do; and what `text` throws, unless an
///           earlier block of a plain file has a bad line. A compressed file
///           with a bad line is read to its end: when it is damaged, that is
///           the error.
/// Cost:     one block of text per parser (longer if a line is).
void parse_lines(line_blocks& text,
                 std::span<const std::unique_ptr<line_parser>> parsers);

}  // namespace sounder::kernels

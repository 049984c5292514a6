#pragma once

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace sounder::tests {

/// The command line of the program, "train --quiet" given word by word.
inline words program_words(words given) {
  given.insert(given.begin(), SOUNDER_PROGRAM);
  return given;
}

inline outcome program(const words& given, const words& environment = {}) {
  return run(program_words(given), environment);
}

/// Four samples that a line through the origin separates.
inline constexpr const char* separable =
    "+1 1:1 3:0.5\n-1 2:1\n+1 1:2\n-1 2:2 3:0.5\n";

/// Requires a single line on stderr that starts with the program's name, and
/// nothing on stdout.
inline void check_complaint(const outcome& seen, int code,
                            const std::string& part) {
  CHECK(seen.code == code);
  CHECK(seen.out.empty());
  CHECK_THAT(seen.err, Catch::StartsWith("sounder: "));
  CHECK_THAT(seen.err, Catch::Contains(part));
  CHECK(seen.err.find('\n') + 1 == seen.err.size());
}

}  // namespace sounder::tests

#pragma once

// JSON with // comments as it stands in a file, and on which line. For the
// sources that read wirings; needs the library.

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace sounder::topology::detail {

using json = nlohmann::ordered_json;

/// Whether a terminal may take the character for a command.
inline bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
}

/// A text and the name of its file, for messages.
struct json_text {
  std::string_view text;
  std::string file;

  /// Errors: wiring_error, "FILE:LINE: PROBLEM", for what is not JSON, numbers
  /// beyond double, and a key that comes twice in an object: one would be lost.
  json parse() const;

  /// Throws wiring_error: "FILE:LINE: links[3].exchange: PROBLEM", with the
  /// line of the key, or where a value of a list begins. The library's values
  /// do not know their lines: this reads the text once more. Control characters
  /// become question marks.
  [[noreturn]] void fail(const std::string& path,
                         const std::string& problem) const;
};

}  // namespace sounder::topology::detail

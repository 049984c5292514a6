#pragma once

// How much room there is, and text that keeps to it.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sounder::app {

/// The columns of the terminal that the stream (STDOUT_FILENO, ...) is; nothing
/// when it is none. A terminal that does not say has as many as the variable
/// COLUMNS says, or 80. Asked anew each time: windows change their size.
std::optional<std::size_t> terminal_columns(int stream);

/// Characters of UTF-8.
std::size_t length(std::string_view text) noexcept;

/// The first `width` characters.
std::string cut(std::string_view text, std::size_t width);

/// With line breaks between words, so that no line is longer than `width`; a
/// word that is longer itself is broken, too. Lines go on indented by `indent`
/// spaces, where that leaves half of the width.
std::string fold(std::string_view text, std::size_t width,
                 std::size_t indent = 0);

}  // namespace sounder::app

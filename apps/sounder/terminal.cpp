#include "apps/sounder/terminal.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include <sys/ioctl.h>
#include <unistd.h>

namespace sounder::app {

namespace {

constexpr std::size_t usual_columns = 80;

bool starts_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

/// The bytes of the first `width` characters.
std::size_t bytes_of(std::string_view text, std::size_t width) {
  std::size_t at = 0;
  for (std::size_t seen = 0; at < text.size(); ++at) {
    seen += starts_character(text[at]) ? 1 : 0;
    if (seen > width) {
      break;
    }
  }
  return at;
}

/// Where to break a line that is longer than `width`: after the last word that
/// has room, or within the first.
std::size_t break_in(std::string_view line, std::size_t width) {
  const std::size_t room = bytes_of(line, width);
  const std::size_t space = line.rfind(' ', room);
  const std::size_t first = line.find_first_not_of(' ');
  return space == line.npos || space <= first ? room : space;
}

void fold_line(std::string_view line, std::size_t width, std::size_t indent,
               std::string& out) {
  std::string start;
  while (length(line) + start.size() > width) {
    const std::size_t end = break_in(line, width - start.size());
    out += start;
    out += line.substr(0, end);
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
    line.remove_prefix(end);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    start.assign(indent, ' ');
  }
  out += line.empty() ? "" : start;
  out += line;
}

}  // namespace

std::optional<std::size_t> terminal_columns(int stream) {
  if (isatty(stream) == 0) {
    return std::nullopt;
  }
  winsize size = {};
  if (ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  const char* const said = std::getenv("COLUMNS");
  std::size_t columns = 0;
  if (said != nullptr &&
      std::from_chars(said, said + std::strlen(said), columns).ec ==
          std::errc() &&
      columns > 0) {
    return columns;
  }
  return usual_columns;
}

std::size_t length(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), starts_character));
}

std::string cut(std::string_view text, std::size_t width) {
  return std::string(text.substr(0, bytes_of(text, width)));
}

std::string fold(std::string_view text, std::size_t width, std::size_t indent) {
  width = std::max<std::size_t>(width, 1);
  indent = 2 * indent <= width ? indent : 0;
  std::string out;
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    fold_line(text.substr(0, end), width, indent, out);
    if (end == text.size()) {
      return out;
    }
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace sounder::app

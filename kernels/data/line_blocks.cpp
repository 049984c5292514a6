#include "kernels/data/line_blocks.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "kernels/data/byte_order_mark.hpp"
#include "kernels/data/data_error.hpp"

namespace sounder::kernels {

namespace {

/// Puts '\n' for each '\r' that stands alone.
void end_lines_with_lf(char* p, const char* last) noexcept {
  for (; p != last; ++p) {
    p = static_cast<char*>(
        std::memchr(p, '\r', static_cast<std::size_t>(last - p)));
    if (p == nullptr) {
      return;
    }
    if (p + 1 == last || p[1] != '\n') {
      *p = '\n';
    }
  }
}

}  // namespace

std::string_view line_blocks::ahead(std::size_t bytes) {
  while (!at_end_ && rest_.size() - skipped_ < bytes) {
    fill(rest_);
  }
  return {rest_.data() + skipped_, rest_.size() - skipped_};
}

void line_blocks::skip(std::size_t bytes) {
  const char* from = rest_.data() + skipped_;
  lines_skipped_ +=
      static_cast<std::uint64_t>(std::count(from, from + bytes, '\n'));
  skipped_ += bytes;
}

void line_blocks::next(buffer<char>& block) {
  block.resize(0);
  block.append({rest_.data() + skipped_, rest_.size() - skipped_});
  rest_.resize(0);
  skipped_ = 0;
  while (!at_end_) {
    const std::size_t old = block.size();
    fill(block);
    if (keep_rest(block, old)) {
      return;
    }
    if (block.size() > longest_line) {
      throw data_error(file_.name(),
                       "a line is longer than 1 GiB; is this text?");
    }
  }
  if (!block.empty() && block[block.size() - 1] != '\n') {
    block.push_back('\n');
  }
}

/// Adds a block of the file to `text`, a '\r' never without what follows it.
void line_blocks::fill(buffer<char>& text) {
  const std::size_t old = text.size();
  const std::size_t size =
      at_start_ ? std::max(block_bytes_, byte_order_mark.size()) : block_bytes_;
  text.resize(old + size);
  const std::size_t got = file_.read({text.data() + old, size});
  text.resize(old + got);
  at_end_ = got < size;
  while (!at_end_ && text[text.size() - 1] == '\r') {
    char following = 0;
    at_end_ = file_.read({&following, 1}) == 0;
    if (!at_end_) {
      text.push_back(following);
    }
  }
  if (at_start_) {
    begin(text);
  }
  end_lines_with_lf(text.data() + old, text.data() + text.size());
}

void line_blocks::begin(buffer<char>& text) {
  at_start_ = false;
  const std::string_view whole(text.data(), text.size());
  if (is_utf_16(whole)) {
    throw data_error(file_.name(), std::string(utf_16_problem));
  }
  const std::size_t size = without_byte_order_mark(whole).size();
  std::copy(text.end() - size, text.end(), text.begin());
  text.resize(size);
}

/// Moves what follows the last '\n' from `block` to the next one; false when
/// the part from `first` on, the only new one, has none.
bool line_blocks::keep_rest(buffer<char>& block, std::size_t first) {
  if (block.size() == first) {
    return false;
  }
  const void* found = memrchr(block.data() + first, '\n', block.size() - first);
  if (found == nullptr) {
    return false;
  }
  const auto lines = static_cast<std::size_t>(static_cast<const char*>(found) +
                                              1 - block.data());
  rest_.append({block.data() + lines, block.size() - lines});
  block.resize(lines);
  return true;
}

buffer<char> whole_text(const std::filesystem::path& path) {
  input_file file(path);
  line_blocks lines(file, default_block_bytes);
  buffer<char> text;
  buffer<char> block;
  for (lines.next(block); !block.empty(); lines.next(block)) {
    text.append({block.data(), block.size()});
  }
  return text;
}

}  // namespace sounder::kernels

#include "kernels/data/svmlight.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kernels/assert.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/data/number.hpp"
#include "kernels/data/parallel.hpp"
#include "kernels/data/parse_lines.hpp"

namespace sounder::kernels {

namespace {

constexpr std::uint64_t largest_index = 0xffff'fffe;  // as written in the file
constexpr std::ptrdiff_t most_digits = 19;  // that cannot wrap 64 bits

/// What all workers fill, in file order.
struct samples_read {
  sparse_storage rows;
  std::vector<float> labels;
  std::uint64_t width = 0;
};

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }

/// Whether a label or pair may end before `c`.
bool ends_token(char c) noexcept {
  return is_blank(c) || c == '\n' || c == '#';
}

const char* skip_blanks(const char* p) noexcept {
  while (is_blank(*p)) {
    ++p;
  }
  return p;
}

/// The text from `p` to the next blank, comment or end of line.
std::string_view token_at(const char* p) noexcept {
  const char* last = p;
  while (!ends_token(*last)) {
    ++last;
  }
  return {p, static_cast<std::size_t>(last - p)};
}

class svmlight_parser final : public line_parser {
 public:
  svmlight_parser(const svmlight_options& options, samples_read& result)
      : origin_(options.zero_based ? 0 : 1),
        features_(options.features),
        highest_(features_ > 0
                     ? std::min(features_ - 1 + origin_, largest_index)
                     : largest_index),
        needs_labels_(options.needs_labels),
        result_(result) {}

  std::uint64_t parse(std::string_view lines) override;
  void append() override;

 private:
  const char* parse_label(const char* p);
  const char* parse_pairs(const char* p);
  std::string label_problem(std::string_view token) const;
  std::string pair_problem(const char* p, std::uint64_t lowest) const;

  // Set once.
  std::uint64_t origin_;  // of indices in the file
  std::uint64_t features_;
  std::uint64_t highest_;  // allowed in the file
  bool needs_labels_;
  samples_read& result_;

  // The block being parsed.
  const char* last_ = nullptr;
  std::uint64_t line_ = 0;
  std::uint64_t width_ = 0;
  std::size_t pairs_ = 0;
  buffer<std::uint32_t> index_;
  buffer<float> value_;
  buffer<std::uint64_t> row_end_;  // in pairs of this block
  buffer<float> label_;
};

std::uint64_t svmlight_parser::parse(std::string_view lines) {
  last_ = lines.data() + lines.size();
  line_ = 0;
  width_ = 0;
  pairs_ = 0;
  row_end_.resize(0);
  label_.resize(0);
  index_.resize(lines.size() / 4 + 1);  // "1:2 " is the shortest pair
  value_.resize(lines.size() / 4 + 1);
  for (const char* p = lines.data(); p != last_; ++p) {
    ++line_;
    p = skip_blanks(p);
    if (*p != '\n' && *p != '#') {
      p = parse_pairs(parse_label(p));
      row_end_.push_back(pairs_);
    }
    if (*p == '#') {
      p = static_cast<const char*>(
          std::memchr(p, '\n', static_cast<std::size_t>(last_ - p)));
    }
  }
  SOUNDER_ASSERT(pairs_ <= index_.size());
  return line_;
}

const char* svmlight_parser::parse_label(const char* p) {
  float label = 0;
  const char* after = parse_float(p, last_, label);
  if (after == nullptr || !ends_token(*after)) {
    const std::string_view token = token_at(p);
    if (needs_labels_ || token.find(':') == token.npos) {
      throw line_error(line_, label_problem(token));
    }
    label_.push_back(0.0F);
    return p;
  }
  label_.push_back(label);
  p = skip_blanks(after);
  if (std::string_view(p, last_).starts_with("qid:")) {
    p = skip_blanks(p + token_at(p).size());
  }
  return p;
}

/// The inner loop: pairs up to the end of the line or a comment.
const char* svmlight_parser::parse_pairs(const char* p) {
  std::uint32_t* index_out = index_.data() + pairs_;
  float* value_out = value_.data() + pairs_;
  std::uint64_t lowest = origin_;  // that the next index may be
  for (; is_digit(*p); p = skip_blanks(p)) {
    const char* token = p;
    std::uint64_t index = 0;
    do {
      index = 10 * index + static_cast<std::uint64_t>(*p - '0');
    } while (is_digit(*++p));
    const char* after =
        *p == ':' ? parse_float(p + 1, last_, *value_out) : nullptr;
    if (after == nullptr && *p == ':' && is_blank(p[1])) [[unlikely]] {
      after = parse_float(skip_blanks(p + 1), last_, *value_out);
    }
    if (after == nullptr || !ends_token(*after) || index < lowest ||
        index > highest_ || p - token > most_digits) [[unlikely]] {
      throw line_error(line_, pair_problem(token, lowest));
    }
    *index_out++ = static_cast<std::uint32_t>(index - origin_);
    ++value_out;
    lowest = index + 1;
    p = after;
  }
  if (*p != '\n' && *p != '#') {
    throw line_error(line_, pair_problem(p, lowest));
  }
  pairs_ = static_cast<std::size_t>(index_out - index_.data());
  width_ = std::max(width_, lowest - origin_);
  return p;
}

void svmlight_parser::append() {
  sparse_storage& rows = result_.rows;
  const std::uint64_t before = rows.index.size();
  rows.index.append({index_.data(), pairs_});
  rows.value.append({value_.data(), pairs_});
  for (const std::uint64_t end : row_end_) {
    rows.start.push_back(before + end);
  }
  result_.labels.insert(result_.labels.end(), label_.begin(), label_.end());
  result_.width = std::max(result_.width, width_);
}

std::string svmlight_parser::label_problem(std::string_view token) const {
  if (token.find(':') != token.npos) {
    return fmt::format(
        "no label before {}; give each sample one ('sounder predict' needs "
        "none)",
        quoted(token));
  }
  if (token.find(',') != token.npos) {
    return fmt::format(
        "several labels {}; give each sample one, or list a sample's topics in "
        "a file for 'sounder data convert --topics'",
        quoted(token));
  }
  return fmt::format("label {} {}", quoted(token), number_problem(token));
}

/// Why what is at `p` is not the next pair of its row.
std::string svmlight_parser::pair_problem(const char* p,
                                          std::uint64_t lowest) const {
  const std::string_view token = token_at(p);
  const std::size_t colon = token.find(':');
  if (colon == token.npos) {
    return fmt::format("{} is not INDEX:VALUE", quoted(token));
  }
  const std::string_view digits = token.substr(0, colon);
  const std::string_view value = colon + 1 < token.size()
                                     ? token.substr(colon + 1)
                                     : token_at(skip_blanks(token.end()));
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) {
    return fmt::format("index {} is not a whole number", quoted(digits));
  }
  std::uint64_t index = 0;
  const auto end = std::from_chars(digits.begin(), digits.end(), index);
  if (end.ec != std::errc() || index > largest_index ||
      std::ssize(digits) > most_digits) {
    return fmt::format("index {} is too large; the largest is {}",
                       quoted(digits), largest_index);
  }
  if (index < origin_) {
    return "index 0; indices start at 1 (--zero-based if yours do not)";
  }
  if (index < lowest) {
    return index + 1 == lowest
               ? fmt::format("index {} twice", index)
               : fmt::format("index {} after {}; indices must ascend", index,
                             lowest - 1);
  }
  if (index > highest_) {
    return fmt::format(
        "index {} is beyond the declared {} features (--features)", index,
        features_);
  }
  return fmt::format("value {} of index {} {}", quoted(value), index,
                     number_problem(value));
}

}  // namespace

dataset read_svmlight(input_file& file, const svmlight_options& options) {
  samples_read result;
  result.rows.start.push_back(0);
  std::vector<std::unique_ptr<line_parser>> parsers;
  for (unsigned i = thread_count(options.threads); i > 0; --i) {
    parsers.push_back(std::make_unique<svmlight_parser>(options, result));
  }
  line_blocks text(file, options.block_bytes);
  parse_lines(text, parsers);
  if (result.labels.empty()) {
    throw data_error(file.name(), "has no samples");
  }
  const std::size_t features =
      options.features > 0 ? options.features : result.width;
  if (features == 0) {
    throw data_error(file.name(),
                     "no sample has a feature; declare how many there are "
                     "(--features)");
  }
  result.rows.start.shrink_to_fit();
  result.rows.index.shrink_to_fit();
  result.rows.value.shrink_to_fit();
  return {std::move(result.rows), std::move(result.labels), features};
}

dataset read_svmlight(const std::filesystem::path& file,
                      const svmlight_options& options) {
  input_file content(file);
  return read_svmlight(content, options);
}

}  // namespace sounder::kernels

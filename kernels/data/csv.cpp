#include "kernels/data/csv.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kernels/assert.hpp"
#include "kernels/data/csv_layout.hpp"
#include "kernels/data/csv_record.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/data/number.hpp"
#include "kernels/data/parallel.hpp"
#include "kernels/data/parse_lines.hpp"

namespace sounder::kernels {

namespace {

/// What all workers fill, in file order.
struct samples_read {
  buffer<float> features;
  std::vector<float> labels;
};

/// Splits lines and collects their numbers, labels among them.
class csv_parser final : public line_parser {
 public:
  csv_parser(const csv_layout& layout, samples_read& result)
      : layout_(layout), row_(layout.columns), result_(result) {}

  std::uint64_t parse(std::string_view lines) override {
    features_.resize(0);
    labels_.clear();
    std::uint64_t line = 0;
    for (const char* p = lines.data(); p != lines.data() + lines.size();) {
      ++line;
      last_ = static_cast<const char*>(std::memchr(
          p, '\n', static_cast<std::size_t>(lines.data() + lines.size() - p)));
      if (has_plain_numbers(p) || has_numbers(line, p)) {
        add_row();
      }
      p = last_ + 1;
    }
    return line;
  }

  void append() override {
    result_.features.append({features_.data(), features_.size()});
    result_.labels.insert(result_.labels.end(), labels_.begin(), labels_.end());
  }

 private:
  bool is_blank(char c) const noexcept {
    return c == ' ' || c == '\r' || (c == '\t' && layout_.separator != '\t');
  }

  const char* skip_blanks(const char* p) const noexcept {
    while (is_blank(*p)) {
      ++p;
    }
    return p;
  }

  /// The fast way into row_, for lines of numbers without quotes; false for all
  /// others, the wrong ones among them.
  bool has_plain_numbers(const char* p) noexcept {
    for (std::size_t i = 0; i < layout_.columns; ++i) {
      if (i > 0 && layout_.separator != ' ') {
        if (*p != layout_.separator) {
          return false;
        }
        ++p;
      }
      const char* number = skip_blanks(p);
      p = parse_float(number, last_, row_[i]);
      if (p == nullptr ||
          (i > 0 && layout_.separator == ' ' && !is_blank(number[-1]))) {
        return false;
      }
      p = skip_blanks(p);
    }
    return p == last_;
  }

  /// The other way, by fields; false for an empty line.
  bool has_numbers(std::uint64_t line, const char* p) {
    std::string_view text(p, static_cast<std::size_t>(last_ + 1 - p));
    if (!next_record(text, layout_.separator, fields_)) {
      throw line_error(
          line, fmt::format("column {}: the quote does not close on its line",
                            fields_.size() + 1));
    }
    if (is_blank_record(fields_)) {
      return false;
    }
    if (fields_.size() != layout_.columns) {
      throw line_error(line, fmt::format("{} fields where the first line has "
                                         "{}",
                                         fields_.size(), layout_.columns));
    }
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const auto value = number_in(fields_[i].text);
      if (!value) {
        throw line_error(line, field_problem(fields_[i], i));
      }
      row_[i] = *value;
    }
    return true;
  }

  void add_row() {
    const std::span row(row_);
    const std::size_t label = layout_.label_column;
    const bool has_label = label < row.size();
    labels_.push_back(has_label ? row[label] : 0.0F);
    features_.append(row.first(label));
    if (has_label) {
      features_.append(row.subspan(label + 1));
    }
  }

  // Set once.
  const csv_layout layout_;

  // The line being parsed.
  const char* last_ = nullptr;  // its '\n'
  std::vector<float> row_;
  std::vector<csv_field> fields_;

  // The block being parsed.
  buffer<float> features_;
  std::vector<float> labels_;

  samples_read& result_;
};

}  // namespace

dataset read_csv(input_file& file, const csv_options& options) {
  SOUNDER_ASSERT(options.separator == '\0' || is_separator(options.separator));
  line_blocks text(file, options.block_bytes);
  const csv_layout layout = read_layout(text, options);
  samples_read result;
  if (layout.columns == 0) {
    throw data_error(file.name(), "has no samples");
  }
  std::vector<std::unique_ptr<line_parser>> parsers;
  for (unsigned i = thread_count(options.threads); i > 0; --i) {
    parsers.push_back(std::make_unique<csv_parser>(layout, result));
  }
  parse_lines(text, parsers);
  if (result.labels.empty()) {
    throw data_error(file.name(), "has no samples");
  }
  dense_storage rows;
  rows.floats = std::move(result.features);
  rows.floats.shrink_to_fit();
  const std::size_t features = layout.label_column < layout.columns
                                   ? layout.columns - 1
                                   : layout.columns;
  return {std::move(rows), std::move(result.labels), features};
}

dataset read_csv(const std::filesystem::path& file,
                 const csv_options& options) {
  input_file content(file);
  return read_csv(content, options);
}

}  // namespace sounder::kernels

#include "kernels/data/csv.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kernels/data/data_error.hpp"
#include "kernels/data/number.hpp"

namespace sounder::kernels {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  return first == text.npos
             ? std::string_view()
             : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Splits lines and collects their numbers, labels among them.
class csv_parser final : public line_parser {
 public:
  explicit csv_parser(const csv_options& options) : options_(options) {}

  std::uint64_t parse(std::string_view lines) override {
    std::uint64_t line = 0;
    while (!lines.empty()) {
      ++line;
      const std::size_t size = lines.find('\n');
      const std::string_view text = lines.substr(0, size);
      lines.remove_prefix(size + 1);
      if (!trimmed(text).empty()) {
        parse_line(line, text);
      }
    }
    return line;
  }

  /// One parser alone parses in file order: nothing is left to do.
  void append() override {}

  /// What has been read; call once, at the end.
  dataset release(const std::string& file) {
    if (labels_.empty()) {
      throw data_error(file, "has no samples");
    }
    dense_storage rows;
    rows.floats = std::move(features_);
    rows.floats.shrink_to_fit();
    return {std::move(rows), std::move(labels_), columns_ - 1};
  }

 private:
  void parse_line(std::uint64_t line, std::string_view text) {
    split(text);
    if (std::exchange(at_first_line_, false)) {
      set_columns(line);
      if (is_header()) {
        return;
      }
    }
    if (fields_.size() != columns_) {
      throw line_error(line, fmt::format("{} fields where the first line has "
                                         "{}",
                                         fields_.size(), columns_));
    }
    for (std::size_t i = 0; i < columns_; ++i) {
      const float value = number_at(line, i);
      if (i == label_column_) {
        labels_.push_back(value);
      } else {
        features_.push_back(value);
      }
    }
  }

  void split(std::string_view text) {
    fields_.clear();
    for (std::size_t end = 0; end != text.npos;) {
      end = text.find(options_.separator);
      fields_.push_back(trimmed(text.substr(0, end)));
      text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
  }

  void set_columns(std::uint64_t line) {
    columns_ = fields_.size();
    label_column_ = options_.label_column < 0
                        ? columns_ - 1
                        : static_cast<std::size_t>(options_.label_column);
    if (columns_ < 2) {
      throw line_error(line, fmt::format("one column, but label and features "
                                         "need two; is the separator '{}'?",
                                         options_.separator));
    }
    if (label_column_ >= columns_) {
      throw line_error(
          line, fmt::format("no label column {} among {} columns, counted from "
                            "0",
                            label_column_, columns_));
    }
  }

  /// An empty field or one like "nan" is a mistake rather than a title.
  bool is_header() const {
    return std::any_of(fields_.begin(), fields_.end(),
                       [](std::string_view field) {
                         return !field.empty() && !number_in(field) &&
                                number_problem(field) == not_a_number;
                       });
  }

  float number_at(std::uint64_t line, std::size_t column) const {
    const std::string_view field = fields_[column];
    if (const auto value = number_in(field)) {
      return *value;
    }
    throw line_error(
        line, field.empty()
                  ? fmt::format("column {}: the field is empty", column + 1)
                  : fmt::format("column {}: {} {}", column + 1, quoted(field),
                                number_problem(field)));
  }

  const csv_options options_;
  bool at_first_line_ = true;
  std::size_t columns_ = 0;
  std::size_t label_column_ = 0;
  std::vector<std::string_view> fields_;  // of the current line
  std::vector<float> labels_;
  buffer<float> features_;
};

}  // namespace

dataset read_csv(input_file& file, const csv_options& options) {
  auto parser = std::make_unique<csv_parser>(options);
  csv_parser& result = *parser;
  const std::unique_ptr<line_parser> parsers[] = {std::move(parser)};
  parse_lines(file, parsers, options.block_bytes);
  return result.release(file.name());
}

dataset read_csv(const std::filesystem::path& file,
                 const csv_options& options) {
  input_file content(file);
  return read_csv(content, options);
}

}  // namespace sounder::kernels

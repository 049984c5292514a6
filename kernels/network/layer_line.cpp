#include "kernels/network/layer_line.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <sstream>
#include <string_view>

#include <fmt/format.h>

#include "kernels/data/data_error.hpp"
#include "kernels/nearest.hpp"

namespace sounder::kernels {

namespace {

constexpr std::string_view spaces = " \t\r";

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) {
    words.push_back(word);
  }
  return words;
}

bool is_name(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' ||
                  c == '/';
         });
}

bool is_value(const std::string& word) {
  return std::isdigit(static_cast<unsigned char>(word[0])) != 0;
}

/// "a, b" as names.
std::vector<std::string> names_of(std::string text) {
  std::replace(text.begin(), text.end(), ',', ' ');
  return words_of(text);
}

class line_reader {
 public:
  explicit line_reader(const std::string& file) : file_(file) {}

  void read(std::size_t number, std::string text) {
    number_ = number;
    text = text.substr(0, text.find('#'));
    if (text.find_first_not_of(spaces) == text.npos) {
      return;
    }
    layer_line line;
    // "NAME = ": an '=' with space before it; options have none.
    if (const std::size_t sign = text.find(" ="); sign != text.npos) {
      line.name = name_in(text.substr(0, sign));
      text = text.substr(sign + 2);
    }
    std::vector<std::string> words = words_of(text);
    read_inputs(words, line);
    if (words.empty()) {
      fail(
          "there is no kind of layer; NAME = KIND VALUE.. KEY=VALUE.. from "
          "INPUT, INPUT");
    }
    line.kind = words.front();
    if (!is_name(line.kind)) {
      fail(fmt::format("'{}' is no kind of layer: letters, digits and _-./",
                       line.kind));
    }
    read_options({words.begin() + 1, words.end()}, line);
    if (line.name.empty()) {
      line.name = line.kind + std::to_string(++unnamed_[line.kind]);
    }
    if (!known_.insert(line.name).second) {
      fail(
          fmt::format("there is a layer '{}' already; name this one "
                      "otherwise",
                      line.name));
    }
    lines_.push_back(std::move(line));
  }

  std::vector<layer_line> release() {
    if (lines_.empty()) {
      throw data_error(file_, "describes no layers");
    }
    return std::move(lines_);
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw data_error(file_, number_, problem);
  }

  std::string name_in(const std::string& text) const {
    const std::vector<std::string> words = words_of(text);
    if (words.size() != 1 || !is_name(words[0])) {
      fail(fmt::format("'{}' is no name of a layer: letters, digits and _-./",
                       text));
    }
    return words[0];
  }

  void read_inputs(std::vector<std::string>& words, layer_line& line) {
    const auto from = std::find(words.begin(), words.end(), "from");
    if (from == words.end()) {
      if (!lines_.empty()) {
        line.inputs = {lines_.back().name};
      }
      return;
    }
    line.inputs =
        names_of(fmt::format("{}", fmt::join(from + 1, words.end(), " ")));
    words.erase(from, words.end());
    if (line.inputs.empty()) {
      fail("'from' names no layer");
    }
    for (const std::string& input : line.inputs) {
      if (!known_.contains(input)) {
        fail(
            fmt::format("input '{}' is no layer of a line above; layers come "
                        "after their inputs, so there are no cycles{}",
                        input, did_you_mean(input, known_)));
      }
    }
  }

  void read_options(const std::vector<std::string>& words, layer_line& line) {
    for (const std::string& word : words) {
      const std::size_t sign = word.find('=');
      if (sign == word.npos && is_value(word)) {
        line.values.push_back(word);
        continue;
      }
      const std::string key = word.substr(0, sign);
      const std::string value = sign == word.npos ? "" : word.substr(sign + 1);
      if (!is_name(key) || (sign != word.npos && value.empty())) {
        fail(fmt::format("'{}' is neither a number nor KEY=VALUE", word));
      }
      if (!line.options.emplace(key, value).second) {
        fail(fmt::format("'{}' is said twice", key));
      }
    }
  }

  const std::string& file_;
  std::size_t number_ = 0;
  std::vector<layer_line> lines_;
  std::set<std::string> known_;
  std::map<std::string, unsigned> unnamed_;
};

}  // namespace

std::string layer_line::text() const {
  std::string text = name + " = " + kind;
  for (const std::string& value : values) {
    text += ' ' + value;
  }
  for (const auto& [key, value] : options) {
    text += ' ' + key + (value.empty() ? "" : "=" + value);
  }
  if (!inputs.empty()) {
    text += fmt::format(" from {}", fmt::join(inputs, ", "));
  }
  return text;
}

std::size_t layer_words::count(const char* what) {
  if (next_ == line_.values.size()) {
    fail(fmt::format("the {} is missing: {} N", what, line_.kind));
  }
  return as_count(line_.values[next_++], fmt::format("the {}", what), 1);
}

std::size_t layer_words::option(const char* key, std::size_t otherwise,
                                std::size_t least) {
  known_.insert(key);
  const auto found = line_.options.find(key);
  return found == line_.options.end() ? otherwise
                                      : as_count(found->second, key, least);
}

std::size_t layer_words::as_count(const std::string& text,
                                  const std::string& what,
                                  std::size_t least) const {
  constexpr std::size_t most = std::size_t{1} << 31U;
  std::size_t value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || value < least ||
      value > most) {
    fail(fmt::format("{} is '{}'; it must be a whole number from {} on", what,
                     text, least));
  }
  return value;
}

double layer_words::real(const char* key, double otherwise) {
  known_.insert(key);
  const auto found = line_.options.find(key);
  if (found == line_.options.end()) {
    return otherwise;
  }
  double value = 0.0;
  const std::string& text = found->second;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(value)) {
    fail(fmt::format("{} is '{}', which is no number", key, text));
  }
  return value;
}

std::string layer_words::word(const char* key, const char* otherwise) {
  known_.insert(key);
  const auto found = line_.options.find(key);
  return found == line_.options.end() ? otherwise : found->second;
}

bool layer_words::flag(const char* key) {
  known_.insert(key);
  const auto found = line_.options.find(key);
  if (found != line_.options.end() && !found->second.empty()) {
    fail(fmt::format("{} takes no value", key));
  }
  return found != line_.options.end();
}

void layer_words::check_all_read() const {
  if (next_ < line_.values.size()) {
    fail(fmt::format("'{}' is one value too many", line_.values[next_]));
  }
  for (const auto& [key, value] : line_.options) {
    if (!known_.contains(key)) {
      fail(known_.empty()
               ? fmt::format("{} takes no options, but '{}' is there",
                             line_.kind, key)
               : fmt::format("{} has no option '{}', it has {}{}", line_.kind,
                             key, fmt::join(known_, ", "),
                             did_you_mean(key, known_)));
    }
  }
}

std::vector<layer_line> parse_layers(const std::string& text,
                                     const std::string& file) {
  line_reader reader(file);
  std::istringstream lines(text);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    reader.read(++number, line);
  }
  return reader.release();
}

std::string to_text(const std::vector<layer_line>& layers) {
  std::string text;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    layer_line line = layers[k];
    if (k > 0 && line.inputs == std::vector{layers[k - 1].name}) {
      line.inputs.clear();
    }
    text += line.text() + '\n';
  }
  return text;
}

}  // namespace sounder::kernels

#pragma once

// A network as text: one line a layer.

#include <cstddef>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace sounder::kernels {

/// NAME = KIND VALUE.. KEY=VALUE.. from INPUT, INPUT
///
/// The name may be left out (the kind and a number, then), and so may the
/// inputs (the line before, then). A KEY without a value is a flag.
struct layer_line {
  std::string name;
  std::string kind;
  std::vector<std::string> values;
  std::map<std::string, std::string> options;  // a flag's value is empty
  std::vector<std::string> inputs;

  std::string text() const;
  friend bool operator==(const layer_line&, const layer_line&) = default;
};

/// What is wrong with a layer: "conv2: ...".
class layer_error : public std::invalid_argument {
 public:
  layer_error(const std::string& layer, const std::string& problem)
      : std::invalid_argument(layer + ": " + problem), layer_(layer) {}

  const std::string& layer() const noexcept { return layer_; }

 private:
  std::string layer_;
};

/// Reads what a layer line says, and then checks that nothing is left.
///
/// Errors: layer_error, for what is missing, no number or out of range.
class layer_words {
 public:
  explicit layer_words(const layer_line& line) : line_(line) {}

  const std::string& name() const noexcept { return line_.name; }
  /// The next value without a key.
  std::size_t count(const char* what);
  void skip_value() noexcept { ++next_; }
  std::size_t option(const char* key, std::size_t otherwise,
                     std::size_t least = 0);
  double real(const char* key, double otherwise);
  std::string word(const char* key, const char* otherwise);
  bool flag(const char* key);

  [[noreturn]] void fail(const std::string& problem) const {
    throw layer_error(line_.name, problem);
  }
  /// Throws when the line says more than was asked for.
  void check_all_read() const;

 private:
  std::size_t as_count(const std::string& text, const std::string& what,
                       std::size_t least) const;

  const layer_line& line_;
  std::size_t next_ = 0;
  std::set<std::string> known_;
};

/// The lines of a text; '#' starts a comment. Gives each layer a name and its
/// inputs.
/// Errors: data_error with `file` and line for a line that is none, a name
/// used twice, an input that is not there or comes later.
std::vector<layer_line> parse_layers(const std::string& text,
                                     const std::string& file);

/// The other way round, the shortest text.
std::string to_text(const std::vector<layer_line>& layers);

}  // namespace sounder::kernels

#pragma once

// Options of a command, from four places. The first that names an option
// wins: command line, environment (SOUNDER_SCHEDULE for --schedule), config
// file, default.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace sounder::app {

/// A mistake in the options: exit code 2. what() is one line that names the
/// option, where it came from and what to do.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct option {
  std::string name;      // --name, and the key in a config file
  std::string argument;  // stands for the value in the help; none: a flag
  std::string fallback;  // the default; empty: not set
  std::string help;
  std::vector<std::string> names = {};  // which standing alone hint at it
};

struct option_group {
  std::string title;
  std::vector<option> options;
};

/// The values of a command's options, and where each came from.
class settings {
 public:
  /// Whether the command has such an option.
  bool knows(const std::string& name) const { return entries_.contains(name); }
  /// Whether there is a value, be it the default.
  bool has(const std::string& name) const { return !text(name).empty(); }
  /// Whether somebody gave a value.
  bool given(const std::string& name) const { return entries_.at(name).given; }

  const std::string& text(const std::string& name) const {
    return entries_.at(name).value;
  }
  /// The text, which must be there.
  const std::string& required(const std::string& name) const;
  bool flag(const std::string& name) const;

  /// These values, but for one of them.
  settings with(const std::string& name, const std::string& value) const {
    settings changed = *this;
    changed.entries_.at(name).value = value;
    return changed;
  }

  /// A whole number or a real one in [low, high].
  template <class T>
  T number(const std::string& name, T low = std::numeric_limits<T>::lowest(),
           T high = std::numeric_limits<T>::max()) const {
    return number_in(name, text(name), low, high);
  }
  template <class T>
  std::optional<T> optional_number(
      const std::string& name, T low = std::numeric_limits<T>::lowest(),
      T high = std::numeric_limits<T>::max()) const {
    return has(name) ? std::optional<T>(number(name, low, high)) : std::nullopt;
  }
  template <class T>
  std::vector<T> numbers(const std::string& name,
                         T low = std::numeric_limits<T>::lowest(),
                         T high = std::numeric_limits<T>::max()) const {
    std::vector<T> all;
    for (const std::string& item : list(name)) {
      all.push_back(number_in(name, item, low, high));
    }
    return all;
  }

  /// What stands between commas.
  std::vector<std::string> list(const std::string& name) const;

  /// The text, which must be one of the choices.
  const std::string& one_of(const std::string& name,
                            std::span<const std::string_view> choices) const;

  /// Throws usage_error: "<origin>: <problem>".
  [[noreturn]] void fail(const std::string& name,
                         const std::string& problem) const;

  /// As a config file that reproduces these values.
  std::string as_config(std::span<const option_group> groups) const;
  /// The values that somebody gave, but for some, likewise.
  std::string given_as_config(std::span<const option_group> groups,
                              std::span<const std::string_view> without) const;

 private:
  friend class settings_builder;

  struct entry {
    std::string value;
    std::string origin;  // "--step", "SOUNDER_STEP", "run.cfg:7: step"
    bool given = false;
  };

  template <class T>
  T number_in(const std::string& name, const std::string& item, T low,
              T high) const {
    T value{};
    const char* const end = item.data() + item.size();
    const auto [stop, problem] = std::from_chars(item.data(), end, value);
    if (problem == std::errc::invalid_argument || stop != end) {
      fail(name, fmt::format("'{}' is not a {}", item,
                             std::numeric_limits<T>::is_integer
                                 ? (low < T{} ? "whole number"
                                              : "whole number from 0 up")
                                 : "number"));
    }
    if (problem != std::errc() || !(value >= low && value <= high)) {
      fail(name, range_problem(item, fmt::format("{}", low),
                               low > std::numeric_limits<T>::lowest(),
                               fmt::format("{}", high),
                               high < std::numeric_limits<T>::max()));
    }
    return value;
  }
  static std::string range_problem(const std::string& item,
                                   const std::string& low, bool has_low,
                                   const std::string& high, bool has_high);

  std::map<std::string, entry> entries_;
};

/// A section of the config file: an experiment with options of its own on top
/// of those before the first section.
struct experiment {
  std::string name;
  settings values;
};

struct invocation {
  settings values;
  std::vector<experiment> experiments;  // in the order of the file
};

struct command {
  std::string name;     // "train", "data info"
  std::string summary;  // one line
  std::string text;     // what it does, with examples
  std::vector<option_group> groups;
  std::string positional;  // the option that a bare argument is for
  bool has_experiments = false;
  std::string resumed_by;  // the option that names a folder with a kept_config
  std::function<int(const invocation&)> run;
};

/// In a folder of checkpoints: the options of the run.
inline constexpr const char* kept_config = "options.cfg";

/// Reads the options of a command. --config names the file; where there is
/// none, what is resumed has one.
/// Throws usage_error.
invocation parse(const command& what, const std::vector<std::string>& words);

/// The help of a command: text, options by group with defaults, precedence.
std::string help(const command& what);

/// --config, --dump-config, --help: options of every command.
option_group common_options();

}  // namespace sounder::app

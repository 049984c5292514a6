#pragma once

// Reads values out of JSON and says where a mistake stands. For the sources
// that read wirings; no other header includes it, for it needs the library.

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "kernels/nearest.hpp"
#include "topology/json_text.hpp"
#include "topology/traits.hpp"

namespace sounder::topology::detail {

/// "a, b, c"
inline std::string list(const std::vector<std::string>& all,
                        const std::string& between = ", ") {
  std::string text;
  for (const std::string& each : all) {
    text += (text.empty() ? "" : between) + each;
  }
  return text;
}

/// A value of the file and where it stands.
struct node {
  const json& value;
  const json_text& text;
  std::string path;

  [[noreturn]] void fail(const std::string& problem) const {
    text.fail(path, problem);
  }
  [[noreturn]] void expect(const std::string& what) const {
    std::string shown =
        value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (shown.size() > 40) {
      shown = shown.substr(0, 37) + "...";
    }
    fail(shown + " is not " + what);
  }
  bool has(const char* key) const { return value.contains(key); }
  node at(const std::string& key) const {
    return {value.at(key), text, path + (path.empty() ? "" : ".") + key};
  }
  node at(std::size_t i) const {
    return {value.at(i), text, path + "[" + std::to_string(i) + "]"};
  }
  node required(const char* key) const {
    if (!has(key)) {
      fail(std::string("'") + key + "' is missing");
    }
    return at(key);
  }
  const node& object() const {
    if (!value.is_object()) {
      expect("an object in braces");
    }
    return *this;
  }
  const node& array() const {
    if (!value.is_array()) {
      expect("a list in brackets");
    }
    return *this;
  }
};

inline void read(const node& from, std::size_t& value) {
  if (!from.value.is_number_unsigned()) {
    from.expect("a whole number from 0 up");
  }
  value = from.value.get<std::size_t>();
}

inline void read(const node& from, unsigned& value) {
  std::size_t wide = 0;
  read(from, wide);
  if (wide > std::numeric_limits<unsigned>::max()) {
    from.expect("a number that fits 32 bits");
  }
  value = static_cast<unsigned>(wide);
}

inline void read(const node& from, double& value) {
  if (!from.value.is_number()) {
    from.expect("a number");
  }
  value = from.value.get<double>();
}

inline void read(const node& from, bool& value) {
  if (!from.value.is_boolean()) {
    from.expect("true or false");
  }
  value = from.value.get<bool>();
}

inline void read(const node& from, std::string& value) {
  if (!from.value.is_string()) {
    from.expect("a text in quotes");
  }
  value = from.value.get<std::string>();
  if (std::any_of(value.begin(), value.end(), is_control)) {
    from.expect("a text without control characters");
  }
}

/// "'stra' is none of star, ring; did you mean star?"
inline std::string none_of(const std::string& wanted,
                           const std::vector<std::string>& names) {
  return "'" + wanted + "' is none of " + list(names) +
         kernels::did_you_mean(wanted, names);
}

/// The place of a text among the names, of which it must be one.
inline std::size_t read_name(const node& from,
                             const std::vector<std::string>& names) {
  if (!from.value.is_string()) {
    from.expect("one of \"" + list(names, "\", \"") + "\"");
  }
  std::string wanted;
  read(from, wanted);
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found == names.end()) {
    from.fail(none_of(wanted, names));
  }
  return static_cast<std::size_t>(found - names.begin());
}

template <class Enum>
requires std::is_enum_v<Enum>
void read(const node& from, Enum& value) {
  const auto names = names_of(value);
  value = static_cast<Enum>(read_name(from, {names.begin(), names.end()}));
}

template <class T>
inline void read(const node& from, std::optional<T>& value) {
  if (!from.value.is_null()) {
    read(from, value.emplace());
  }
}

template <class Choice>
Choice read_choice(const node& from);

template <class... Kinds>
void read(const node& from, std::variant<Kinds...>& value) {
  value = read_choice<std::variant<Kinds...>>(from);
}

/// Reads the members of an object that are there; no other may be.
class member_reader {
 public:
  member_reader(const node& object, std::vector<std::string> others)
      : object_(object), known_(std::move(others)) {}

  template <class T>
  void operator()(const char* key, T& value, range = range::any) {
    known_.emplace_back(key);
    if (object_.has(key)) {
      read(object_.at(key), value);
    }
  }
  /// Fails for the first of the others, rather for one that is like a key.
  void refuse_others() const {
    std::optional<std::string> first;
    for (const auto& [key, value] : object_.value.items()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) {
        continue;
      }
      if (key == "step-rule" || !kernels::nearest(key, known_).empty()) {
        refuse(key);
      }
      first = first.value_or(key);
    }
    if (first) {
      refuse(*first);
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& key) const {
    if (key == "step-rule") {
      object_.at(key).fail("unknown key; it is optimizer now");
    }
    object_.at(key).fail("unknown key; known here are " + list(known_) +
                         kernels::did_you_mean(key, known_));
  }

  const node& object_;
  std::vector<std::string> known_;
};

/// "elastic", or {"name": "elastic", "alpha": 0.1}.
template <class Choice>
Choice read_choice(const node& from) {
  const node named =
      from.value.is_string() ? from : from.object().required("name");
  std::string wanted;
  read(named, wanted);
  std::vector<std::string> names;
  std::optional<Choice> choice;
  for_each_alternative<Choice>([&]<class Kind>(const Kind& usual) {
    names.emplace_back(Kind::traits.name);
    if (names.back() == wanted) {
      choice = usual;
    }
  });
  if (!choice) {
    named.fail(none_of(wanted, names));
  }
  if (from.value.is_object()) {
    member_reader members(from, {"name"});
    std::visit([&](auto& kind) { for_each_field(kind, members); }, *choice);
    members.refuse_others();
  }
  return *choice;
}

}  // namespace sounder::topology::detail

#include "topology/describe.hpp"

#include <map>
#include <sstream>
#include <type_traits>

namespace sounder::topology {

namespace {

template <class Choice>
std::string describe_choice(const Choice& choice);

/// "alpha 0.1" for numbers, "locked" for what is so.
class field_words {
 public:
  template <class T>
  void operator()(const char* key, const T& value, range) {
    add(key, value);
  }

  field_texts all;

 private:
  void add(const char* key, bool value) { put(key, value ? key : ""); }
  template <class T>
  void add(const char* key, const std::optional<T>& value) {
    if (value) {
      add(key, *value);
    }
  }
  template <class... Kinds>
  void add(const char* key, const std::variant<Kinds...>& value) {
    put(key, std::string(key) + " " + describe_choice(value));
  }
  template <class T>
  void add(const char* key, const T& value) {
    std::ostringstream text;
    text << key << ' ';
    if constexpr (std::is_enum_v<T>) {
      text << names_of(value).at(static_cast<std::size_t>(value));
    } else {
      text << value;
    }
    put(key, text.str());
  }
  void put(const char* key, std::string words) {
    all.emplace_back(key, std::move(words));
  }
};

template <class Value>
field_words words_of(Value value) {
  field_words words;
  for_each_field(value, words);
  return words;
}

template <class Choice>
std::string describe_choice(const Choice& choice) {
  return std::visit(
      [&]<class Kind>(const Kind& kind) {
        std::map<std::string, std::string> usual;
        for (const auto& [key, words] : words_of(Kind{}).all) {
          usual[key] = words;
        }
        std::string inside;
        for (const auto& [key, words] : words_of(kind).all) {
          const bool tells = words != usual[key] || key.starts_with("tau");
          if (tells && !words.empty()) {
            inside += (inside.empty() ? "" : ", ") + words;
          }
        }
        const std::string what(Kind::traits.name);
        return inside.empty() ? what : what + " (" + inside + ")";
      },
      choice);
}

}  // namespace

field_texts fields_of(const discipline& when) {
  return std::visit([](const auto& kind) { return words_of(kind).all; }, when);
}

std::string describe(const exchange& rule) { return describe_choice(rule); }

std::string describe(const discipline& when) { return describe_choice(when); }

std::string describe(const compression& how) { return describe_choice(how); }

std::string describe(const link& l) {
  const std::string what = describe(l.exchange) + ", " + describe(l.discipline);
  return std::holds_alternative<as_is>(l.compression)
             ? what
             : what + ", " + describe(l.compression);
}

std::string describe(const replica& r) {
  if (r.is_hub()) {
    return r.holds.parts == 1
               ? "no workers"
               : "no workers, part " + std::to_string(r.holds.part + 1) +
                     " of " + std::to_string(r.holds.parts);
  }
  const std::string count =
      std::to_string(r.workers) + (r.workers == 1 ? " worker" : " workers");
  return std::holds_alternative<lock_free>(r.sharing)
             ? count
             : count + ", " + std::string(name(r.sharing));
}

bool is_symmetric(const exchange& rule) noexcept {
  return traits_of(rule).is_symmetric;
}

}  // namespace sounder::topology

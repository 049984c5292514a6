#include "topology/link_cards.hpp"

#include <sstream>
#include <type_traits>

#include "topology/validate.hpp"

namespace sounder::topology {

namespace {

/// Writes down each field and what it is when nobody says.
class usual_fields {
 public:
  template <class T>
  void operator()(const char* key, const T& value, range) {
    all.emplace_back(key, usual(value));
  }

  std::vector<std::pair<std::string, std::string>> all;

 private:
  template <class T>
  static std::string usual(const std::optional<T>& value) {
    return value ? usual(*value) : "";
  }
  template <class... Kinds>
  static std::string usual(const std::variant<Kinds...>& value) {
    std::string names;
    for_each_alternative<std::variant<Kinds...>>([&]<class Kind>(
                                                     const Kind& kind) {
      names += (names.empty() ? "" : " or ") + std::string(Kind::traits.name);
      usual_fields inner;
      for_each_field(kind, inner);
      for (const auto& [key, words] : inner.all) {
        names += " (" + key + (words.empty() ? "" : " " + words) + ")";
      }
    });
    static_cast<void>(value);
    return names;
  }
  template <class T>
  static std::string usual(const T& value) {
    std::ostringstream text;
    if constexpr (std::is_enum_v<T>) {
      for (const std::string_view name : names_of(value)) {
        text << (text.str().empty() ? "" : " or ") << name;
      }
    } else {
      text << std::boolalpha << value;
    }
    return text.str();
  }
};

template <class Kind>
auto fields_of(const Kind& kind) {
  usual_fields fields;
  for_each_field(kind, fields);
  return fields.all;
}

/// The names of those alternatives that `belongs` picks.
template <class Choice, class Predicate>
std::vector<std::string> those(Predicate belongs) {
  std::vector<std::string> names;
  for_each_alternative<Choice>([&]<class Kind>(const Kind& kind) {
    if (belongs(kind)) {
      names.emplace_back(Kind::traits.name);
    }
  });
  return names;
}

}  // namespace

std::vector<link_card> exchange_cards() {
  std::vector<link_card> all;
  for_each_alternative<exchange>([&]<class Kind>(const Kind& rule) {
    all.push_back({std::string(Kind::traits.name),
                   std::string(Kind::traits.summary), fields_of(rule),
                   those<discipline>([&](const discipline& when) {
                     return goes_together(rule, when);
                   })});
  });
  return all;
}

std::vector<link_card> discipline_cards() {
  std::vector<link_card> all;
  for_each_alternative<discipline>([&]<class Kind>(const Kind& when) {
    all.push_back({std::string(Kind::traits.name),
                   std::string(Kind::traits.summary), fields_of(when),
                   those<exchange>([&](const exchange& rule) {
                     return goes_together(rule, when);
                   })});
  });
  return all;
}

}  // namespace sounder::topology

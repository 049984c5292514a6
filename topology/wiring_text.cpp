// Graph to text.

#include <optional>
#include <set>
#include <type_traits>
#include <variant>

#include <nlohmann/json.hpp>

#include "topology/wiring_file.hpp"

namespace sounder::topology {

namespace {

using json = nlohmann::ordered_json;

template <class Choice>
json choice_of(const Choice& choice);

/// Collects the fields that differ from those of a fresh value.
class field_writer {
 public:
  field_writer(json& object, const json& usual)
      : object_(object), usual_(usual) {}

  template <class T>
  void operator()(const char* key, const T& value, range) {
    add(key, value);
  }

 private:
  template <class T>
  void add(const char* key, const std::optional<T>& value) {
    if (value) {
      put(key, *value);
    }
  }
  template <class... Kinds>
  void add(const char* key, const std::variant<Kinds...>& value) {
    put(key, choice_of(value));
  }
  template <class T>
  void add(const char* key, const T& value) {
    if constexpr (std::is_enum_v<T>) {
      put(key, names_of(value).at(static_cast<std::size_t>(value)));
    } else {
      put(key, value);
    }
  }
  void put(const char* key, const json& value) {
    if (!usual_.contains(key) || usual_.at(key) != value) {
      object_[key] = value;
    }
  }
  json& object_;
  const json& usual_;
};

template <class Value>
json fields_of(Value value, const json& usual) {
  json object = json::object();
  field_writer writer(object, usual);
  for_each_field(value, writer);
  return object;
}

/// "elastic", or {"name": "elastic", "alpha": 0.1}.
template <class Choice>
json choice_of(const Choice& choice) {
  return std::visit(
      [&]<class Kind>(const Kind& kind) -> json {
        const std::string name(Kind::traits.name);
        const json usual = fields_of(Kind{}, json::object());
        const json fields = fields_of(kind, usual);
        if (fields.empty()) {
          return name;
        }
        json object = {{"name", name}};
        object.update(fields);
        return object;
      },
      choice);
}

/// On one line, with spaces for people.
std::string line_of(const json& value) {
  if (!value.is_object()) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  std::string text;
  for (const auto& [key, member] : value.items()) {
    text += (text.empty() ? "" : ", ") + line_of(json(key)) + ": " +
            line_of(member);
  }
  return "{" + text + "}";
}

template <class Value, class AsJson>
std::string lines_of(const std::vector<Value>& all, const AsJson& as_json) {
  std::string text;
  for (const Value& each : all) {
    text += (text.empty() ? "\n    " : ",\n    ") + line_of(as_json(each));
  }
  return "[" + text + (all.empty() ? "]" : "\n  ]");
}

json replica_as_json(const replica& r) {
  json object = {{"name", r.name}, {"workers", r.workers}};
  const json sharing = choice_of(r.sharing);
  if (sharing != "lock-free") {
    object["sharing"] = sharing;
  }
  if (!r.place.empty()) {
    object["place"] = r.place;
  }
  if (r.holds.parts != 1 || r.holds.part != 0) {
    object["part"] = r.holds.part;
    object["parts"] = r.holds.parts;
  }
  return object;
}

bool names_differ(const graph& wiring) {
  std::set<std::string> seen;
  for (const replica& r : wiring.replicas) {
    if (!seen.insert(r.name).second) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string write_wiring(const graph& wiring) {
  const bool by_name = names_differ(wiring);
  const auto end = [&](std::size_t i) -> json {
    if (by_name && i < wiring.replicas.size()) {
      return wiring.replicas[i].name;
    }
    return i;
  };
  const auto link_as_json = [&](const link& l) {
    json object = {{"from", end(l.from)},
                   {"to", end(l.to)},
                   {"exchange", choice_of(l.exchange)},
                   {"discipline", choice_of(l.discipline)}};
    if (!std::holds_alternative<as_is>(l.compression)) {
      object["compression"] = choice_of(l.compression);
    }
    return object;
  };
  const std::string rule =
      wiring.optimizer.empty()
          ? ""
          : "\n  \"optimizer\": " + line_of(wiring.optimizer) + ",";
  return "{" + rule +
         "\n  \"replicas\": " + lines_of(wiring.replicas, replica_as_json) +
         ",\n  \"links\": " + lines_of(wiring.links, link_as_json) + "\n}\n";
}

}  // namespace sounder::topology

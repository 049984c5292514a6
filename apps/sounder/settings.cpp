#include <cmath>

#include "apps/sounder/options.hpp"
#include "kernels/nearest.hpp"

namespace sounder::app {

const std::string& settings::required(const std::string& name) const {
  if (!has(name)) {
    throw usage_error(fmt::format("--{} is missing; see --help", name));
  }
  return text(name);
}

bool settings::flag(const std::string& name) const {
  const std::string& value = text(name);
  if (value == "true" || value == "1" || value == "yes" || value == "on") {
    return true;
  }
  if (value.empty() || value == "false" || value == "0" || value == "no" ||
      value == "off") {
    return false;
  }
  fail(name, fmt::format("'{}' is neither true nor false", value));
}

std::vector<std::string> settings::list(const std::string& name) const {
  std::vector<std::string> items;
  std::string_view rest = text(name);
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string_view item = rest.substr(0, comma);
    item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
    item = item.substr(0, item.find_last_not_of(' ') + 1);
    if (item.empty()) {
      fail(name, fmt::format("'{}' has an empty item", text(name)));
    }
    items.emplace_back(item);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return items;
}

const std::string& settings::one_of(
    const std::string& name, std::span<const std::string_view> choices) const {
  const std::string& value = text(name);
  if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
    fail(name,
         fmt::format("'{}' is none of {}{}", value, fmt::join(choices, ", "),
                     kernels::did_you_mean(value, choices)));
  }
  return value;
}

void settings::fail(const std::string& name, const std::string& problem) const {
  const entry& e = entries_.at(name);
  throw usage_error(fmt::format(
      "{}: {}", e.origin.empty() ? "--" + name : e.origin, problem));
}

std::string settings::range_problem(const std::string& item,
                                    const std::string& low, bool has_low,
                                    const std::string& high, bool has_high) {
  const std::string least = has_low ? fmt::format("{} is the least", low) : "";
  const std::string most = has_high ? fmt::format("{} is the most", high) : "";
  return fmt::format("{} is out of range; {}{}{}", item, least,
                     has_low && has_high ? ", " : "",
                     has_low || has_high ? most : "it must be finite");
}

std::string settings::as_config(std::span<const option_group> groups) const {
  std::string out;
  for (const option_group& group : groups) {
    out += fmt::format("# {}\n", group.title);
    for (const option& o : group.options) {
      if (o.name == "config" || o.name == "dump-config" || o.name == "help") {
        continue;
      }
      const std::string& value = text(o.name);
      out += value.empty() ? fmt::format("# {} =\n", o.name)
                           : fmt::format("{} = {}\n", o.name, value);
    }
  }
  return out;
}

std::string settings::given_as_config(
    std::span<const option_group> groups,
    std::span<const std::string_view> without) const {
  std::string out;
  for (const option_group& group : groups) {
    for (const option& o : group.options) {
      const bool is_left_out =
          std::find(without.begin(), without.end(), o.name) != without.end();
      if (given(o.name) && has(o.name) && !is_left_out) {
        out += fmt::format("{} = {}\n", o.name, text(o.name));
      }
    }
  }
  return out;
}

}  // namespace sounder::app

#include "apps/sounder/options.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <boost/program_options.hpp>

#include "kernels/data/byte_order_mark.hpp"
#include "kernels/nearest.hpp"

namespace sounder::app {

namespace po = boost::program_options;

namespace {

constexpr std::string_view prefix = "SOUNDER_";
constexpr const char* bare_word = "bare word";  // no option of anybody's

po::options_description describe(const option_group& group) {
  po::options_description described(group.title, 80, 44);
  for (const option& o : group.options) {
    auto* value = po::value<std::string>();
    if (o.argument.empty()) {
      value->zero_tokens();
    } else {
      value->value_name(o.argument);
      if (!o.fallback.empty()) {
        value->default_value(o.fallback);
      }
    }
    described.add_options()(o.name.c_str(), value, o.help.c_str());
  }
  return described;
}

po::options_description describe(const command& what) {
  po::options_description all;
  for (const option_group& group : what.groups) {
    all.add(describe(group));
  }
  return all;
}

std::vector<std::string> names_of(const command& what) {
  std::vector<std::string> names;
  for (const option_group& group : what.groups) {
    for (const option& o : group.options) {
      names.push_back(o.name);
    }
  }
  return names;
}

/// What options were called before they had the field's words.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> renamed =
    {{{"rule", "optimizer"}, {"step-rule", "schedule"}}};

std::string unknown(const command& what, std::string name) {
  name.erase(0, name.find_first_not_of('-'));
  for (const auto& [old, now] : renamed) {
    if (name == old) {
      return fmt::format("it is --{} now", now);
    }
  }
  const std::string like = kernels::nearest(name, names_of(what));
  return like.empty() ? fmt::format("see sounder {} --help", what.name)
                      : fmt::format("did you mean --{}?", like);
}

/// The option that a word stands for which was given without one: a file is
/// one of samples, a name one of those that an option takes. "" if unclear.
std::string option_for(const command& what, const std::string& word) {
  bool takes_data = false;
  for (const option_group& group : what.groups) {
    for (const option& o : group.options) {
      takes_data = takes_data || o.name == "data";
      if (std::find(o.names.begin(), o.names.end(), word) != o.names.end()) {
        return o.name;
      }
    }
  }
  const bool is_file =
      word.find_first_of("./") != word.npos || std::filesystem::exists(word);
  return takes_data && is_file ? "data" : "";
}

[[noreturn]] void refuse_bare(const command& what, const std::string& word) {
  if (!what.positional.empty() && !word.starts_with('-')) {
    throw usage_error(
        fmt::format("'{}' is one word too many: only --{} may stand without "
                    "its name; see sounder {} --help",
                    word, what.positional, what.name));
  }
  const std::string meant = option_for(what, word);
  throw usage_error(fmt::format(
      "unexpected '{}'; {}", word,
      meant.empty() ? unknown(what, word)
                    : fmt::format("did you mean --{} {}?", meant, word)));
}

using parsed_options = std::vector<po::basic_option<char>>;

parsed_options parse_words(const command& what,
                           const po::options_description& all,
                           const std::vector<std::string>& words) {
  namespace style = po::command_line_style;
  po::positional_options_description bare;
  if (!what.positional.empty()) {
    bare.add(what.positional.c_str(), 1);
  }
  bare.add(bare_word, -1);
  po::options_description known;
  known.add(all).add_options()(bare_word, po::value<std::string>());
  try {
    return po::command_line_parser(words)
        .options(known)
        .positional(bare)
        .style(style::allow_long | style::long_allow_next |
               style::long_allow_adjacent)
        .run()
        .options;
  } catch (const po::unknown_option& e) {
    throw usage_error(fmt::format("unknown option {}; {}", e.get_option_name(),
                                  unknown(what, e.get_option_name())));
  } catch (const po::error& e) {
    throw usage_error(
        fmt::format("{}; see sounder {} --help", e.what(), what.name));
  }
}

}  // namespace

/// Collects values: what was put first stays.
class settings_builder {
 public:
  void put(const std::string& name, std::string value, std::string origin) {
    settings::entry& e = result_.entries_[name];
    if (!e.given) {
      e = {std::move(value), std::move(origin), true};
    }
  }
  void put_all(const settings_builder& others) {
    for (const auto& [name, e] : others.result_.entries_) {
      put(name, e.value, e.origin);
    }
  }
  bool has(const std::string& name) const {
    return result_.entries_.contains(name);
  }
  std::string text(const std::string& name) const {
    return has(name) ? result_.text(name) : "";
  }
  settings with_defaults(const command& what) const {
    settings all = result_;
    for (const option_group& group : what.groups) {
      for (const option& o : group.options) {
        settings::entry& e = all.entries_[o.name];
        if (!e.given) {
          e.value = o.fallback;
        }
      }
    }
    return all;
  }

 private:
  settings result_;
};

namespace {

void put_words(const command& what, const po::options_description& all,
               const std::vector<std::string>& words,
               settings_builder& values) {
  std::set<std::string> seen;
  for (const auto& o : parse_words(what, all, words)) {
    if (o.string_key == bare_word) {
      refuse_bare(what, o.value.front());
    }
    if (!seen.insert(o.string_key).second) {
      throw usage_error(fmt::format("--{} is given twice", o.string_key));
    }
    values.put(o.string_key, o.value.empty() ? "true" : o.value.front(),
               "--" + o.string_key);
  }
}

void put_environment(const po::options_description& all,
                     settings_builder& values) {
  const auto option_of = [&](const std::string& variable) -> std::string {
    if (!variable.starts_with(prefix)) {
      return "";
    }
    std::string name = variable.substr(prefix.size());
    for (char& c : name) {
      c = c == '_' ? '-' : static_cast<char>(std::tolower(c));
    }
    return all.find_nothrow(name, false) != nullptr ? name : "";
  };
  for (const auto& o : po::parse_environment(all, option_of).options) {
    if (o.value.empty() || o.value.front().empty()) {
      continue;
    }
    std::string variable = o.string_key;
    for (char& c : variable) {
      c = c == '-' ? '_' : static_cast<char>(std::toupper(c));
    }
    values.put(o.string_key, o.value.front(),
               fmt::format("{}{}", prefix, variable));
  }
}

struct section {
  std::string name;
  settings_builder values;
};

/// The config file line by line, so that messages can name the line.
class config_reader {
 public:
  config_reader(const command& what, const po::options_description& all,
                const std::string& file)
      : what_(what), all_(all), file_(file), sections_(1) {
    std::ifstream in(file);
    std::string line;
    while (std::getline(in, line)) {
      ++number_;
      take(number_ > 1 ? line
                       : std::string(kernels::without_byte_order_mark(line)));
    }
    if (number_ == 0) {
      throw usage_error(fmt::format(
          "--config: {} cannot be read{}{}", file, errno != 0 ? ": " : "",
          errno != 0 ? std::strerror(errno) : "; it is empty"));
    }
  }

  std::vector<section>& sections() { return sections_; }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw usage_error(fmt::format("{}:{}: {}", file_, number_, problem));
  }

  void take(const std::string& line) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first != line.npos && line[first] == '[') {
      start_section(line, first);
      return;
    }
    std::istringstream one(line);
    try {
      for (const auto& o : po::parse_config_file(one, all_, true).options) {
        if (o.unregistered || o.string_key == "config") {
          fail(fmt::format("unknown key '{}'; {}", o.string_key,
                           unknown(what_, o.string_key)));
        }
        settings_builder& values = sections_.back().values;
        if (values.has(o.string_key)) {
          fail(fmt::format("'{}' is given twice", o.string_key));
        }
        if (!o.value.empty() && !o.value.front().empty()) {
          values.put(o.string_key, o.value.front(),
                     fmt::format("{}:{}: {}", file_, number_, o.string_key));
        }
      }
    } catch (const po::error&) {
      fail("not of the form key = value");
    }
  }

  void start_section(const std::string& line, std::size_t first) {
    const std::size_t last = line.find(']', first);
    if (last == line.npos) {
      fail("the section's name does not end with ]");
    }
    if (!what_.has_experiments) {
      fail(
          fmt::format("sections are for sounder compare; sounder {} does one "
                      "thing at a time",
                      what_.name));
    }
    sections_.push_back({line.substr(first + 1, last - first - 1), {}});
  }

  const command& what_;
  const po::options_description& all_;
  std::string file_;
  std::size_t number_ = 0;
  std::vector<section> sections_;  // the first has no name
};

/// "" for none.
std::string config_file(const command& what, const settings_builder& values) {
  if (values.has("config")) {
    return values.text("config");
  }
  if (what.resumed_by.empty() || !values.has(what.resumed_by)) {
    return "";
  }
  const std::filesystem::path kept =
      std::filesystem::path(values.text(what.resumed_by)) / kept_config;
  return std::filesystem::exists(kept) ? kept.string() : "";
}

}  // namespace

invocation parse(const command& what, const std::vector<std::string>& words) {
  const po::options_description all = describe(what);
  settings_builder values;
  put_words(what, all, words, values);
  if (!values.has("ignore-environment")) {
    put_environment(all, values);
  }
  invocation result;
  const std::string file = config_file(what, values);
  if (file.empty()) {
    result.values = values.with_defaults(what);
    return result;
  }
  config_reader config(what, all, file);
  for (const section& s : config.sections()) {
    settings_builder mine = values;
    mine.put_all(s.values);
    mine.put_all(config.sections().front().values);
    if (&s == &config.sections().front()) {
      result.values = mine.with_defaults(what);
    } else {
      result.experiments.push_back({s.name, mine.with_defaults(what)});
    }
  }
  return result;
}

std::string help(const command& what) {
  std::ostringstream out;
  out << "sounder " << what.name << ": " << what.summary << "\n\n"
      << what.text << '\n';
  for (const option_group& group : what.groups) {
    out << '\n' << describe(group);
  }
  out << "\nEvery option is also a key in the --config file (schedule = "
         "decay) "
         "and a\nvariable in the environment (SOUNDER_SCHEDULE=decay). The "
         "command line wins\nover the environment, the environment over the "
         "file.\n";
  return out.str();
}

option_group common_options() {
  return {"General",
          {{"config", "FILE", "", "read options from FILE, key = value a line"},
           {"dump-config", "", "",
            "print the options in force as a config file and stop"},
           {"help", "", "", "this text"}}};
}

}  // namespace sounder::app

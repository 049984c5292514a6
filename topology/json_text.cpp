#include "topology/json_text.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include "topology/wiring_file.hpp"

namespace sounder::topology::detail {

namespace {

/// Goes through a text and says how far it has come.
class watched_iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  watched_iterator(const char* at, const char** come) : at_(at), come_(come) {}
  reference operator*() const { return *at_; }
  watched_iterator& operator++() {
    *come_ = ++at_;
    return *this;
  }
  friend bool operator==(const watched_iterator& a, const watched_iterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const watched_iterator& a, const watched_iterator& b) {
    return !(a == b);
  }

 private:
  const char* at_;
  const char** come_;
};

/// A parser's way through a text: the path of what it has come to, and its
/// line.
class walk {
 public:
  explicit walk(std::string_view text) : text_(text), come_(text.data()) {}

  /// Calls visit(again) for each key and each value of a list; `again` is a
  /// key that has been in its object before, else null.
  template <class Visit>
  json parse(const Visit& visit) {
    const auto watch = [&](int, json::parse_event_t event, json& parsed) {
      follow(event, parsed, visit);
      return true;
    };
    return json::parse(watched_iterator(text_.data(), &come_),
                       watched_iterator(text_.data() + text_.size(), &come_),
                       watch, true, true);
  }

  const std::string& path() const noexcept { return path_; }

  /// Not counting the last character, to which a parser looks ahead.
  std::size_t line() const {
    const char* const end = come_ == text_.data() ? come_ : come_ - 1;
    return 1 + static_cast<std::size_t>(std::count(text_.data(), end, '\n'));
  }

 private:
  struct container {
    std::size_t path = 0;  // its length
    bool is_list = false;
    std::size_t size = 0;
    std::set<std::string> keys = {};
  };

  template <class Visit>
  void follow(json::parse_event_t event, const json& parsed,
              const Visit& visit) {
    switch (event) {
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        path_.resize(inside_.back().path);
        inside_.pop_back();
        return;
      case json::parse_event_t::key:
        path_.resize(inside_.back().path);
        path_ += (path_.empty() ? "" : ".") + parsed.get<std::string>();
        visit(inside_.back().keys.insert(parsed).second ? nullptr : &parsed);
        return;
      default:
        break;
    }
    if (inside_.empty() || inside_.back().is_list) {
      enter_item();
      visit(nullptr);
    }
    if (event != json::parse_event_t::value) {
      inside_.push_back(
          {path_.size(), event == json::parse_event_t::array_start});
    }
  }
  void enter_item() {
    if (!inside_.empty()) {
      path_.resize(inside_.back().path);
      path_ += "[" + std::to_string(inside_.back().size++) + "]";
    }
  }

  std::string_view text_;
  const char* come_;
  std::string path_;
  std::vector<container> inside_;
};

/// The line of a path in a text that can be parsed.
std::size_t line_of(std::string_view text, const std::string& path) {
  walk through(text);
  std::size_t line = 0;
  static_cast<void>(through.parse([&](const json*) {
    if (line == 0 && through.path() == path) {
      line = through.line();
    }
  }));
  return std::max<std::size_t>(line, 1);
}

/// What the library says without its number, and where it counts itself.
std::string reason_of(const json::exception& problem) {
  const std::string what = problem.what();
  const bool is_syntax =
      dynamic_cast<const json::parse_error*>(&problem) != nullptr;
  const std::string_view before = is_syntax ? ": " : "] ";
  const std::size_t begin = what.find(before);
  return begin == what.npos ? what : what.substr(begin + before.size());
}

}  // namespace

json json_text::parse() const {
  walk through(text);
  const auto refuse = [&](const std::string& problem) {
    throw wiring_error(file + ":" + std::to_string(through.line()) + ": " +
                       problem);
  };
  try {
    return through.parse([&](const json* again) {
      if (again != nullptr) {
        refuse("the key " + again->dump() + " is there twice in one object");
      }
    });
  } catch (const json::exception& problem) {
    refuse(reason_of(problem));
  }
  return {};
}

void json_text::fail(const std::string& path,
                     const std::string& problem) const {
  std::string line = file + ":" + std::to_string(line_of(text, path)) + ": " +
                     (path.empty() ? "" : path + ": ") + problem;
  std::replace_if(line.begin(), line.end(), is_control, '?');
  throw wiring_error(line);
}

}  // namespace sounder::topology::detail

#include "topology/json_text.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>
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
/// line. Calls visit(again) for each key and each value of a list; `again` is a
/// key that has been in its object before, else null.
template <class Visit>
class walk : public nlohmann::json_sax<json> {
 public:
  walk(std::string_view text, Visit visit)
      : text_(text), come_(text.data()), visit_(std::move(visit)) {}

  /// Throws what the library finds wrong.
  void go() {
    json::sax_parse(watched_iterator(text_.data(), &come_),
                    watched_iterator(text_.data() + text_.size(), &come_), this,
                    json::input_format_t::json, true, true);
  }

  const std::string& path() const noexcept { return path_; }

  /// Not counting the last character, to which a parser looks ahead.
  std::size_t line() const {
    const char* const end = come_ == text_.data() ? come_ : come_ - 1;
    return 1 + static_cast<std::size_t>(std::count(text_.data(), end, '\n'));
  }

  bool null() override { return enter(); }
  bool boolean(bool) override { return enter(); }
  bool number_integer(number_integer_t) override { return enter(); }
  bool number_unsigned(number_unsigned_t) override { return enter(); }
  bool number_float(number_float_t, const string_t&) override {
    return enter();
  }
  bool string(string_t&) override { return enter(); }
  bool binary(binary_t&) override { return enter(); }
  bool start_object(std::size_t) override { return enter_container(false); }
  bool start_array(std::size_t) override { return enter_container(true); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool key(string_t& name) override {
    path_.resize(inside_.back().path);
    path_ += (path_.empty() ? "" : ".") + name;
    visit_(*this, inside_.back().keys.insert(name).second ? nullptr : &name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&,
                   const json::exception& problem) override {
    if (const auto* far = dynamic_cast<const json::out_of_range*>(&problem)) {
      throw *far;
    }
    throw dynamic_cast<const json::parse_error&>(problem);
  }

 private:
  struct container {
    std::size_t path = 0;  // its length
    bool is_list = false;
    std::size_t size = 0;
    std::set<std::string> keys = {};
  };

  bool enter() {
    if (inside_.empty() || inside_.back().is_list) {
      if (!inside_.empty()) {
        path_.resize(inside_.back().path);
        path_ += "[" + std::to_string(inside_.back().size++) + "]";
      }
      visit_(*this, nullptr);
    }
    return true;
  }
  bool enter_container(bool is_list) {
    enter();
    inside_.push_back({path_.size(), is_list});
    return true;
  }
  bool leave() {
    path_.resize(inside_.back().path);
    inside_.pop_back();
    return true;
  }

  std::string_view text_;
  const char* come_;
  Visit visit_;
  std::string path_;
  std::vector<container> inside_;
};

/// The line of a path in a text that can be parsed.
std::size_t line_of(std::string_view text, const std::string& path) {
  std::size_t line = 0;
  walk through(text, [&](const auto& at, const std::string*) {
    if (line == 0 && at.path() == path) {
      line = at.line();
    }
  });
  through.go();
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

/// Twice: the library's parser that calls back for each value looks through a
/// list of links at the end of every link.
json json_text::parse() const {
  const auto refuse = [&](std::size_t line, const std::string& problem) {
    throw wiring_error(file + ":" + std::to_string(line) + ": " + problem);
  };
  walk through(text, [&](const auto& at, const std::string* again) {
    if (again != nullptr) {
      refuse(at.line(), "the key " + json(*again).dump() +
                            " is there twice in one object");
    }
  });
  try {
    through.go();
    return json::parse(text, nullptr, true, true);
  } catch (const json::exception& problem) {
    refuse(through.line(), reason_of(problem));
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

#include "kernels/data/csv_record.hpp"

#include <algorithm>
#include <optional>

namespace sounder::kernels {

namespace {

/// Walks over one record.
class record_walk {
 public:
  record_walk(std::string_view text, char separator)
      : text_(text), separator_(separator) {}

  /// The next field; none when its quote does not close.
  std::optional<csv_field> field() {
    skip_blanks();
    if (current() == '"') {
      return quoted_field();
    }
    return {{plain(at_), false}};
  }

  /// Passes over a separator; false when the record has ended instead.
  bool separator() {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] == '\n') {
      return false;
    }
    // Blanks that separate have just been passed over.
    at_ += separator_ == ' ' ? 0 : 1;
    return true;
  }

  /// What follows the record.
  std::string_view rest() const {
    return text_.substr(std::min(at_ + 1, text_.size()));
  }

 private:
  char current() const { return at_ < text_.size() ? text_[at_] : '\n'; }

  bool separates(char c) const {
    return c == separator_ || (separator_ == ' ' && c == '\t');
  }

  bool is_blank(char c) const {
    return c == ' ' || c == '\r' || (c == '\t' && separator_ != '\t');
  }

  void skip_blanks() {
    while (is_blank(current())) {
      ++at_;
    }
  }

  /// The field from `first` up to a separator or the end of the line.
  std::string_view plain(std::size_t first) {
    while (current() != '\n' && !separates(current())) {
      ++at_;
    }
    return trimmed(first, at_);
  }

  /// What is between these places, without blanks around it.
  std::string_view trimmed(std::size_t first, std::size_t last) const {
    while (last > first && is_blank(text_[last - 1])) {
      --last;
    }
    while (first < last && is_blank(text_[first])) {
      ++first;
    }
    return text_.substr(first, last - first);
  }

  std::optional<csv_field> quoted_field() {
    const std::size_t first = at_;
    std::size_t close = text_.find('"', first + 1);
    while (close != text_.npos && close + 1 < text_.size() &&
           text_[close + 1] == '"') {
      close = text_.find('"', close + 2);
    }
    if (close == text_.npos) {
      return std::nullopt;
    }
    at_ = close + 1;
    const std::size_t before_blanks = at_;
    skip_blanks();
    if (current() != '\n' && !separates(current()) &&
        !(separator_ == ' ' && at_ > before_blanks)) {
      return {{plain(first), false}};
    }
    return {{trimmed(first + 1, close), true}};
  }

  std::string_view text_;
  char separator_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_separator(char c) noexcept {
  if (c == '\t' || c == ' ') {
    return true;
  }
  const bool letter_or_digit =
      (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  return c > ' ' && c <= '~' && !letter_or_digit && c != '.' && c != '+' &&
         c != '-' && c != '"';
}

bool next_record(std::string_view& text, char separator,
                 std::vector<csv_field>& fields) {
  fields.clear();
  record_walk walk(text, separator);
  do {
    const auto field = walk.field();
    if (!field) {
      return false;
    }
    fields.push_back(*field);
  } while (walk.separator());
  text = walk.rest();
  return true;
}

}  // namespace sounder::kernels

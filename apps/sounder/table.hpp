#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sounder::app {

constexpr std::size_t most_rows = 20;  // of a table that may be long

/// Text in columns: the first to the left, the others to the right. A last
/// column of words or bars, if wanted, is to the left again.
///
/// Where there is not room for all, columns that may go are left out, and then
/// text is folded: the column that may fold, at last the first, whose names
/// always stay.
class table {
 public:
  explicit table(std::vector<std::string> titles, bool last_is_left = false);

  /// Titles of columns that may be left out, the least important first.
  table& may_drop(std::vector<std::string> titles);

  /// The number of a column whose text may go over lines.
  table& may_fold(std::size_t column);

  /// One cell a column.
  void add(std::vector<std::string> cells);

  /// In lines of `width` characters at most; as wide as need be without it.
  std::string text(std::optional<std::size_t> width) const;

  /// For stdout: as wide as its terminal, if it is one.
  std::string text() const;

 private:
  std::vector<std::size_t> widths() const;
  std::vector<std::size_t> columns_for(std::size_t width) const;

  std::vector<std::vector<std::string>> rows_;  // the first: titles
  bool last_is_left_;
  std::vector<std::size_t> drops_;  // columns, the least important first
  std::optional<std::size_t> folds_;
};

/// 12.3 %, 1.23 s, 4.5 M/s: numbers as people read them.
std::string percent(double fraction);
std::string seconds(double value);
std::string rate(double per_second);
std::string number(double value);
std::string bytes(double value);

}  // namespace sounder::app

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace sounder::app {

constexpr std::size_t most_rows = 20;  // of a table that may be long

/// Text in columns: the first to the left, the others to the right. A bar
/// column, if wanted, follows to the left again.
class table {
 public:
  explicit table(std::vector<std::string> titles, bool last_is_bar = false);

  /// One cell a column.
  void add(std::vector<std::string> cells);

  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the first: titles
  bool last_is_bar_;
};

/// 12.3 %, 1.23 s, 4.5 M/s: numbers as people read them.
std::string percent(double fraction);
std::string seconds(double value);
std::string rate(double per_second);
std::string number(double value);
std::string bytes(double value);

}  // namespace sounder::app

#pragma once

// What somebody may have meant by a name that nothing has. Of the standard
// library alone and without a source of its own, so that topology/, which knows
// nothing else of the kernels, suggests by the same rule.

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sounder::kernels {

/// The fewest insertions, deletions, changes and swaps of neighbours that make
/// b of a, capitals aside (optimal string alignment).
/// Cost: |a| |b|.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) {
    const auto small = [](char c) {
      return std::tolower(static_cast<unsigned char>(c));
    };
    return small(x) == small(y);
  };
  std::vector<std::size_t> before(b.size() + 1);  // row i - 2
  std::vector<std::size_t> last(b.size() + 1);    // row i - 1
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed =
          last[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, changed});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
          same(a[i - 2], b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
  }
  return row.back();
}

/// The choice most like the word; "" when none is alike. Alike is what a slip
/// or two turn into each other, fewer in short names, and a name of which the
/// word is the beginning.
template <class Choices>
std::string nearest(std::string_view word, const Choices& choices) {
  constexpr std::size_t longest = 64;  // of words worth the work
  constexpr std::size_t least_beginning = 3;
  constexpr std::size_t none = longest + 1;
  std::string best;
  std::size_t least = none;
  for (const auto& each : choices) {
    const std::string_view choice = each;
    const std::size_t size = std::max(word.size(), choice.size());
    if (size > longest || word.empty()) {
      continue;
    }
    const std::size_t most = size <= 2   ? 0
                             : size <= 4 ? 1
                                         : std::max<std::size_t>(2, size / 3);
    std::size_t distance = edit_distance(word, choice);
    if (distance > most) {
      const bool begins =
          word.size() >= least_beginning && choice.starts_with(word);
      distance = begins ? longest : none;  // rather a slip than a beginning
    }
    if (distance < least) {
      least = distance;
      best = choice;
    }
  }
  return best;
}

/// What to append to a complaint of the word: "; did you mean CHOICE?", or
/// nothing when none is alike.
template <class Choices>
std::string did_you_mean(std::string_view word, const Choices& choices) {
  const std::string like = nearest(word, choices);
  return like.empty() ? "" : "; did you mean " + like + "?";
}

}  // namespace sounder::kernels

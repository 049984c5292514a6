#include "actors/plan/dealing.hpp"

#include <algorithm>

#include "actors/plan/schedule.hpp"

namespace sounder::actors {

namespace {

/// Of each; who is not known is as fast as the mean of those who are.
std::vector<double> speeds_of(std::span<const walker> all) {
  double sum = 0.0;
  std::size_t known = 0;
  for (const walker& each : all) {
    sum += each.speed;
    known += each.speed > 0.0 ? 1 : 0;
  }
  const double usual = known > 0 ? sum / static_cast<double>(known) : 1.0;
  std::vector<double> speeds;
  for (const walker& each : all) {
    speeds.push_back(each.speed > 0.0 ? each.speed : usual);
  }
  return speeds;
}

bool knows(const walker& one, const walker& other) {
  return one.place == other.place || (one.knows_all && other.is_common);
}

/// With what goes before, where it goes on from there.
void append(std::vector<phase_range>& parts, const phase_range& next) {
  if (!parts.empty() && parts.back().way == next.way &&
      parts.back().last == next.first) {
    parts.back().last = next.last;
  } else {
    parts.push_back(next);
  }
}

}  // namespace

std::vector<std::vector<phase_range>> deal(std::span<const walker> all,
                                           std::uint64_t first,
                                           std::uint64_t last) {
  constexpr std::uint64_t most_parts = 64;
  const std::uint64_t part =
      std::max<std::uint64_t>(ratio_up(last - first, most_parts), 1);
  const std::vector<double> speed = speeds_of(all);
  std::vector<double> done_at;
  for (const walker& each : all) {
    done_at.push_back(each.busy_s);
  }
  std::vector<std::vector<phase_range>> dealt(all.size());
  for (std::uint64_t begin = first; begin < last; begin += part) {
    const std::uint64_t end = std::min(begin + part, last);
    const auto done_with_it = [&](std::size_t k) {
      return done_at[k] + static_cast<double>(end - begin) / speed[k];
    };
    for (std::size_t way = 0; way < all.size(); ++way) {
      std::size_t best = way;
      for (std::size_t k = 0; k < all.size(); ++k) {
        if ((begin > first || !all[way].takes_first) &&
            knows(all[k], all[way]) && done_with_it(k) < done_with_it(best)) {
          best = k;
        }
      }
      done_at[best] = done_with_it(best);
      append(dealt[best], {all[way].replica, begin, end});
    }
  }
  return dealt;
}

}  // namespace sounder::actors

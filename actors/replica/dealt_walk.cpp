#include "actors/replica/dealt_walk.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace sounder::actors {

dealt_walk::dealt_walk(assignment dealt, const known_ways& known)
    : parts_(std::move(dealt.parts)) {
  for (const phase_range& part : parts_) {
    if (part.way >= known.size() || !known[part.way] ||
        part.first >= part.last) {
      throw std::invalid_argument("phases " + std::to_string(part.first) +
                                  " to " + std::to_string(part.last) +
                                  " of replica " + std::to_string(part.way) +
                                  " cannot be walked here");
    }
    way& along = ways_.try_emplace(part.way, *known[part.way]).first->second;
    const auto steps = dealt.steps.find(part.way);
    if (steps != dealt.steps.end()) {
      along.steps = std::make_shared<step_table>(std::move(steps->second));
      dealt.steps.erase(steps);
    }
  }
}

std::optional<stretch> dealt_walk::next() {
  if (part_ == parts_.size()) {
    return std::nullopt;
  }
  const phase_range& part = parts_[part_];
  const std::uint64_t phase = part.first + within_++;
  if (phase + 1 == part.last) {
    ++part_;
    within_ = 0;
  }
  return stretch{ways_.at(part.way), phase};
}

}  // namespace sounder::actors

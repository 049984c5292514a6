#include "actors/convoy.hpp"

namespace sounder::actors {

convoy::convoy(std::size_t members) : legs_(members) {
  for (auto& each : legs_) {
    each.store(nowhere);
  }
}

void convoy::walk(std::size_t member, std::uint64_t legs) noexcept {
  legs_[member].store(legs);
  changed.notify();
}

void convoy::pause(std::size_t member) noexcept {
  legs_[member].store(nowhere);
  changed.notify();
}

std::optional<std::size_t> convoy::behind(std::uint64_t legs,
                                          std::uint64_t lead) const noexcept {
  for (std::size_t k = 0; k < legs_.size(); ++k) {
    const std::uint64_t his = legs_[k].load();
    if (his != nowhere && legs > his + lead) {
      return k;
    }
  }
  return std::nullopt;
}

}  // namespace sounder::actors

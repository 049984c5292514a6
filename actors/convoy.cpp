#include "actors/convoy.hpp"

namespace sounder::actors {

convoy::convoy(std::size_t members) : places_(members) {}

void convoy::walk(std::size_t member, std::uint64_t legs) noexcept {
  places_[member].legs.store(legs);
  changed.notify();
}

void convoy::pause(std::size_t member) noexcept {
  places_[member].legs.store(nowhere);
  changed.notify();
}

std::optional<std::size_t> convoy::behind(std::uint64_t legs,
                                          std::uint64_t lead) const noexcept {
  for (std::size_t k = 0; k < places_.size(); ++k) {
    const std::uint64_t his = places_[k].legs.load();
    if (his != nowhere && legs > his + lead) {
      return k;
    }
  }
  return std::nullopt;
}

}  // namespace sounder::actors

#include "actors/sync/lag_limiter.hpp"

namespace sounder::actors {

lag_limiter::lag_limiter(std::size_t members) : places_(members) {}

void lag_limiter::walk(std::size_t member, std::uint64_t phases) noexcept {
  places_[member].phases.store(phases);
  changed.notify();
}

void lag_limiter::pause(std::size_t member) noexcept {
  places_[member].phases.store(nowhere);
  changed.notify();
}

std::optional<std::size_t> lag_limiter::behind(
    std::uint64_t phases, std::uint64_t lead) const noexcept {
  for (std::size_t k = 0; k < places_.size(); ++k) {
    const std::uint64_t his = places_[k].phases.load();
    if (his != nowhere && phases > his + lead) {
      return k;
    }
  }
  return std::nullopt;
}

}  // namespace sounder::actors

#include "actors/waiting.hpp"

#include <utility>

namespace sounder::actors {

void signal::notify() noexcept {
  // Under the lock, so that nobody falls asleep between looking and waiting.
  {
    const std::scoped_lock lock(mutex_);
    changed_.notify_all();
  }
  for (const auto& subscriber : subscribers_) {
    subscriber();
  }
}

void signal::subscribe(std::function<void()> changed) {
  const std::scoped_lock lock(mutex_);
  subscribers_.push_back(std::move(changed));
}

}  // namespace sounder::actors

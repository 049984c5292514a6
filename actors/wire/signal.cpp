#include "actors/wire/signal.hpp"

namespace sounder::actors {

void signal::notify() noexcept {
  // Who is not counted yet will look at what has changed.
  if (waiting_.load() == 0) {
    return;
  }
  // Under the lock, so that nobody falls asleep between looking and waiting.
  const std::scoped_lock lock(mutex_);
  changed_.notify_all();
}

}  // namespace sounder::actors

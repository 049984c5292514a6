#include "actors/wire/stream_loop.hpp"

#include <algorithm>
#include <utility>

#include <poll.h>

namespace sounder::actors {

void stream_loop::add(std::shared_ptr<pending_stream> wire,
                      std::shared_ptr<stream_user> user) {
  all_.push_back({std::move(wire), std::move(user)});
}

void stream_loop::turn(std::chrono::milliseconds longest,
                       const loss_handler& lost) {
  // Before they are asked: who rings from now on is not missed.
  bell_->clear();
  bool moved = false;
  for (entry& each : all_) {
    moved = go_on(each, lost) || moved;
  }
  if (!moved) {
    wait(longest);
  }
}

bool stream_loop::go_on(entry& each, const loss_handler& lost) {
  stream* const wire = each.wire->get();
  if (wire == nullptr || each.is_lost) {
    return false;
  }
  try {
    return each.user->go_on(*wire);
  } catch (const stream_error& why) {
    each.is_lost = true;
    wire->hang_up();
    lost(why);
    return true;
  }
}

void stream_loop::wait(std::chrono::milliseconds longest) const {
  constexpr std::chrono::milliseconds soon{1};
  std::vector<pollfd> polled = {{bell_->descriptor(), POLLIN, 0}};
  for (const entry& each : all_) {
    const stream* const wire = each.wire->get();
    if (each.is_lost) {
      continue;
    }
    // One that has not come yet does not ring.
    if (wire == nullptr || each.user->is_pressing()) {
      longest = std::min(longest, soon);
    }
    if (wire != nullptr) {
      polled.push_back(
          {wire->socket(), wire->events(true, each.user->has_to_write()), 0});
    }
  }
  static_cast<void>(
      poll(polled.data(), polled.size(), static_cast<int>(longest.count())));
}

}  // namespace sounder::actors

#pragma once

// Couriers at both ends of a stream within this process.

#include <memory>
#include <utility>

#include "actors/sync/courier.hpp"

namespace sounder::tests {

class two_couriers {
 public:
  /// For updates of that size. The stream may come later.
  explicit two_couriers(std::size_t size, bool is_joined = true)
      : near_(std::make_shared<actors::courier>(to_far_, size, bell_)),
        far_(std::make_shared<actors::courier>(to_near_, size, bell_)) {
    if (is_joined) {
      join();
    }
  }

  void join() {
    using actors::stream;
    const actors::tls_context open_to_all{actors::tls_files()};
    const auto [one, other] = actors::socket_pair();
    to_far_->join(std::make_unique<stream>(
        one, open_to_all, stream::side::connects, to_far_->other()));
    to_near_->join(std::make_unique<stream>(
        other, open_to_all, stream::side::accepts, to_near_->other()));
  }

  actors::courier& near() { return *near_; }
  actors::courier& far() { return *far_; }
  const std::shared_ptr<actors::courier>& near_end() const { return near_; }
  const std::shared_ptr<actors::courier>& far_end() const { return far_; }
  actors::wake_up& bell() { return *bell_; }

  /// True when anything moved.
  bool go_on() {
    const bool moved = near_->go_on();
    return far_->go_on() || moved;
  }
  void go_on_to_the_end() {
    while (go_on()) {
    }
  }

 private:
  using pending = std::shared_ptr<actors::pending_stream>;
  std::shared_ptr<actors::wake_up> bell_ = std::make_shared<actors::wake_up>();
  pending to_far_ = std::make_shared<actors::pending_stream>("node far");
  pending to_near_ = std::make_shared<actors::pending_stream>("node near");
  std::shared_ptr<actors::courier> near_;
  std::shared_ptr<actors::courier> far_;
};

}  // namespace sounder::tests

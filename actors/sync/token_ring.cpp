#include "actors/sync/token_ring.hpp"

#include <algorithm>
#include <utility>

namespace sounder::actors {

namespace {

class token_meeting : public meeting {
 public:
  token_meeting(std::unique_ptr<meeting> trade,
                std::shared_ptr<token_ring> ring, std::size_t position)
      : trade_(std::move(trade)), ring_(std::move(ring)), position_(position) {
    meters_ = trade_->meters();
  }

  bool attend(local_end& own, const step_context& now) override {
    if (!std::exchange(entered_, true)) {
      ring_->enter(position_);
      since_entered_ = 0;
    }
    if (!std::exchange(came_by_, true)) {
      ++visits_;
      ++since_entered_;
      if (std::exchange(has_met_, false) &&  // tau0 steps ago
          ring_->is_at(position_)) {
        ring_->pass_on();
      }
    }
    // Whoever rests has had time to come on, too.
    if (!ring_->is_at(position_) && (since_entered_ > 1 || is_due())) {
      ring_->call();
    }
    if (!ring_->is_at(position_)) {
      came_by_ = is_due();
      return !came_by_;
    }
    is_trading_ = true;
    if (!trade_->attend(own, now)) {
      return false;
    }
    is_trading_ = false;
    has_met_ = true;
    came_by_ = false;
    visits_ = 0;
    return true;
  }

  void wait() override {
    if (is_trading_) {
      trade_->wait();
    } else {
      static_cast<void>(
          ring_->changed.wait([this] { return ring_->is_at(position_); }));
    }
  }

  std::string waits_for() const override {
    return is_trading_ ? trade_->waits_for()
                       : meters_.front()->from + " waits for the token";
  }

  /// What it did last stays so: it will go on from there.
  void resign() override {
    entered_ = false;
    ring_->resign(position_);
    has_met_ = has_met_ && ring_->is_at(position_);
  }

 private:
  bool is_due() const noexcept { return visits_ > ring_->size() + 2; }

  std::unique_ptr<meeting> trade_;
  std::shared_ptr<token_ring> ring_;
  std::size_t position_;
  std::size_t visits_ = 0;         // since the token was here
  std::size_t since_entered_ = 0;  // visits
  bool entered_ = false;
  bool came_by_ = false;
  bool is_trading_ = false;
  bool has_met_ = false;
};

}  // namespace

token_ring::token_ring(std::vector<char> is_here, forwarding forward)
    : is_here_(std::move(is_here)),
      all_are_here_(std::find(is_here_.begin(), is_here_.end(), 0) ==
                    is_here_.end()),
      walks_(is_here_.size(), 0),
      forward_(std::move(forward)),
      holder_(is_here_.at(0) != 0 ? 0 : elsewhere) {}

void token_ring::enter(std::size_t position) {
  const std::scoped_lock lock(mutex_);
  walks_[position] = 1;
}

void token_ring::resign(std::size_t position) {
  {
    const std::scoped_lock lock(mutex_);
    walks_[position] = 0;
    if (holder_.load() != position || all_are_here_) {
      return;
    }
  }
  pass_on();
}

void token_ring::call() { move_on(true); }

void token_ring::pass_on() { move_on(false); }

/// From wherever it is, or only from a member that rests.
void token_ring::move_on(bool is_called) {
  std::size_t to = elsewhere;
  {
    const std::scoped_lock lock(mutex_);
    const std::size_t from = holder_.load();
    if (from == elsewhere || (is_called && walks_[from] != 0)) {
      return;
    }
    to = next_after(from);
  }
  changed.notify();
  if (to != elsewhere) {
    forward_(to);
  }
}

bool token_ring::is_at_rest(std::size_t position) {
  const std::scoped_lock lock(mutex_);
  return walks_[position] == 0;
}

bool token_ring::arrive(std::size_t position) {
  bool walks = false;
  {
    const std::scoped_lock lock(mutex_);
    holder_.store(position);
    walks = walks_[position] != 0;
  }
  changed.notify();
  return walks;
}

/// The member of another node that the token is to be brought to, if any.
std::size_t token_ring::next_after(std::size_t from) {
  for (std::size_t k = 1; k < size(); ++k) {
    const std::size_t next = (from + k) % size();
    if (is_here_[next] == 0) {
      passes_.fetch_add(1);
      holder_.store(elsewhere);
      return next;
    }
    if (walks_[next] != 0) {
      passes_.fetch_add(1);
      holder_.store(next);
      return elsewhere;
    }
  }
  return elsewhere;
}

std::unique_ptr<meeting> meet_on_token(std::unique_ptr<meeting> trade,
                                       std::shared_ptr<token_ring> ring,
                                       std::size_t position) {
  return std::make_unique<token_meeting>(std::move(trade), std::move(ring),
                                         position);
}

}  // namespace sounder::actors

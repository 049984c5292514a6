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
      ring_->call(position_);
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

  void keep(state_archive& all) override {
    all.require_rest(!entered_ && !is_trading_);
    all(visits_, has_met_, *trade_);
    ring_->keep(position_, all);
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

/// To be said once the lock is free.
struct token_ring::word {
  enum { nothing, moved, bring, call_for } what = nothing;
  std::size_t to = 0;
  std::uint64_t times = 0;
};

token_ring::token_ring(const std::vector<char>& is_here, ways others)
    : members_(is_here.size()),
      all_are_here_(std::find(is_here.begin(), is_here.end(), 0) ==
                    is_here.end()),
      others_(std::move(others)),
      holder_(is_here.at(0) != 0 ? 0 : elsewhere) {
  for (std::size_t k = 0; k < size(); ++k) {
    members_[k].is_here = is_here[k] != 0;
  }
}

void token_ring::enter(std::size_t position) {
  const std::scoped_lock lock(mutex_);
  members_[position].walks = true;
}

void token_ring::resign(std::size_t position) {
  word made;
  {
    const std::scoped_lock lock(mutex_);
    members_[position].walks = false;
    if (holder_.load() == position && members_[position].is_wanted) {
      made = next_after(position);
    }
  }
  say(made);
}

void token_ring::call(std::size_t position) {
  word made;
  {
    const std::scoped_lock lock(mutex_);
    const std::size_t from = holder_.load();
    if (!all_are_here_) {
      made = look_back(position);
    } else if (!members_[from].walks) {
      made = next_after(from);
    }
  }
  say(made);
}

void token_ring::call_from(std::size_t position, std::uint64_t times) {
  word made;
  {
    const std::scoped_lock lock(mutex_);
    // Otherwise the token is on its way there: the call has crossed it.
    if (members_[position].times == times) {
      made = look_back(position);
    }
  }
  say(made);
}

void token_ring::pass_on() {
  word made;
  {
    const std::scoped_lock lock(mutex_);
    if (const std::size_t from = holder_.load(); from != elsewhere) {
      made = next_after(from);
    }
  }
  say(made);
}

void token_ring::arrive(std::size_t position) {
  word made{word::moved};
  {
    const std::scoped_lock lock(mutex_);
    member& at = members_[position];
    holder_.store(position);
    at.has_called = false;
    ++at.times;
    if (!at.walks && at.is_wanted) {
      made = next_after(position);
    }
  }
  say(made);
}

void token_ring::keep(std::size_t position, state_archive& all) {
  const std::scoped_lock lock(mutex_);
  bool has_token = holder_.load() == position;
  all(has_token);
  if (has_token) {
    holder_.store(position);
  } else if (holder_.load() == position) {
    holder_.store(elsewhere);
  }
  all(members_[position]);
  if (member& next = members_[(position + 1) % size()]; !next.is_here) {
    all(next);
  }
}

/// Where the token is on the way back from there, up to another process.
token_ring::word token_ring::look_back(std::size_t position) {
  for (std::size_t to = position, k = 1; k < size(); ++k) {
    const std::size_t at = before(to);
    if (!members_[at].is_here) {
      const bool is_new = !std::exchange(members_[to].has_called, true);
      return is_new ? word{word::call_for, to, members_[to].times} : word{};
    }
    if (holder_.load() == at && !members_[at].walks) {
      return next_after(at);
    }
    members_[at].is_wanted = true;
    if (holder_.load() == at) {
      return {};
    }
    to = at;
  }
  return {};
}

/// Moves it.
token_ring::word token_ring::next_after(std::size_t from) {
  for (std::size_t k = 1; k < size(); ++k) {
    const std::size_t to = (from + k) % size();
    member& next = members_[to];
    if (next.is_here && !next.walks) {
      continue;
    }
    for (std::size_t left = from; left != to; left = (left + 1) % size()) {
      members_[left].is_wanted = false;
    }
    passes_.fetch_add(1);
    next.times += next.is_here ? 0 : 1;
    holder_.store(next.is_here ? to : elsewhere);
    return {next.is_here ? word::moved : word::bring, to};
  }
  return {};
}

void token_ring::say(const word& what) {
  if (what.what != word::nothing) {
    changed.notify();
  }
  if (what.what == word::bring) {
    others_.bring(what.to);
  } else if (what.what == word::call_for) {
    others_.call(what.to, what.times);
  }
}

std::unique_ptr<meeting> meet_on_token(std::unique_ptr<meeting> trade,
                                       std::shared_ptr<token_ring> ring,
                                       std::size_t position) {
  return std::make_unique<token_meeting>(std::move(trade), std::move(ring),
                                         position);
}

}  // namespace sounder::actors

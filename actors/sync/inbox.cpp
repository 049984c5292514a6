#include "actors/sync/inbox.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "kernels/exchange/gossip.hpp"

namespace sounder::actors {

void add_update(update& to, const update& more) {
  auto sum = std::make_shared<std::vector<float>>(*to.values);
  kernels::push_sum_gather(sum->data(), more.values->data(), sum->size());
  to.values = std::move(sum);
  to.weight += more.weight;
  to.round = more.round;
}

void inbox::put(update news) {
  {
    const std::scoped_lock lock(mutex_);
    const auto unread =
        adds_up(kind_)
            ? std::find_if(updates_.begin(), updates_.end(),
                           [&](const update& u) { return u.from == news.from; })
            : updates_.end();
    if (unread == updates_.end()) {
      updates_.push_back(std::move(news));
    } else {
      add_update(*unread, news);
    }
  }
  changed.notify();
}

std::vector<update> inbox::take_all() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(updates_, {});
}

std::vector<update> inbox::all() const {
  const std::scoped_lock lock(mutex_);
  return updates_;
}

bool inbox::has_round(std::uint64_t round, std::size_t count) {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
             updates_.begin(), updates_.end(),
             [=](const update& u) { return u.round == round; })) >= count;
}

std::vector<update> inbox::take_round(std::uint64_t round, std::size_t count) {
  const std::scoped_lock lock(mutex_);
  const auto of_round =
      std::stable_partition(updates_.begin(), updates_.end(),
                            [=](const update& u) { return u.round != round; });
  if (static_cast<std::size_t>(updates_.end() - of_round) < count) {
    return {};
  }
  std::vector<update> taken(std::make_move_iterator(of_round),
                            std::make_move_iterator(updates_.end()));
  updates_.erase(of_round, updates_.end());
  std::sort(taken.begin(), taken.end(),
            [](const update& a, const update& b) { return a.from < b.from; });
  return taken;
}

void inbox::keep(state_archive& all, std::size_t size) {
  const std::scoped_lock lock(mutex_);
  std::uint64_t count = updates_.size();
  all(count);
  if (all.is_reading()) {
    all.require(count <= all.left() / ((size + 1) * sizeof(float)),
                "more updates than there are bytes");
    updates_.assign(count, {});
  }
  for (update& each : updates_) {
    if (all.is_reading()) {
      each.values = std::make_shared<std::vector<float>>(size);
    }
    all(each.from, each.round, each.weight, *each.values);
  }
}

std::size_t inbox::size() {
  const std::scoped_lock lock(mutex_);
  return updates_.size();
}

}  // namespace sounder::actors

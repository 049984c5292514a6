#include "actors/sync/memory_channel.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/exchange/overwrite.hpp"
#include "kernels/shared_vector.hpp"

namespace sounder::actors {

namespace {

using buffer = std::array<float, local_end::block>;

/// Calls visit(first, n) for the blocks of a vector. The links of an end begin
/// at blocks far from each other's, lest those who meet it at once write into
/// the same cache lines all the way.
template <class Visit>
void for_each_block(std::size_t size, const memory_link& link,
                    const Visit& visit) {
  const std::size_t blocks = (size + local_end::block - 1) / local_end::block;
  const std::size_t links = std::max<std::size_t>(link.far->arrivals(), 1);
  const std::size_t begin = link.rank * blocks / links;
  for (std::size_t k = 0; k < blocks; ++k) {
    const std::size_t first = (begin + k) % blocks * local_end::block;
    visit(first, std::min(local_end::block, size - first));
  }
}

/// Runs an errand block by block, with everything held or nothing.
class memory_channel : public channel {
 public:
  explicit memory_channel(memory_link link) : link_(std::move(link)) {}

  bool run(errand what, local_end& own, const step_context& now) override {
    return what == errand::sync ? sync(own, now) : serve(what, own, now);
  }

  void wait(errand what) override {
    target& far = *link_.far;
    static_cast<void>(far.changed.wait(
        [=, this] { return may_go_on(what); },
        has_come_ ? far.round_due() : signal::time_point::max()));
  }

  void rest() override { link_.far->rests(link_.rank); }

  traffic take_traffic() override {
    const std::uint64_t version = link_.far->version();
    const std::uint64_t since = std::exchange(seen_version_, version);
    return {std::exchange(bytes_, 0),
            version - since - std::exchange(own_updates_, 0)};
  }

 private:
  bool may_go_on(errand what) const {
    if (has_come_) {
      return link_.far->may_go_on(link_.rank);
    }
    return link_.far->admits(link_.rank, what) &&
           (!link_.hold_far || !link_.far->in_use.is_taken());
  }

  /// Takes what has to be held; all of it or nothing.
  bool try_enter(local_end& own) {
    if (!own.try_hold()) {
      return false;
    }
    if (link_.hold_far && !link_.far->in_use.try_take()) {
      own.let_go();
      return false;
    }
    return true;
  }

  void leave(local_end& own) {
    if (link_.hold_far) {
      link_.far->in_use.give_back();
      link_.far->changed.notify();
    }
    own.let_go();
  }

  bool serve(errand what, local_end& own, const step_context& now) {
    if (!link_.far->admits(link_.rank, what) || !try_enter(own)) {
      return false;
    }
    target& far = *link_.far;
    age_ = far.version() - read_version_;
    is_dropped_ = what != errand::pull && !link_.rule->accepts(age_);
    if (what == errand::trade) {
      trade(own, now);
    } else if (what == errand::push) {
      push(own, now);
    } else {
      pull(own, now);
    }
    count(what);
    leave(own);
    far.served(link_.rank, what);
    return true;
  }

  /// Before the far end is let go of.
  void count(errand what) {
    target& far = *link_.far;
    if (is_dropped_) {
      link_.meter->dropped.fetch_add(1, std::memory_order_relaxed);
    } else if (what != errand::pull) {
      far.count_update();
      ++own_updates_;
    }
    read_version_ = what == errand::push ? read_version_ : far.version();
  }

  void merge(kernels::far_end far, float* payload) const {
    far.age = age_;
    if (is_dropped_) {
      link_.rule->show(far, payload);
    } else {
      link_.rule->serve(far, payload);
    }
  }

  /// ask, serve, take, block by block.
  void trade(local_end& own, const step_context& now) {
    const kernels::exchange_rule& rule = *link_.rule;
    pass(own, now, own.has_gradient() && !is_dropped_,
         [&](const kernels::near_end& near, kernels::far_end far,
             float* payload) {
           rule.ask(near, payload);
           merge(far, payload);
           rule.take(near, payload, near.w);  // held: nobody has moved it
         });
    bytes_ += 2 * vector_bytes();
  }

  /// ask and serve; s <- w.
  void push(local_end& own, const step_context& now) {
    const kernels::exchange_rule& rule = *link_.rule;
    pass(own, now, own.has_gradient() && !is_dropped_,
         [&](const kernels::near_end& near, kernels::far_end far,
             float* payload) {
           rule.ask(near, payload);
           merge(far, payload);
           kernels::relaxed::copy(near.w, near.n, near.s);
         });
    bytes_ += vector_bytes();
  }

  /// Takes the far end's parameters over.
  void pull(local_end& own, const step_context& now) {
    pass(own, now, false,
         [&](const kernels::near_end& near, kernels::far_end far,
             float* payload) {
           link_.rule->show(far, payload);
           kernels::overwrite().take(near, payload, nullptr);
         });
    bytes_ += vector_bytes();
  }

  /// All blocks of the vector, opened and closed.
  template <class Visit>
  void pass(local_end& own, const step_context& now, bool brings_gradient,
            const Visit& visit) {
    buffer payload;
    const terms all = link_.far->begin(*link_.rule, now.step, brings_gradient);
    start_pass(own);
    for_each_block(size(), link_, [&](std::size_t first, std::size_t n) {
      visit(link_.open(own, now, first, n), link_.far->at(first, n, all),
            payload.data());
      link_.close(own, first, n);
    });
    end_pass(own);
  }

  /// Comes with a payload, and goes on with the answer when all have come. The
  /// published copy is free in between.
  bool sync(local_end& own, const step_context& now) {
    if (!has_come_) {
      if (!own.try_hold()) {
        return false;
      }
      come(own, now);
    }
    serve_round(*link_.rule, *link_.far, link_.hold_far);
    if (!link_.far->admits(link_.rank, errand::sync) || !own.try_hold()) {
      return false;
    }
    for_each_block(size(), link_, [&](std::size_t first, std::size_t n) {
      const kernels::near_end near = link_.open(own, now, first, n);
      const float* const asked =
          own.published() ? asked_.data() + first : near.w;
      link_.take(own, near, payload_.data() + first, asked);
      link_.close(own, first, n);
    });
    end_pass(own);
    own.let_go();
    has_come_ = false;
    is_dropped_ = false;
    count(errand::sync);
    bytes_ += 2 * vector_bytes();
    return true;
  }

  void come(local_end& own, const step_context& now) {
    payload_.resize(size());
    asked_.resize(own.published() ? size() : 0);
    start_pass(own);
    for_each_block(size(), link_, [&](std::size_t first, std::size_t n) {
      const kernels::near_end near = link_.open(own, now, first, n);
      link_.rule->ask(near, payload_.data() + first);
      if (own.published()) {
        kernels::relaxed::copy(near.w, n, asked_.data() + first);
      }
      link_.close(own, first, n);
    });
    end_pass(own);
    own.let_go();
    has_come_ = true;
    link_.far->come(link_.rank,
                    {payload_.data(), now.step, own.has_gradient()});
  }

  /// Around a pass over the link's coordinates. What others of the vector
  /// need is done before where these are not all.
  void start_pass(local_end& own) const noexcept {
    if (size() != own.size()) {
      own.open_all();
    }
  }
  void end_pass(local_end& own) const noexcept {
    if (size() == own.size()) {
      own.pass_done();
    }
  }

  std::size_t size() const noexcept { return link_.snapshot.size(); }
  std::uint64_t vector_bytes() const noexcept { return size() * sizeof(float); }

  memory_link link_;
  // Of this occasion.
  std::uint64_t bytes_ = 0;
  std::uint64_t own_updates_ = 0;

  // Of the far end: after the last occasion, and when last read.
  std::uint64_t seen_version_ = 0;
  std::uint64_t read_version_ = 0;

  // Of the errand at hand.
  std::uint64_t age_ = 0;
  bool is_dropped_ = false;

  // Of a sync.
  std::vector<float> payload_;
  std::vector<float> asked_;  // where others meet this replica meanwhile
  bool has_come_ = false;
};

}  // namespace

std::unique_ptr<meeting> meet_in_memory(memory_link link) {
  const topology::discipline when = link.discipline;
  const auto rule = link.rule;
  const auto meter = link.meter;
  return meet_over(std::make_unique<memory_channel>(std::move(link)), when,
                   *rule, meter);
}

}  // namespace sounder::actors

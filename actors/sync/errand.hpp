#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace sounder::actors {

/// What the near end of a link wants of the far one, and what it got. It
/// travels in packets.
enum class errand : std::uint16_t {
  trade,  // up, and down in answer
  push,   // up alone
  pull,   // down alone
  sync,   // up; down when all have come
  rest,   // nothing; the near end comes no more for a while
  drop,   // in answers: the update was too old; down as asked
};

/// The errands of one meeting, first come, first run.
class errand_list {
 public:
  errand_list() = default;
  errand_list(std::initializer_list<errand> all) noexcept {
    for (const errand each : all) {
      add(each);
    }
  }

  /// The same for an exchange that moves both ends by one difference: a push is
  /// a trade, and there is nothing to pull.
  errand_list as_trades() const noexcept {
    errand_list trades;
    for (std::size_t k = first_; k < size_; ++k) {
      if (all_[k] != errand::pull) {
        trades.add(all_[k] == errand::push ? errand::trade : all_[k]);
      }
    }
    return trades;
  }

  void add(errand what) noexcept { all_[size_++] = what; }
  void pop() noexcept { ++first_; }
  bool is_empty() const noexcept { return first_ == size_; }
  errand front() const noexcept { return all_[first_]; }

 private:
  std::array<errand, 2> all_{};
  std::size_t size_ = 0;
  std::size_t first_ = 0;
};

}  // namespace sounder::actors

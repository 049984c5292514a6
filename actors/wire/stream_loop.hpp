#pragma once

// One thread for many streams whose users do not wait for them.

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "actors/wire/stream_registry.hpp"
#include "actors/wire/wake_up.hpp"

namespace sounder::actors {

/// Who reads and writes one stream whenever it can.
class stream_user {
 public:
  virtual ~stream_user() = default;
  /// Moves what can be moved now. True when anything was. Throws stream_error.
  virtual bool go_on(stream& wire) = 0;
  virtual bool has_to_write() const = 0;
  /// To be asked again within a millisecond, whatever comes.
  virtual bool is_pressing() const { return false; }
};

/// Threads: one, but for the bell.
class stream_loop {
 public:
  using loss_handler = std::function<void(const stream_error& why)>;

  void add(std::shared_ptr<pending_stream> wire,
           std::shared_ptr<stream_user> user);

  /// To be rung when a user has something to write.
  const std::shared_ptr<wake_up>& bell() const noexcept { return bell_; }

  /// Lets all go on once; when nothing moved, waits for so long at most. A
  /// stream that breaks is hung up and left out from then on.
  void turn(std::chrono::milliseconds longest, const loss_handler& lost);

 private:
  struct entry {
    std::shared_ptr<pending_stream> wire;
    std::shared_ptr<stream_user> user;
    bool is_lost = false;
  };
  static bool go_on(entry& each, const loss_handler& lost);
  void wait(std::chrono::milliseconds longest) const;

  std::vector<entry> all_;
  std::shared_ptr<wake_up> bell_ = std::make_shared<wake_up>();
};

}  // namespace sounder::actors

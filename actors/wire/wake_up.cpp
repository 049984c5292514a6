#include "actors/wire/wake_up.hpp"

#include <cerrno>
#include <cstdint>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

namespace sounder::actors {

wake_up::wake_up() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
}

wake_up::~wake_up() { close(descriptor_); }

void wake_up::ring() noexcept {
  const std::uint64_t once = 1;
  static_cast<void>(!write(descriptor_, &once, sizeof once));
}

void wake_up::clear() noexcept {
  std::uint64_t times = 0;
  static_cast<void>(!read(descriptor_, &times, sizeof times));
}

}  // namespace sounder::actors

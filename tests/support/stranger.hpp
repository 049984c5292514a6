#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace sounder::tests {

/// Somebody who connects to a port of this machine, and may say something.
class stranger {
 public:
  explicit stranger(std::uint16_t port);
  stranger(stranger&& other) noexcept;
  stranger& operator=(stranger&&) = delete;
  ~stranger();

  /// False where nobody listens.
  bool is_connected() const { return socket_ >= 0; }

  void say(std::string_view bytes) const;

  /// Whether he is hung up on within this time, whatever is said before.
  bool is_hung_up_on(std::chrono::milliseconds within) const;

 private:
  int socket_ = -1;
};

}  // namespace sounder::tests

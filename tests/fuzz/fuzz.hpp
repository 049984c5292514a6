#pragma once

// What a fuzz target offers, to libFuzzer and to the mutation driver alike.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Feeds any bytes to a reader. It may refuse them by its own error and in no
/// other way; what it accepts has to keep the target's promises, or else the
/// process aborts.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size);

namespace sounder::fuzz {

/// Valid inputs that mutations start from.
std::vector<std::string> seeds();

/// The bytes as the readers take them.
inline std::string text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Stops the process: the promise named by `what` is broken.
[[noreturn]] void broken(const char* what);

inline void promise(bool kept, const char* what) {
  if (!kept) {
    broken(what);
  }
}

}  // namespace sounder::fuzz

#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

#include <catch2/catch.hpp>

namespace sounder::tests {

/// A file or directory among the real data sets, which are no part of the
/// source tree: below $SOUNDER_TEST_DATA, or below ../shared/data beside it.
/// Says so and returns nothing when it is absent; the test then is over.
inline std::optional<std::filesystem::path> test_data(std::string_view name) {
  const char* place = std::getenv("SOUNDER_TEST_DATA");
  const std::filesystem::path root =
      place != nullptr ? place : SOUNDER_SOURCE_DIR "/../shared/data";
  if (std::filesystem::exists(root / name)) {
    return root / name;
  }
  WARN("skipped: no " << (root / name).string()
                      << "; set SOUNDER_TEST_DATA to where the data sets are");
  return std::nullopt;
}

}  // namespace sounder::tests

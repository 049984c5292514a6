#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/fuzz.hpp"

void sounder::fuzz::broken(const char* what) {
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

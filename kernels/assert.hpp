#pragma once

#include <cstdio>
#include <cstdlib>

/// Stops the program on a bug (wrong shape, broken invariant). On in every
/// build but release: SOUNDER_NO_ASSERT turns it off.
#ifdef SOUNDER_NO_ASSERT
#define SOUNDER_ASSERT(condition) static_cast<void>(0)
#else
#define SOUNDER_ASSERT(condition)                                     \
  do {                                                                \
    if (!(condition)) {                                               \
      std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, \
                   __LINE__, #condition);                             \
      std::abort();                                                   \
    }                                                                 \
  } while (false)
#endif

#pragma once

#include <stdexcept>

namespace sounder::actors {

/// Thrown when a node does not answer, answers in another protocol, refuses,
/// or is gone. what() names it.
class peer_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace sounder::actors

#pragma once

#include <stop_token>
#include <thread>

namespace sounder::app {

/// Requests a stop when standard input ends; what comes before is passed over.
class input_watch {
 public:
  input_watch();

  std::stop_token token() const { return over_.get_token(); }

 private:
  std::stop_source over_;
  std::jthread listener_;
};

}  // namespace sounder::app

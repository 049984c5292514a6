#pragma once

#include <stop_token>
#include <thread>

namespace sounder::app {

/// Sets how the program takes signals: SIGINT, SIGTERM, SIGHUP and SIGUSR1 end
/// it at once with exit code 130 while no interrupt_watch is alive; SIGHUP
/// stays ignored where nohup has it so. SIGPIPE and SIGXFSZ are ignored, so
/// that the write fails instead. Call once, first.
void set_up_signals();

/// While it lives, the first of those signals requests a stop, the second ends
/// the program at once; within 0.3 s it is taken for the first: who signals a
/// process and its group says everything twice. One at a time.
class interrupt_watch {
 public:
  interrupt_watch();
  interrupt_watch(const interrupt_watch&) = delete;
  interrupt_watch& operator=(const interrupt_watch&) = delete;
  ~interrupt_watch();

  std::stop_token token() const { return stop_.get_token(); }
  bool is_interrupted() const { return stop_.stop_requested(); }

 private:
  int read_end_ = -1;
  int write_end_ = -1;
  std::stop_source stop_;
  std::jthread listener_;
};

}  // namespace sounder::app

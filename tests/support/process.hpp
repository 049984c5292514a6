#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace sounder::tests {

using words = std::vector<std::string>;

inline words operator+(words a, const words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// What a process left behind.
struct outcome {
  int code = -1;  // exit code; 128 + n after signal n, as shells have it
  std::string out;
  std::string err;
};

/// The texts as exec() and its like want them: pointers, and one to nothing.
std::vector<char*> pointers(std::vector<std::string>& texts);

/// Whose process group a process is in.
enum class process_group { of_the_test, own };

/// A process with its output caught. It is killed at the deadline and by the
/// destructor, with its group if that is its own. Variables SOUNDER_* are not
/// inherited; `environment` has those of the test ("SOUNDER_STEP=1").
class process {
 public:
  explicit process(const words& given, const words& environment = {},
                   std::chrono::seconds deadline = std::chrono::seconds(60),
                   process_group group = process_group::of_the_test);
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process();

  /// Reads until stderr has this text. False when the process ends, or the
  /// deadline comes, without it.
  bool says(std::string_view text);

  /// The same of stdout: the text read up to and with this one; empty
  /// when it never comes.
  std::string prints(std::string_view text);

  void signal(int number) const;
  /// To all processes of a group of its own.
  void signal_group(int number) const;
  /// Whether none of these is left, but for those that nobody has waited for.
  bool comes_to_an_empty_group(std::chrono::seconds within) const;

  /// Seconds of a processor that it has used so far.
  double cpu_seconds() const;

  /// Hangs up on its stdout, as `| head` does.
  void close_stdout();

  /// Waits for the end.
  outcome finish();

 private:
  bool read_more();

  std::chrono::steady_clock::time_point deadline_;
  pid_t child_ = -1;
  pid_t group_ = -1;  // its own
  int out_ = -1;
  int err_ = -1;
  outcome result_;
};

inline outcome run(const words& given, const words& environment = {}) {
  return process(given, environment).finish();
}

}  // namespace sounder::tests

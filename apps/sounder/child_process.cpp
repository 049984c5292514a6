#include "apps/sounder/child_process.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sounder::app {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

[[noreturn]] void fail(int problem, const std::string& what) {
  throw std::system_error(problem, std::generic_category(), what);
}

/// Closed with the object, and in programs that this one becomes.
struct pipe_ends {
  pipe_ends() {
    int made[2];
    if (pipe2(made, O_CLOEXEC) != 0) {
      fail(errno, "pipe");
    }
    to_read = made[0];
    to_write = made[1];
  }
  pipe_ends(const pipe_ends&) = delete;
  pipe_ends& operator=(const pipe_ends&) = delete;
  ~pipe_ends() {
    for (const int end : {to_read, to_write}) {
      if (end >= 0) {
        close(end);
      }
    }
  }

  int to_read = -1;
  int to_write = -1;
};

void shield(child_process::group_signals are) {
  sigset_t all;
  sigemptyset(&all);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
    if (are == child_process::group_signals::ignored) {
      std::signal(number, SIG_IGN);
    }
    sigaddset(&all, number);
  }
  if (are == child_process::group_signals::blocked) {
    sigprocmask(SIG_BLOCK, &all, nullptr);
  }
}

/// In the child: becomes the program, or says why it cannot.
[[noreturn]] void become(char* const* words, pid_t parent, const pipe_ends& in,
                         const pipe_ends& out, const pipe_ends& problems,
                         child_process::group_signals are) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) {
    _exit(1);  // it was gone before we asked to be told
  }
  shield(are);
  if (dup2(in.to_read, STDIN_FILENO) >= 0 &&
      dup2(out.to_write, STDOUT_FILENO) >= 0) {
    execvp(words[0], words);
  }
  const int problem = errno;
  static_cast<void>(write(problems.to_write, &problem, sizeof problem));
  _exit(1);
}

}  // namespace

child_process::child_process(const std::vector<std::string>& words,
                             group_signals are) {
  std::vector<char*> arguments;
  for (const std::string& word : words) {
    arguments.push_back(const_cast<char*>(word.c_str()));
  }
  arguments.push_back(nullptr);
  pipe_ends in;
  pipe_ends out;
  pipe_ends problems;
  const pid_t parent = getpid();
  id_ = fork();
  if (id_ < 0) {
    fail(errno, "fork");
  }
  if (id_ == 0) {
    become(arguments.data(), parent, in, out, problems, are);
  }
  close(std::exchange(problems.to_write, -1));
  int problem = 0;
  if (read(problems.to_read, &problem, sizeof problem) == sizeof problem) {
    waitpid(id_, nullptr, 0);
    fail(problem, words[0]);
  }
  input_ = std::exchange(in.to_write, -1);
  output_ = std::exchange(out.to_read, -1);
}

child_process::child_process(child_process&& other) noexcept
    : id_(std::exchange(other.id_, -1)),
      input_(std::exchange(other.input_, -1)),
      output_(std::exchange(other.output_, -1)),
      unread_(std::move(other.unread_)) {}

child_process::~child_process() {
  close_input();
  if (id_ > 0) {
    const auto until = clock::now() + 3s;
    while (waitpid(id_, nullptr, WNOHANG) == 0) {
      if (clock::now() > until) {
        kill(id_, SIGKILL);
        waitpid(id_, nullptr, 0);
        break;
      }
      std::this_thread::sleep_for(5ms);
    }
  }
  if (output_ >= 0) {
    close(output_);
  }
}

bool child_process::has_ended() noexcept {
  if (id_ > 0 && waitpid(id_, nullptr, WNOHANG) == id_) {
    id_ = -1;
  }
  return id_ <= 0;
}

void child_process::close_input() noexcept {
  if (input_ >= 0) {
    close(std::exchange(input_, -1));
  }
}

bool child_process::read_more(clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      until - clock::now());
  pollfd waiting = {output_, POLLIN, 0};
  if (poll(&waiting, 1, static_cast<int>(std::max<long>(left.count(), 0))) <=
      0) {
    return false;
  }
  char text[256];
  const ssize_t n = read(output_, text, sizeof text);
  unread_.append(text, static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  return n > 0;
}

std::optional<std::string> child_process::read_line(clock::time_point until) {
  std::size_t end = 0;
  while ((end = unread_.find('\n')) == unread_.npos) {
    if (!read_more(until)) {
      return unread_.empty() ? std::nullopt
                             : std::optional(std::exchange(unread_, {}));
    }
  }
  std::string line = unread_.substr(0, end);
  unread_.erase(0, end + 1);
  return line;
}

}  // namespace sounder::app

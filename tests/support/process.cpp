#include "tests/support/process.hpp"

#include <cctype>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace sounder::tests {

namespace {

void close_once(int& file) {
  if (file >= 0) {
    close(file);
    file = -1;
  }
}

/// What is there to read; closes at the end of the file.
void drain(int& file, std::string& into) {
  char piece[4096];
  const ssize_t got = read(file, piece, sizeof piece);
  if (got > 0) {
    into.append(piece, static_cast<std::size_t>(got));
  } else if (got == 0 || errno != EINTR) {
    close_once(file);
  }
}

/// Whether the group has a process that runs, by /proc/PID/stat:
/// pid (name) state parent group ..
bool has_members(pid_t group) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string line;
    if (!std::isdigit(entry.path().filename().string().front()) ||
        !std::getline(file, line)) {
      continue;
    }
    std::istringstream rest(line.substr(line.rfind(')') + 1));
    char state = 0;
    pid_t parent = 0;
    pid_t of = 0;
    if (rest >> state >> parent >> of && of == group && state != 'Z') {
      return true;
    }
  }
  return false;
}

}  // namespace

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) {
    all.push_back(text.data());
  }
  all.push_back(nullptr);
  return all;
}

process::process(const words& given, const words& environment,
                 std::chrono::seconds deadline, process_group group)
    : deadline_(std::chrono::steady_clock::now() + deadline) {
  std::vector<std::string> arguments = given;
  std::vector<std::string> variables = environment;
  for (char** v = environ; *v != nullptr; ++v) {
    if (!std::string_view(*v).starts_with("SOUNDER_")) {
      variables.emplace_back(*v);
    }
  }
  int out[2];
  int err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                   O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  if (group == process_group::own) {
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
  }
  const int problem =
      posix_spawnp(&child_, arguments.front().c_str(), &actions, &attributes,
                   pointers(arguments).data(), pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  group_ = group == process_group::own && problem == 0 ? child_ : -1;
  close(out[1]);
  close(err[1]);
  out_ = out[0];
  err_ = err[0];
  if (problem != 0) {
    child_ = -1;
    close_once(out_);
    close_once(err_);
    throw std::runtime_error("cannot run " + given.front());
  }
}

process::~process() {
  if (group_ > 0) {
    kill(-group_, SIGKILL);
  }
  if (child_ > 0) {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  close_once(out_);
  close_once(err_);
}

bool process::read_more() {
  if (out_ < 0 && err_ < 0) {
    return false;
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline_ - std::chrono::steady_clock::now());
  pollfd files[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
  if (left.count() <= 0 ||
      poll(files, 2, static_cast<int>(left.count())) == 0) {
    kill(child_, SIGKILL);
    result_.err += "\n(killed at the deadline)";
    return false;
  }
  if (files[0].revents != 0) {
    drain(out_, result_.out);
  }
  if (files[1].revents != 0) {
    drain(err_, result_.err);
  }
  return true;
}

bool process::says(std::string_view text) {
  while (result_.err.find(text) == std::string::npos) {
    if (!read_more()) {
      return false;
    }
  }
  return true;
}

std::string process::prints(std::string_view text) {
  std::size_t at = 0;
  while ((at = result_.out.find(text)) == std::string::npos) {
    if (!read_more()) {
      return "";
    }
  }
  return result_.out.substr(0, at + text.size());
}

double process::cpu_seconds() const {
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(child_, &clock) != 0 ||
      clock_gettime(clock, &used) != 0) {
    return -1.0;
  }
  return static_cast<double>(used.tv_sec) +
         1e-9 * static_cast<double>(used.tv_nsec);
}

void process::signal(int number) const { kill(child_, number); }

void process::signal_group(int number) const { kill(-group_, number); }

bool process::comes_to_an_empty_group(std::chrono::seconds within) const {
  const auto until = std::chrono::steady_clock::now() + within;
  while (has_members(group_)) {
    if (std::chrono::steady_clock::now() > until) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

void process::close_stdout() { close_once(out_); }

outcome process::finish() {
  while (read_more()) {
  }
  int status = 0;
  waitpid(child_, &status, 0);
  child_ = -1;
  result_.code =
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result_;
}

}  // namespace sounder::tests

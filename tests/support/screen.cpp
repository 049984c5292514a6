#include "tests/support/screen.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/process.hpp"

extern char** environ;

namespace sounder::tests {

namespace {

winsize size_of(unsigned columns) {
  winsize size = {};
  size.ws_row = 24;
  size.ws_col = static_cast<unsigned short>(columns);
  return size;
}

}  // namespace

std::string& screen::row() {
  if (rows_.size() <= at_row_) {
    rows_.resize(at_row_ + 1);
  }
  return rows_[at_row_];
}

void screen::put(char c) {
  if (at_column_ == columns_) {
    ++wraps_;
    ++at_row_;
    at_column_ = 0;
  }
  std::string& line = row();
  line.resize(std::max(line.size(), at_column_ + 1), ' ');
  line[at_column_++] = c;
}

void screen::obey(char command, std::size_t count) {
  if (command == 'A') {
    at_row_ -= std::min(at_row_, std::max<std::size_t>(count, 1));
  } else if (command == 'K' || command == 'J') {
    row().resize(std::min(row().size(), at_column_));
    if (command == 'J') {
      rows_.resize(at_row_ + 1);
    }
  } else {
    throw std::invalid_argument("a sequence that this terminal does not know");
  }
}

void screen::write(std::string_view text) {
  for (const char c : text) {
    if (!sequence_.empty()) {
      sequence_ += c;
      if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
        obey(c, std::strtoul(sequence_.c_str() + 2, nullptr, 10));
        sequence_.clear();
      }
    } else if (c == '\x1b') {
      sequence_ = c;
    } else if (c == '\r') {
      at_column_ = 0;
    } else if (c == '\n') {
      static_cast<void>(row());
      ++at_row_;
    } else {
      put(c);
    }
  }
}

std::vector<std::string> screen::rows() const {
  std::vector<std::string> all = rows_;
  for (std::string& line : all) {
    line.erase(line.find_last_not_of(' ') + 1);
  }
  return all;
}

terminal_process::terminal_process(const std::vector<std::string>& line,
                                   unsigned columns,
                                   std::chrono::seconds deadline)
    : deadline_(std::chrono::steady_clock::now() + deadline) {
  std::vector<std::string> arguments = line;
  std::vector<std::string> variables;
  for (char** v = environ; *v != nullptr; ++v) {
    const std::string_view text = *v;
    if (!text.starts_with("SOUNDER_") && !text.starts_with("COLUMNS=")) {
      variables.emplace_back(text);
    }
  }
  const std::vector<char*> argument_list = pointers(arguments);
  const std::vector<char*> variable_list = pointers(variables);
  winsize size = size_of(columns);
  child_ = forkpty(&terminal_, nullptr, nullptr, &size);
  if (child_ < 0) {
    throw std::runtime_error("no terminal");
  }
  if (child_ == 0) {
    execve(argument_list[0], argument_list.data(), variable_list.data());
    _exit(127);
  }
}

terminal_process::~terminal_process() {
  if (child_ > 0) {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  if (terminal_ >= 0) {
    close(terminal_);
  }
}

void terminal_process::resize(unsigned columns) const {
  const winsize size = size_of(columns);
  if (ioctl(terminal_, TIOCSWINSZ, &size) != 0) {
    throw std::runtime_error("the terminal keeps its size");
  }
}

/// False at the end, which is an error (EIO) once nobody has the other side.
bool terminal_process::read_more() {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline_ - std::chrono::steady_clock::now());
  pollfd file = {terminal_, POLLIN, 0};
  if (left.count() <= 0 ||
      poll(&file, 1, static_cast<int>(left.count())) == 0) {
    kill(child_, SIGKILL);
    output_ += "\n(killed at the deadline)";
    return false;
  }
  char piece[4096];
  const ssize_t got = read(terminal_, piece, sizeof piece);
  if (got > 0) {
    output_.append(piece, static_cast<std::size_t>(got));
  }
  return got > 0 || (got < 0 && errno == EINTR);
}

bool terminal_process::shows(std::string_view text, std::size_t from) {
  while (output_.find(text, from) == std::string::npos) {
    if (!read_more()) {
      return false;
    }
  }
  return true;
}

int terminal_process::finish() {
  while (read_more()) {
  }
  int status = 0;
  waitpid(child_, &status, 0);
  child_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace sounder::tests

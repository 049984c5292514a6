#include "kernels/data/parse_lines.hpp"

#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/buffer.hpp"
#include "kernels/data/data_error.hpp"

namespace sounder::kernels {

namespace {

constexpr std::size_t longest_line = std::size_t{1} << 30;

/// Cuts a file into blocks of whole lines.
class line_blocks {
 public:
  line_blocks(input_file& file, std::size_t block_bytes)
      : file_(file), block_bytes_(block_bytes) {}

  /// Fills `block` with about block_bytes of lines; empty at the end.
  void next(buffer<char>& block) {
    block.resize(0);
    block.append(rest_);
    rest_.resize(0);
    while (!at_end_) {
      const std::size_t old = block.size();
      block.resize(old + block_bytes_);
      const std::size_t got = file_.read({block.data() + old, block_bytes_});
      block.resize(old + got);
      at_end_ = got < block_bytes_;
      if (keep_rest(block, old)) {
        return;
      }
      if (block.size() > longest_line) {
        throw data_error(file_.name(),
                         "a line is longer than 1 GiB; is this text?");
      }
    }
    if (!block.empty() && block[block.size() - 1] != '\n') {
      block.push_back('\n');
    }
  }

 private:
  /// Moves what follows the last '\n' from `block` to the next one; false when
  /// the part from `first` on, the only new one, has none.
  bool keep_rest(buffer<char>& block, std::size_t first) {
    if (block.size() == first) {
      return false;
    }
    const void* found =
        memrchr(block.data() + first, '\n', block.size() - first);
    if (found == nullptr) {
      return false;
    }
    const auto lines = static_cast<std::size_t>(
        static_cast<const char*>(found) + 1 - block.data());
    rest_.append({block.data() + lines, block.size() - lines});
    block.resize(lines);
    return true;
  }

  input_file& file_;
  std::size_t block_bytes_;
  buffer<char> rest_;
  bool at_end_ = false;
};

/// The workers' meeting places: one to take text, one to hand results over.
class line_pipeline {
 public:
  line_pipeline(input_file& file, std::size_t block_bytes)
      : file_(file), blocks_(file, block_bytes) {}

  /// Takes, parses and appends blocks until the file ends or something fails.
  void run(line_parser& parser) {
    buffer<char> text;
    for (bool going_on = true; going_on;) {
      std::exception_ptr failure;
      const std::uint64_t turn = take(text, failure);
      if (text.empty() && !failure) {
        return;
      }
      std::uint64_t lines = 0;
      if (!failure) {
        try {
          lines = parser.parse({text.data(), text.size()});
        } catch (...) {
          failure = std::current_exception();
        }
      }
      going_on = hand_over(parser, turn, lines, failure);
    }
  }

  /// Throws what has failed; call once, when all have run.
  void finish() {
    if (has_bad_line_) {
      file_.check_rest();  // damage would be why
    }
    if (failure_) {
      std::rethrow_exception(failure_);
    }
  }

 private:
  /// The next block and its place in the order, or why there is none.
  std::uint64_t take(buffer<char>& text, std::exception_ptr& failure) {
    const std::lock_guard lock(taking_);
    text.resize(0);
    if (!exhausted_) {
      try {
        blocks_.next(text);
      } catch (...) {
        failure = std::current_exception();
      }
      exhausted_ = failure || text.empty();
    }
    return taken_++;
  }

  /// Waits for the block's turn to add it; false when it is time to stop.
  /// The first failure in file order is the one that stays.
  bool hand_over(line_parser& parser, std::uint64_t turn, std::uint64_t lines,
                 const std::exception_ptr& failure) {
    std::unique_lock lock(appending_);
    turn_changed_.wait(lock, [&] { return appended_ == turn || failure_; });
    if (failure_) {
      return false;
    }
    try {
      if (failure) {
        std::rethrow_exception(failure);
      }
      parser.append();
    } catch (const line_error& e) {
      failure_ = std::make_exception_ptr(
          data_error(file_.name(), lines_before_ + e.line(), e.what()));
      has_bad_line_ = true;
    } catch (...) {
      failure_ = std::current_exception();
    }
    lines_before_ += lines;
    ++appended_;
    turn_changed_.notify_all();
    return !failure_;
  }

  input_file& file_;

  std::mutex taking_;  // guards the next three
  line_blocks blocks_;
  std::uint64_t taken_ = 0;
  bool exhausted_ = false;

  std::mutex appending_;  // guards the rest
  std::condition_variable turn_changed_;
  std::uint64_t appended_ = 0;
  std::uint64_t lines_before_ = 0;
  std::exception_ptr failure_;
  bool has_bad_line_ = false;
};

}  // namespace

void parse_lines(input_file& file,
                 std::span<const std::unique_ptr<line_parser>> parsers,
                 std::size_t block_bytes) {
  line_pipeline pipeline(file, block_bytes);
  {
    std::vector<std::jthread> others;
    for (const auto& parser : parsers.subspan(1)) {
      others.emplace_back([&pipeline, p = parser.get()] { pipeline.run(*p); });
    }
    pipeline.run(*parsers.front());
  }
  pipeline.finish();
}

}  // namespace sounder::kernels

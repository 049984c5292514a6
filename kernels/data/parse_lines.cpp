#include "kernels/data/parse_lines.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/buffer.hpp"
#include "kernels/data/data_error.hpp"

namespace sounder::kernels {

namespace {

/// The workers' meeting places: one to take text, one to hand results over.
class line_pipeline {
 public:
  explicit line_pipeline(line_blocks& blocks)
      : blocks_(blocks), lines_before_(blocks.lines_skipped()) {}

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
      blocks_.file().check_rest();  // damage would be why
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
      failure_ = std::make_exception_ptr(data_error(
          blocks_.file().name(), lines_before_ + e.line(), e.what()));
      has_bad_line_ = true;
    } catch (...) {
      failure_ = std::current_exception();
    }
    lines_before_ += lines;
    ++appended_;
    turn_changed_.notify_all();
    return !failure_;
  }

  std::mutex taking_;  // guards the next three
  line_blocks& blocks_;
  std::uint64_t taken_ = 0;
  bool exhausted_ = false;

  std::mutex appending_;  // guards the rest
  std::condition_variable turn_changed_;
  std::uint64_t appended_ = 0;
  std::uint64_t lines_before_;
  std::exception_ptr failure_;
  bool has_bad_line_ = false;
};

}  // namespace

void parse_lines(line_blocks& text,
                 std::span<const std::unique_ptr<line_parser>> parsers) {
  line_pipeline pipeline(text);
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

#include "kernels/data/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace sounder::kernels {

unsigned thread_count(unsigned threads) noexcept {
  static const unsigned processors =
      std::max(1U, std::thread::hardware_concurrency());
  return threads > 0 ? threads : processors;
}

void run_tasks(std::size_t tasks, unsigned threads,
               const std::function<void(std::size_t, unsigned)>& task) {
  std::atomic<std::size_t> next{0};
  std::mutex lock;
  std::exception_ptr failure;
  const auto work = [&](unsigned worker) {
    try {
      for (std::size_t i = next++; i < tasks; i = next++) {
        task(i, worker);
      }
    } catch (...) {
      next = tasks;
      const std::scoped_lock guard(lock);
      if (!failure) {
        failure = std::current_exception();
      }
    }
  };
  const auto team = static_cast<unsigned>(
      std::min<std::size_t>(thread_count(threads), tasks));
  {
    std::vector<std::jthread> others;
    for (unsigned worker = 1; worker < team; ++worker) {
      others.emplace_back(work, worker);
    }
    work(0);
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
}

}  // namespace sounder::kernels

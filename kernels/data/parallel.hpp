#pragma once

#include <cstddef>
#include <functional>

namespace sounder::kernels {

/// `threads`, or one for each processor of the machine when it is 0. These are
/// counted once: the C library reads a file for every answer, which takes as
/// long as a meeting of small replicas.
unsigned thread_count(unsigned threads) noexcept;

/// Calls task(i, worker) once for every i < tasks, on up to
/// thread_count(threads) threads, the caller among them, and waits for all.
/// `worker` counts from 0 below the number of threads: an index for scratch
/// memory. Tasks are handed out in ascending order.
///
/// Errors: the first exception of a task is thrown here after all threads
/// have stopped; tasks not begun by then are left out.
void run_tasks(std::size_t tasks, unsigned threads,
               const std::function<void(std::size_t, unsigned)>& task);

}  // namespace sounder::kernels

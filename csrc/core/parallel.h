// Threads that live for one call: nothing is left running, so a fork at any other time is safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace fastnlp {

// Calls work(i) for every i below `count`, on at most `num_threads` threads, the caller's among them. Returns false
// where memory ran out; some calls may then be missing.
template <typename Work>
bool parallel_for(size_t count, int num_threads, Work work) {
  std::atomic<size_t> next{0};
  std::atomic<bool> out_of_memory{false};
  const auto run = [&] {
    try {
      for (size_t i; (i = next.fetch_add(1)) < count && !out_of_memory;) work(i);
    } catch (const std::bad_alloc&) {
      out_of_memory = true;
    }
  };
  std::vector<std::thread> threads;
  const size_t wanted = std::min(count, static_cast<size_t>(std::max(num_threads, 1)));
  threads.reserve(wanted);
  try {
    while (threads.size() + 1 < wanted) threads.emplace_back(run);
  } catch (const std::system_error&) {
    // The machine gives no more threads: those that there are do all the work.
  }
  run();
  for (std::thread& thread : threads) thread.join();
  return !out_of_memory;
}

}  // namespace fastnlp

// Threads that live for one call: nothing is left running, so a fork at any other time is safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <new>
#include <thread>
#include <vector>

namespace fastnlp {

// Calls work(i) for every i below `count`, the lowest first, on at most `num_threads` threads, the caller's among them.
// Each thread has a `work` of its own, made by make_work(). Returns false where memory ran out; some calls may then be
// missing.
template <typename MakeWork>
bool parallel_for(size_t count, int num_threads, MakeWork make_work) {
  std::atomic<size_t> next{0};
  std::atomic<bool> out_of_memory{false};
  const auto run = [&] {
    try {
      auto work = make_work();
      for (size_t i; (i = next.fetch_add(1)) < count && !out_of_memory;) work(i);
    } catch (const std::bad_alloc&) {
      out_of_memory = true;
    }
  };
  std::vector<std::thread> threads;
  const size_t wanted = std::min(count, static_cast<size_t>(std::max(num_threads, 1)));
  try {
    threads.reserve(wanted);
    while (threads.size() + 1 < wanted) threads.emplace_back(run);
  } catch (const std::exception&) {
    // The machine gives no more threads: those that there are do all the work.
  }
  run();
  for (std::thread& thread : threads) thread.join();
  return !out_of_memory;
}

// Lets threads do something one after another, in the order of their numbers: 0, 1, 2, …
class Turns {
 public:
  void wait_for(size_t number) const {
    for (size_t current; (current = current_.load(std::memory_order_acquire)) != number;) current_.wait(current);
  }

  void pass() {
    current_.fetch_add(1, std::memory_order_release);
    current_.notify_all();
  }

 private:
  std::atomic<size_t> current_{0};
};

}  // namespace fastnlp

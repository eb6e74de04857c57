// Threads that live for one call: nothing is left running, so a fork at any other time is safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
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
      // What was taken is always worked on: others may wait for it.
      for (size_t i; !out_of_memory && (i = next.fetch_add(1)) < count;) work(i);
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

// Where things that threads make in any order lie, one behind the other by their numbers: 0, 1, 2, …
class Places {
 public:
  explicit Places(size_t count) : sizes_(count, kUnknown), begins_(count + 1) {
    for (auto& begin : begins_) begin = kUnknown;
    begins_[0] = 0;
  }

  // Says how large a thing is; once for each number.
  void set_size(size_t number, size_t size) {
    const std::lock_guard lock(mutex_);
    sizes_[number] = size;
    for (; next_ < sizes_.size() && sizes_[next_] != kUnknown; ++next_) {
      begins_[next_ + 1].store(begins_[next_].load(std::memory_order_relaxed) + sizes_[next_],
                               std::memory_order_release);
      begins_[next_ + 1].notify_all();
    }
  }

  // Whether the sizes of all things before are known.
  bool knows(size_t number) const { return begins_[number].load(std::memory_order_acquire) != kUnknown; }

  // Where a thing begins; waits till that is known.
  size_t begin(size_t number) const {
    begins_[number].wait(kUnknown, std::memory_order_acquire);
    return begins_[number].load(std::memory_order_acquire);
  }

 private:
  static constexpr size_t kUnknown = static_cast<size_t>(-1);

  std::mutex mutex_;
  std::vector<size_t> sizes_;
  std::vector<std::atomic<size_t>> begins_;
  size_t next_ = 0;  // the first whose size is unknown
};

}  // namespace fastnlp

// Threads that live for one call: nothing is left running, so a fork at any other time is safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <new>
#include <thread>
#include <utility>
#include <vector>

namespace fastnlp {

// Threads that all do the same. They are joined in the end, whatever happens.
class Threads {
 public:
  explicit Threads(std::function<void()> run) : run_(std::move(run)) {}
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() {
    for (std::thread& thread : threads_) thread.join();
  }

  // Starts more, until there are `count`, or as many as the machine gives.
  void start(size_t count) {
    try {
      while (threads_.size() < count) threads_.emplace_back(run_);
    } catch (const std::exception&) {
      // Those that there are do all the work.
    }
  }

 private:
  const std::function<void()> run_;
  std::vector<std::thread> threads_;
};

// Calls run() on at most `count` threads, the caller's among them.
template <typename Run>
void run_on_threads(size_t count, Run run) {
  Threads threads(run);
  if (count > 1) threads.start(count - 1);
  run();
}

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
      for (size_t i; !out_of_memory && (i = next.fetch_add(1)) < count;) work(i);
    } catch (const std::bad_alloc&) {
      out_of_memory = true;
    }
  };
  run_on_threads(std::min(count, static_cast<size_t>(std::max(num_threads, 1))), run);
  return !out_of_memory;
}

}  // namespace fastnlp

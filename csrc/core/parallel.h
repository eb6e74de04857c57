// Threads that live for one call: nothing is left running, so a fork at any other time is safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
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

// Hands what several threads make in any order on in the order of its numbers: 0, 1, 2, …
template <typename T>
class InOrder {
 public:
  // Keeps at most `places` values that are still to be handed on.
  explicit InOrder(size_t places) : places_(places) {}

  // Takes `value`, and leaves there an earlier one, whose memory may serve again. Calls hand_on(value), one at a time,
  // with each that is next, whichever thread made it. No thread waits for another unless it is `places` ahead.
  template <typename HandOn>
  void put(size_t number, T& value, HandOn hand_on) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return number < next_ + places_.size(); });
    std::swap(place(number).value, value);
    place(number).full = true;
    if (handing_on_) return;
    handing_on_ = true;
    while (place(next_).full) {
      Place& first = place(next_);
      lock.unlock();
      hand_on(first.value);
      lock.lock();
      first.full = false;
      ++next_;
      moved_.notify_all();
    }
    handing_on_ = false;
  }

 private:
  struct Place {
    T value;
    bool full = false;
  };

  Place& place(size_t number) { return places_[number % places_.size()]; }

  std::vector<Place> places_;
  std::mutex mutex_;
  std::condition_variable moved_;
  size_t next_ = 0;
  bool handing_on_ = false;
};

}  // namespace fastnlp

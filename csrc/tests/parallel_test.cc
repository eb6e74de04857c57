#include "core/parallel.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <new>
#include <thread>
#include <vector>

#include "check.h"

namespace fastnlp::tests {

// A value that knows its number, and has memory worth keeping.
struct Value {
  size_t number = 0;
  std::vector<size_t> memory;
};

static void test_in_order(Random& random) {
  const int num_threads = 1 + static_cast<int>(below(random, 5));
  const size_t places = 1 + below(random, 9);
  const size_t count = below(random, 300);
  const bool slow_to_hand_on = below(random, 2) == 0;
  std::vector<std::chrono::microseconds> pauses(count);
  for (auto& pause : pauses) pause = std::chrono::microseconds(below(random, 8) == 0 ? below(random, 100) : 0);
  InOrder<Value> in_order(places);
  std::vector<size_t> order;  // written without a lock: hand_on is called by one thread at a time
  std::atomic<size_t> handed_on = 0;
  const auto hand_on = [&](Value& value) {
    CHECK(value.memory == std::vector<size_t>(3, value.number));
    if (slow_to_hand_on) std::this_thread::yield();
    order.push_back(value.number);
    ++handed_on;
  };
  CHECK(parallel_for(count, num_threads, [&] {
    return [&, value = Value()](size_t number) mutable {
      std::this_thread::sleep_for(pauses[number]);
      value.number = number;
      value.memory.assign(3, number);
      in_order.put(number, value, hand_on);
      // It was let in, so what came `places` before it has been handed on.
      CHECK(handed_on + places > number);
    };
  }));
  CHECK(order.size() == count);
  for (size_t i = 0; i < count; ++i) CHECK(order[i] == i);
}

// Where a thread cannot even begin, the others must not wait for what it would have made.
static void test_out_of_memory(Random& random) {
  const size_t count = below(random, 100);
  std::atomic<size_t> made = 0;
  std::atomic<size_t> begun = 0;
  InOrder<Value> in_order(1);
  const bool done = parallel_for(count, 4, [&] {
    if (begun.fetch_add(1) == 1) throw std::bad_alloc();
    return [&, value = Value()](size_t number) mutable { in_order.put(number, value, [&](Value&) { ++made; }); };
  });
  CHECK(done == (begun < 2));
  CHECK(done ? made == count : made <= count);
}

void test_parallel() {
  Random random(1);
  for (int i = 0; i < 300; ++i) test_in_order(random);
  for (int i = 0; i < 300; ++i) test_out_of_memory(random);
}

}  // namespace fastnlp::tests

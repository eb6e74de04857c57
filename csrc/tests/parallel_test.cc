#include "core/parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "core/text/parts.h"

namespace fastnlp::tests {
namespace {

// The numbers of some rows: as many times as the row says, each row's own.
struct Numbers {
  std::vector<size_t> values;
  std::vector<size_t> ends;

  size_t size() const { return values.size(); }
  void clear() {
    values.clear();
    ends.clear();
  }
};

struct Whole {
  Numbers& numbers;
  std::span<const size_t> bounds;
  size_t room;

  size_t capacity() const { return room; }
  void copy(const Numbers& part, size_t from, size_t to, size_t begin) {
    CHECK(from <= to && to <= part.size());
    std::copy(part.values.data() + from, part.values.data() + to, numbers.values.data() + begin + from);
  }
  void split(const Numbers& part, size_t chunk, size_t begin) {
    for (size_t i = 0; i < part.ends.size(); ++i) numbers.ends[bounds[chunk] + i] = begin + part.ends[i];
  }
  void resize(size_t size) {
    CHECK(size <= numbers.values.size());  // it has all the memory that there can be
    numbers.values.resize(size);
  }
};

void test_parts(Random& random) {
  const int num_threads = 1 + static_cast<int>(below(random, 5));
  std::vector<size_t> counts(below(random, 300));
  for (size_t& count : counts) count = below(random, 8) == 0 ? below(random, 9000) : below(random, 3);
  std::vector<size_t> bounds = {0};
  while (bounds.back() < counts.size()) bounds.push_back(std::min(counts.size(), bounds.back() + below(random, 20)));
  std::vector<std::chrono::microseconds> pauses(bounds.size());
  for (auto& pause : pauses) pause = std::chrono::microseconds(below(random, 8) == 0 ? below(random, 100) : 0);
  const size_t bad_row = below(random, 3) == 0 ? below(random, 400) : counts.size();
  size_t total = 0;
  for (const size_t count : counts) total += count;

  Numbers numbers;
  numbers.values.resize(total);
  numbers.ends.resize(counts.size());
  Whole whole = {numbers, bounds, below(random, 2) == 0 ? total : below(random, total + 1)};
  const auto encode = [&](size_t begin, size_t end, Numbers& part, auto step) -> Status {
    std::this_thread::sleep_for(pauses[begin % pauses.size()]);
    for (size_t row = begin; row < end; ++row) {
      if (row >= bad_row) return Status::error(Code::kInvalidUtf8, "bad", static_cast<int64_t>(row));
      part.values.insert(part.values.end(), counts[row], row);
      part.ends.push_back(part.values.size());
      step();
    }
    return {};
  };
  const Status status = encode_parts<Numbers>(bounds, num_threads, whole, [&] { return encode; });
  if (bad_row < counts.size()) {
    CHECK(status.code == Code::kInvalidUtf8 && status.row == static_cast<int64_t>(bad_row));
    return;
  }
  CHECK(status.ok());
  CHECK(numbers.values.size() == total);
  size_t place = 0;
  for (size_t row = 0; row < counts.size(); ++row) {
    for (size_t i = 0; i < counts[row]; ++i) CHECK(numbers.values[place++] == row);
    CHECK(numbers.ends[row] == place);
  }
}

// Where a thread cannot even begin, the others must not wait for what it would have made.
void test_out_of_memory(Random& random) {
  std::vector<size_t> bounds(1 + below(random, 100));
  for (size_t i = 0; i < bounds.size(); ++i) bounds[i] = i;
  Numbers numbers;
  numbers.values.resize(bounds.size());
  numbers.ends.resize(bounds.size());
  Whole whole = {numbers, bounds, numbers.values.size()};
  std::atomic<size_t> begun = 0;
  const bool fails_inside = below(random, 2) == 0;
  const Status status = encode_parts<Numbers>(bounds, 4, whole, [&] {
    const bool fails = begun.fetch_add(1) == 1;
    if (fails && !fails_inside) throw std::bad_alloc();
    return [&, fails](size_t begin, size_t, Numbers& part, auto) -> Status {
      if (fails) throw std::bad_alloc();
      part.values.push_back(begin);
      part.ends.push_back(1);
      return {};
    };
  });
  if (begun < 2) CHECK(status.ok());
  CHECK(status.ok() || status.code == Code::kOutOfMemory);
  if (!status.ok()) return;
  for (size_t i = 0; i + 1 < bounds.size(); ++i) CHECK(numbers.values[i] == i && numbers.ends[i] == i + 1);
}

}  // namespace

void test_parallel() {
  Random random(1);
  for (int i = 0; i < 400; ++i) test_parts(random);
  for (int i = 0; i < 300; ++i) test_out_of_memory(random);
}

}  // namespace fastnlp::tests

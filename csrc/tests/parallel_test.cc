#include "core/parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "check.h"
#include "core/buffer.h"
#include "core/text/chunks.h"
#include "core/text/parts.h"
#include "core/text/source.h"

namespace fastnlp::tests {
namespace {

// The numbers of some rows: as many times as the row says, each row's own; and twice in another array.
struct Numbers {
  Buffer<size_t> values;
  Buffer<size_t> doubled;
  Buffer<int64_t> row_splits;

  template <typename Visit>
  static void for_arrays(Visit visit) {
    visit(&Numbers::values, 1);
    visit(&Numbers::doubled, 2);
  }
  size_t size() const { return values.size(); }
  void clear() {
    values.clear();
    doubled.clear();
    row_splits.clear();
  }

  void add(size_t number, size_t count) {
    for (size_t i = 0; i < count; ++i) values.push_back(number);
    for (size_t i = 0; i < 2 * count; ++i) doubled.push_back(number);
    row_splits.push_back(static_cast<int64_t>(values.size()));
  }
};

// Chunks hold all rows in order; none is larger than an eighth of a megabyte and a row; the last are small.
void test_chunks(Random& random) {
  constexpr size_t kMost = 1 << 17, kSmall = 1 << 15;
  const int num_threads = 1 + static_cast<int>(below(random, 8));
  const std::string text(below(random, 4) == 0 ? 3 * kMost : 1 + below(random, 2000), 'a');
  std::vector<std::string_view> texts(below(random, 5000));
  size_t total = texts.size(), longest = 0;
  for (std::string_view& row : texts) {
    row = std::string_view(text).substr(0, below(random, text.size() + 1));
    total += row.size();
    longest = std::max(longest, row.size() + 1);
  }
  const std::vector<size_t> bounds = chunk_rows(texts, num_threads);
  CHECK(bounds.front() == 0 && bounds.back() == texts.size() && std::ranges::is_sorted(bounds));
  if (total < kMost) CHECK(bounds.size() == 2);
  if (total < kMost || longest > kSmall) return;
  size_t size = 0;
  for (size_t chunk = 0; chunk + 1 < bounds.size(); ++chunk) {
    size = 0;
    for (size_t row = bounds[chunk]; row < bounds[chunk + 1]; ++row) size += texts[row].size() + 1;
    CHECK(size > 0 && size <= kMost + longest);
  }
  CHECK(size <= kSmall);
}

// That each row's number came as often as it should.
void check_numbers(const Numbers& whole, const std::vector<size_t>& counts) {
  CHECK(whole.row_splits.size() == counts.size() + 1 && whole.row_splits.data()[0] == 0);
  size_t place = 0;
  for (size_t row = 0; row < counts.size(); ++row) {
    CHECK(whole.row_splits.data()[row + 1] == static_cast<int64_t>(place + counts[row]));
    CHECK(place + counts[row] <= whole.values.size());
    for (size_t i = 0; i < counts[row]; ++i, ++place) {
      CHECK(whole.values.data()[place] == row);
      CHECK(whole.doubled.data()[2 * place] == row && whole.doubled.data()[2 * place + 1] == row);
    }
  }
  CHECK(whole.values.size() == place && whole.doubled.size() == 2 * place);
}

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

  Numbers whole;
  reserve(below(random, 2) == 0 ? total : below(random, total + 1), whole);  // the others come late
  const auto encode = [&](size_t begin, size_t end, Numbers& part, auto step) -> Status {
    std::this_thread::sleep_for(pauses[begin % pauses.size()]);
    for (size_t row = begin; row < end; ++row) {
      if (row >= bad_row) return Status::error(Code::kInvalidUtf8, "bad", static_cast<int64_t>(row));
      part.add(row, counts[row]);
      step();
    }
    return {};
  };
  const Status status = encode_parts(bounds, num_threads, whole, [&] { return encode; });
  if (bad_row < counts.size()) {
    CHECK(status.code == Code::kInvalidUtf8 && status.row == static_cast<int64_t>(bad_row));
    return;
  }
  CHECK(status.ok());
  check_numbers(whole, counts);
}

// Where a thread cannot even begin, the others must not wait for what it would have made.
void test_out_of_memory(Random& random) {
  std::vector<size_t> bounds(1 + below(random, 100));
  for (size_t i = 0; i < bounds.size(); ++i) bounds[i] = i;
  Numbers whole;
  reserve(bounds.size(), whole);
  std::atomic<size_t> begun = 0;
  const bool fails_inside = below(random, 2) == 0;
  const Status status = encode_parts(bounds, 4, whole, [&] {
    const bool fails = begun.fetch_add(1) == 1;
    if (fails && !fails_inside) throw std::bad_alloc();
    return [&, fails](size_t begin, size_t, Numbers& part, auto) -> Status {
      if (fails) throw std::bad_alloc();
      part.add(begin, 1);
      return {};
    };
  });
  if (begun < 2) CHECK(status.ok());
  CHECK(status.ok() || status.code == Code::kOutOfMemory);
  if (!status.ok()) return;
  for (size_t i = 0; i + 1 < bounds.size(); ++i) {
    CHECK(whole.values.data()[i] == i && whole.row_splits.data()[i + 1] == static_cast<int64_t>(i + 1));
  }
}

// Texts that come a few at a time, and are gone once they are let go.
class PassingTexts final : public TextSource {
 public:
  PassingTexts(Random& random, const std::vector<std::string>& texts, size_t bad_row)
      : random_(random), bad_row_(bad_row) {
    for (const std::string& text : texts) {
      owned_.push_back(std::make_unique<char[]>(text.size()));
      std::ranges::copy(text, owned_.back().get());
      sizes_.push_back(text.size());
    }
    views_.reserve(texts.size());
  }

  Read read(size_t bytes) override {
    CHECK(views_.size() < owned_.size() || owned_.empty());
    const size_t enough = bytes == kAll ? kAll : bytes_ + bytes;
    while (views_.size() < owned_.size() && bytes_ < enough) {
      const size_t row = views_.size();
      if (row == bad_row_) throw std::runtime_error("bad");
      views_.emplace_back(owned_[row].get(), sizes_[row]);
      bytes_ += sizes_[row];
    }
    std::this_thread::sleep_for(std::chrono::microseconds(below(random_, 4) == 0 ? below(random_, 300) : 0));
    return {views_, bytes_, views_.size() == owned_.size()};
  }

  void let_go(size_t row) override {
    CHECK(views_.size() == owned_.size() && row >= gone_ && row <= owned_.size());
    for (; gone_ < row; ++gone_) owned_[gone_].reset();
  }

 private:
  Random& random_;
  const size_t bad_row_;
  std::vector<std::unique_ptr<char[]>> owned_;
  std::vector<size_t> sizes_;
  std::vector<std::string_view> views_;
  size_t bytes_ = 0, gone_ = 0;
};

// The number of each row, as often as its text says.
void test_texts(Random& random) {
  const int num_threads = 1 + static_cast<int>(below(random, 5));
  const size_t longest = below(random, 3) == 0 ? 20 : 3000;
  std::vector<std::string> texts(below(random, 8) > 0 ? below(random, 2000) : 0);
  while (longest == 20 && !texts.empty() && texts.size() < 60'000) texts.resize(2 * texts.size());
  std::vector<size_t> counts;
  for (std::string& text : texts) {
    text.assign(below(random, longest), static_cast<char>('0' + below(random, 4)));
    counts.push_back(text.empty() ? 0 : static_cast<size_t>(text.back() - '0'));
  }
  const size_t failing_row = below(random, 4) == 0 ? below(random, texts.size() + 1) : texts.size();
  const size_t bad_row = below(random, 4) == 0 ? below(random, texts.size() + 1) : texts.size();
  PassingTexts source(random, texts, bad_row);
  Numbers whole;
  if (below(random, 2) == 0) whole.add(1, 5);  // of a call before
  const auto encode = [&](std::span<const std::string_view> rows, size_t first_row, Numbers& part,
                          auto step) -> Status {
    for (size_t i = 0; i < rows.size(); ++i) {
      const size_t row = first_row + i;
      if (row >= failing_row) return Status::error(Code::kInvalidUtf8, "bad", static_cast<int64_t>(row));
      CHECK(rows[i] == texts[row]);
      part.add(row, rows[i].empty() ? 0 : static_cast<size_t>(rows[i].back() - '0'));
      if (row % 16 == 0) step();
    }
    return {};
  };
  const size_t bytes_per_value = below(random, 2) == 0 ? 1 : 1'000'000;  // then all come late
  Status status;
  bool has_thrown = false;
  try {
    status = encode_texts(source, num_threads, bytes_per_value, whole, [&] { return encode; });
  } catch (const std::runtime_error&) {
    has_thrown = true;
  }
  CHECK(has_thrown == (bad_row < texts.size()));
  if (has_thrown) return;
  if (failing_row < texts.size()) {
    CHECK(status.code == Code::kInvalidUtf8 && status.row == static_cast<int64_t>(failing_row));
    return;
  }
  CHECK(status.ok());
  check_numbers(whole, counts);
}

// A thread finds an error while texts are still read: the others, which have parts to copy, leave the whole alone.
void test_error_meanwhile(Random& random) {
  const std::vector<std::string> texts(30, std::string(TextChunks::kMost, 'a'));
  const size_t failing_row = 3 + below(random, 20);
  std::atomic<bool> has_failed = false;
  const auto encode = [&](std::span<const std::string_view>, size_t row, Numbers& part, auto step) -> Status {
    if (row == failing_row) {
      has_failed = true;
      return Status::error(Code::kInvalidUtf8, "bad", static_cast<int64_t>(row));
    }
    part.add(row, 1);
    for (int i = 0; i < (has_failed ? 20 : 2); ++i) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      step();
    }
    return {};
  };
  PassingTexts source(random, texts, texts.size());
  Numbers whole;
  const Status status = encode_texts(source, 4, 1, whole, [&] { return encode; });
  CHECK(status.code == Code::kInvalidUtf8 && status.row == static_cast<int64_t>(failing_row));
}

}  // namespace

void test_parallel() {
  Random random(1);
  for (int i = 0; i < 300; ++i) test_chunks(random);
  for (int i = 0; i < 200; ++i) test_parts(random);
  for (int i = 0; i < 100; ++i) test_out_of_memory(random);
  for (int i = 0; i < 100; ++i) test_texts(random);
  for (int i = 0; i < 25; ++i) test_error_meanwhile(random);
}

}  // namespace fastnlp::tests

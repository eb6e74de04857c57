// Chunks of rows, for several threads to make things of, and where these belong.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/status.h"

namespace fastnlp {

// Rows that one thread works on at a time.
struct Chunk {
  static constexpr size_t kUnknown = static_cast<size_t>(-1);

  Chunk(size_t begin_row, size_t end_row) : begin(begin_row), end(end_row) {}

  const size_t begin, end;              // rows
  size_t size = kUnknown;               // of what was made of them
  std::atomic<size_t> place{kUnknown};  // of that in the whole

  bool has_place() const { return place.load(std::memory_order_acquire) != kUnknown; }
  void wait_for_place() const { place.wait(kUnknown, std::memory_order_acquire); }
};

// The chunks in the order of their rows. All members may be called by any thread.
class Chunks {
 public:
  Chunks() = default;
  Chunks(const Chunks&) = delete;
  Chunks& operator=(const Chunks&) = delete;
  virtual ~Chunks() = default;

  // The next chunk, which is the caller's alone; waits for it. Null where there are no more.
  Chunk* take();

  // Says how large the thing is that was made of a chunk; once for each that was taken.
  void set_size(Chunk& chunk, size_t size);

  // From now on chunks have places; threads may wait for them.
  void open();
  bool is_open() const { return is_open_.load(std::memory_order_acquire); }

  // Nothing will come of it all: no more chunks are taken, no thread waits. Of several errors, that of the first row
  // stays.
  void stop(Status status = {}, size_t row = Chunk::kUnknown);
  bool is_stopped() const { return is_stopped_.load(std::memory_order_acquire); }

  // The rows that things were made of, without gaps from the first on; none before open().
  size_t rows_done() const;

  // Once all threads are done: the error, or the size of all.
  const Status& status() const { return status_; }
  size_t size() const { return size_; }

 protected:
  static constexpr size_t kNotYet = static_cast<size_t>(-1), kNoMore = kNotYet - 1;

  // The end of the chunk that begins with a row, or one of these. Nothing else runs meanwhile.
  virtual size_t cut(size_t row) = 0;

  mutable std::mutex mutex_;
  std::condition_variable grown_;

 private:
  void give_places();

  std::deque<Chunk> chunks_;
  size_t row_ = 0;     // of the next chunk
  size_t placed_ = 0;  // chunks whose size is known, and that of all before
  size_t size_ = 0;    // of what was made of them
  std::atomic<bool> is_open_{false};
  std::atomic<bool> is_stopped_{false};
  Status status_;
  size_t status_row_ = Chunk::kUnknown;
};

// Chunks whose bounds are known.
class KnownChunks final : public Chunks {
 public:
  explicit KnownChunks(std::vector<size_t> bounds) : bounds_(std::move(bounds)) {}

 private:
  size_t cut(size_t row) override;

  const std::vector<size_t> bounds_;
  size_t next_ = 1;
};

// Chunks of texts that may still be read: of about an eighth of a megabyte, and smaller ones at the end, so that all
// threads have some till then.
class TextChunks final : public Chunks {
 public:
  static constexpr size_t kMost = 1 << 17;  // bytes

  explicit TextChunks(int num_threads);

  // The texts so far, of so many bytes in all; whether they are all.
  void add(std::span<const std::string_view> texts, size_t bytes, bool is_all);

  // The bytes in no chunk yet.
  size_t left() const;

 private:
  size_t cut(size_t row) override;

  const size_t shares_;
  std::span<const std::string_view> texts_;
  size_t cut_ = 0, bytes_ = 0;  // of the texts in chunks, and of all
  bool is_all_ = false;
};

// The rows at which chunks of texts begin, and the number of rows: one chunk where a thread would take longer to start.
std::vector<size_t> chunk_rows(std::span<const std::string_view> texts, int num_threads);

}  // namespace fastnlp

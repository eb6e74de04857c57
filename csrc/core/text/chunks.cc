#include "core/text/chunks.h"

#include <algorithm>
#include <utility>

#include "core/text/rows.h"

namespace fastnlp {

Chunk* Chunks::take() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (is_stopped_) return nullptr;
    const size_t end = cut(row_);
    if (end == kNoMore) return nullptr;
    if (end != kNotYet) {
      Chunk& chunk = chunks_.emplace_back(row_, end);
      row_ = end;
      give_places();
      return &chunk;
    }
    grown_.wait(lock);
  }
}

void Chunks::set_size(Chunk& chunk, size_t size) {
  const std::lock_guard lock(mutex_);
  chunk.size = size;
  give_places();
}

void Chunks::open() {
  const std::lock_guard lock(mutex_);
  is_open_.store(true, std::memory_order_release);
  give_places();
}

// A chunk's place is known once the sizes of those before are.
void Chunks::give_places() {
  if (!is_open_.load(std::memory_order_relaxed)) return;
  for (; placed_ < chunks_.size(); ++placed_) {
    Chunk& chunk = chunks_[placed_];
    if (chunk.place.load(std::memory_order_relaxed) == Chunk::kUnknown) {
      chunk.place.store(size_, std::memory_order_release);
      chunk.place.notify_all();
    }
    if (chunk.size == Chunk::kUnknown) return;
    size_ += chunk.size;
  }
}

void Chunks::stop(Status status, size_t row) {
  const std::lock_guard lock(mutex_);
  is_stopped_.store(true, std::memory_order_release);
  is_open_.store(true, std::memory_order_release);
  give_places();
  if (!status.ok() && (status_.ok() || row < status_row_)) {
    status_ = std::move(status);
    status_row_ = row;
  }
  grown_.notify_all();
}

size_t Chunks::rows_done() const {
  const std::lock_guard lock(mutex_);
  return placed_ < chunks_.size() ? chunks_[placed_].begin : row_;
}

size_t KnownChunks::cut(size_t) { return next_ < bounds_.size() ? bounds_[next_++] : kNoMore; }

TextChunks::TextChunks(int num_threads) : shares_(4 * static_cast<size_t>(std::max(num_threads, 1))) {}

void TextChunks::add(std::span<const std::string_view> texts, size_t bytes, bool is_all) {
  const std::lock_guard lock(mutex_);
  texts_ = texts;
  bytes_ = bytes + texts.size();
  is_all_ = is_all;
  grown_.notify_all();
}

size_t TextChunks::left() const {
  const std::lock_guard lock(mutex_);
  return bytes_ - cut_;
}

// A text counts one byte more than it has, for empty ones take time too.
size_t TextChunks::cut(size_t row) {
  constexpr size_t kLeast = 1 << 14;  // bytes
  const size_t left = bytes_ - cut_;
  if (!is_all_ && left < kMost) return kNotYet;
  if (left == 0) return kNoMore;
  const size_t enough = is_all_ ? std::clamp(left / shares_, kLeast, kMost) : kMost;
  size_t bytes = 0;
  while (row < texts_.size() && bytes < enough) bytes += texts_[row++].size() + 1;
  cut_ += bytes;
  return row;
}

std::vector<size_t> chunk_rows(std::span<const std::string_view> texts, int num_threads) {
  const size_t bytes = count_bytes(texts);
  if (bytes + texts.size() < TextChunks::kMost) return {0, texts.size()};
  TextChunks chunks(num_threads);
  chunks.add(texts, bytes, true);
  std::vector<size_t> bounds = {0};
  while (const Chunk* const chunk = chunks.take()) bounds.push_back(chunk->end);
  return bounds;
}

}  // namespace fastnlp

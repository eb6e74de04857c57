// How often short pieces came: a hash table in which most look-ups touch one cache line.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/wordpiece/cache.h"
#include "core/wordpiece/lookup.h"
#include "core/wordpiece/table.h"

namespace fastnlp::wordpiece {

class PieceCounts {
 public:
  PieceCounts() { reserve_zero(); }

  KeyedLines lines() const { return {reinterpret_cast<const char*>(lines_.data()), 64 - lines_.log2_size()}; }

  // Counts pieces [begin, end) up to the first that is not in its line, and returns that piece.
  size_t count(const PieceKeys& keys, size_t begin, size_t end) {
    char* const lines = reinterpret_cast<char*>(lines_.data());
    size_t i = begin;
    for (; i < end; ++i) {
      const PieceKey key = keys.keys[i];
      Line& line = *reinterpret_cast<Line*>(lines + keys.offsets[i]);
      // Without a branch: which of the two has the key cannot be predicted.
      const auto differs = [&](size_t way) {
        return (line.keys[way].low ^ key.low) | (line.keys[way].high ^ key.high);
      };
      const uint64_t first = differs(0), second = differs(1);
      if (first != 0 && second != 0) [[unlikely]]
        break;
      ++line.counts[first != 0];
    }
    return i;
  }

  // Counts one piece, which is first seen at `position` if it is new.
  void add(const PieceKey& key, int64_t position);

  // Makes room for the pieces of one more window. Offsets from before are void then. Throws std::bad_alloc.
  void grow();

  size_t size() const { return size_; }
  size_t memory() const { return lines_.size() * sizeof(Line); }  // in bytes

  // Calls visit(key, count, first) for every piece; the key lasts as long as the table.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (size_t i = 0; i < lines_.size(); ++i) {
      const Line& line = lines_[i];
      for (size_t way = 0; way < kWays; ++way) {
        if (line.counts[way] > 0) visit(line.keys[way], line.counts[way], line.firsts[way]);
      }
    }
  }

 private:
  static constexpr size_t kWays = 2;
  static constexpr int kFirstLog2Lines = 13;
  static constexpr int kMaxLog2Lines = 26;  // the most that 32 bits can address

  // A free place has the key 0. Where a line is full, the next one is taken.
  struct alignas(64) Line {
    std::array<PieceKey, kWays> keys;
    std::array<int64_t, kWays> counts;
    std::array<int64_t, kWays> firsts;
  };
  static_assert(sizeof(Line) == KeyedLines::kLineSize);

  // The place of a key, or the free one where it belongs.
  std::pair<Line*, size_t> find(const PieceKey& key) const;

  // The key 0 stands for pieces that are too long: none may be found under it. It hashes to the first line.
  void reserve_zero() { lines_[0].keys.fill({0, 1}); }

  Table<Line> lines_{kFirstLog2Lines};
  size_t size_ = 0;
};

}  // namespace fastnlp::wordpiece

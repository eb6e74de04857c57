// What pieces became before: two tables of bounded size, for short pieces and for longer ones.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/wordpiece/id_group.h"
#include "core/wordpiece/table.h"

namespace fastnlp::wordpiece {

// A piece of at most kMaxSize bytes, none of them 0, with zeros behind it.
struct alignas(16) PieceKey {
  static constexpr size_t kMaxSize = 15;
  static constexpr uint64_t kLowFactor = 0xD6E8FEB86659FD93u, kHighFactor = 0x9E3779B97F4A7C15u;

  uint64_t low, high;

  bool operator==(const PieceKey&) const = default;

  uint64_t hash() const { return (low * kLowFactor) ^ (high * kHighFactor); }  // its high bits are the good ones
};

// A table of cache lines in which the upper bits of a key's hash say where it may be.
struct KeyedLines {
  const char* lines;
  int shift;  // of the hash, which leaves the number of the line

  // Where the line of a key lies in the table, in bytes.
  uint32_t offset(const PieceKey& key) const { return static_cast<uint32_t>(key.hash() >> shift) * kLineSize; }

  static constexpr uint32_t kLineSize = 64;
};

// Short pieces: one cache line a look-up. Not for several threads at once.
class PieceCache {
 public:
  static constexpr size_t kWays = 2;

  // A free place has the key 0.
  struct alignas(64) Line {
    std::array<PieceKey, kWays> keys;
    std::array<IdGroup, kWays> ids;
  };
  static_assert(sizeof(Line) == KeyedLines::kLineSize);

  PieceCache() : lines_(kSizes.front().log2_lines) { reserve_zero(); }

  KeyedLines lines() const { return {reinterpret_cast<const char*>(lines_.data()), 64 - lines_.log2_size()}; }

  // Where the line of a key lies in the table, in bytes.
  uint32_t offset(const PieceKey& key) const { return lines().offset(key); }

  // The same; asks memory for that line.
  uint32_t prefetch(const PieceKey& key) const {
    const uint32_t found = offset(key);
    __builtin_prefetch(&line(found));
    return found;
  }

  // What a key became, if its line, at `offset`, has it; else null.
  const IdGroup* find(uint32_t offset, const PieceKey& key) const { return find(line(offset), key); }

  // What a key became that look_up does not find in its line, at `offset`, for it found no place there and went to the
  // line beside. Null where it is not there. The key is not 0.
  const IdGroup* find_beside(uint32_t offset, const PieceKey& key) const;

  // Whether the table is small enough to be in a processor's own caches.
  bool is_near() const { return size_ == kSizes.data(); }

  // Asks memory for the line beside, where a key may be, or go, that its own line lacks.
  void prefetch_beside(uint32_t offset) const { __builtin_prefetch(&beside(offset), 1); }

  // Stores what a key became that is in neither line, unless it takes more than one group, or none are given: that is
  // spelt each time. Where both lines are full, something else is forgotten.
  void insert(uint32_t offset, const PieceKey& key, std::span<const IdGroup> ids);

  // Whether a key is in its line, or in the one beside it.
  bool holds(uint32_t offset, const PieceKey& key) const;

  // Makes the table larger once it holds much, and says whether it did: offsets from before are void then. Not while
  // next to none of the pieces, `looked_up` since the last call, come again: a small table is nearer. Throws
  // std::bad_alloc.
  bool grow(size_t looked_up);

 private:
  struct Size {
    int log2_lines;
    size_t enough;  // pieces: when so many came in, the next size is better
  };
  static constexpr std::array<Size, 3> kSizes = {{
      {12, size_t{1} << 12},  // 256 KB
      {17, size_t{1} << 18},  // 8 MB
      {19, SIZE_MAX},         // 32 MB
  }};

  Line& line(uint32_t offset) const { return lines_[offset / sizeof(Line)]; }
  Line& beside(uint32_t offset) const { return lines_[offset / sizeof(Line) ^ 1]; }

  static const IdGroup* find(const Line& line, const PieceKey& key) {
    const auto way = static_cast<size_t>(std::ranges::find(line.keys, key) - line.keys.begin());
    return way < kWays ? &line.ids[way] : nullptr;
  }
  static bool is_full(const Line& line) { return line.keys.back() != PieceKey{0, 0}; }

  // The key 0 stands for pieces that are too long: none may be found under it. It hashes to the first line.
  void reserve_zero() { lines_[0].keys.fill({0, 1}); }

  const Size* size_ = kSizes.data();
  Table<Line> lines_;
  size_t inserted_ = 0;   // pieces, also those of more than one group
  size_t looked_up_ = 0;  // meanwhile
};

// Longer pieces, of 1 to kMaxSize bytes, behind which 7 more can be read; each has one place. Not for several threads
// at once.
class LongPieceCache {
 public:
  static constexpr size_t kMaxSize = 46;
  static constexpr size_t kMaxGroups = 5;

  struct Entry {
    uint8_t size;   // 0: free
    uint8_t count;  // of groups
    std::array<char, kMaxSize> bytes;
    std::array<IdGroup, kMaxGroups> ids;
  };
  static_assert(sizeof(Entry) == 128);

  void prefetch(std::string_view piece) const {
    const Entry& entry = place(piece);
    __builtin_prefetch(&entry);
    __builtin_prefetch(&entry.ids.back());
  }

  // What a piece became; null where it is not there.
  const Entry* find(std::string_view piece) {
    ++looked_up_;
    const Entry& entry = place(piece);
    return std::string_view(entry.bytes.data(), entry.size) == piece ? &entry : nullptr;
  }

  // Stores what a piece became in its place, unless it takes more than kMaxGroups, or none are given: that is spelt
  // each time. What was there is forgotten. Throws std::bad_alloc.
  void insert(std::string_view piece, std::span<const IdGroup> ids);

 private:
  static constexpr int kFirstLog2Entries = 9;  // 64 KB
  static constexpr int kLog2Growth = 2;
  static constexpr int kLog2Entries = 18;  // 32 MB

  Entry& place(std::string_view piece) const;

  // In steps: to clear 8 MB takes as long as to spell some thousand pieces. Not while next to none come again.
  void grow();

  Table<Entry> entries_{kFirstLog2Entries};
  size_t inserted_ = 0;
  size_t looked_up_ = 0;  // meanwhile
};

}  // namespace fastnlp::wordpiece

// What pieces became before: a table of bounded size, with one cache line a look-up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace fastnlp::wordpiece {

// A piece of at most kMaxSize bytes, none of them 0, with zeros behind it.
struct PieceKey {
  static constexpr size_t kMaxSize = 16;

  uint64_t low, high;

  // Without a branch: which of two entries has the key cannot be predicted.
  bool operator==(const PieceKey& other) const { return ((low ^ other.low) | (high ^ other.high)) == 0; }

  uint64_t hash() const {
    const uint64_t mixed = (low ^ high * 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u;
    return mixed ^ mixed >> 32;
  }
};

// Not for several threads at once.
class PieceCache {
 public:
  static constexpr int kMaxIds = 4;
  static constexpr int32_t kNoId = -1;
  static constexpr size_t kEntriesPerLine = 2;

  struct Entry {
    PieceKey key;
    std::array<int32_t, kMaxIds> ids;  // kNoId behind the last
  };

  struct alignas(64) Line {
    std::array<Entry, kEntriesPerLine> entries;

    // Stores what a key became. The newest entry comes first; where both are taken, the oldest is forgotten.
    void insert(const PieceKey& key, const int32_t* ids, size_t count);
  };

  // Throws std::bad_alloc.
  PieceCache();

  // The line that holds a key, if any does.
  Line& line(uint64_t hash) const { return lines_[hash & (kLines - 1)]; }

 private:
  static constexpr size_t kLines = size_t{1} << 17;  // 8 MB

  struct Free {
    void operator()(void* memory) const;
  };
  std::unique_ptr<Line[], Free> lines_;
};

}  // namespace fastnlp::wordpiece

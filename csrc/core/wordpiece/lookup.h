// The second half of the engine: pieces to the ids that the cache holds, for many pieces at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/cpu.h"
#include "core/wordpiece/cache.h"
#include "core/wordpiece/pieces.h"

namespace fastnlp::wordpiece {

// The keys of the pieces of a window, and where their lines are in a table.
struct PieceKeys {
  alignas(64) std::array<PieceKey, kWindowSize> keys;  // 0 where a piece is too long for one
  std::array<uint32_t, kWindowSize> offsets;
};

// Pieces that are looked up, or counted, at a time: few enough that their cache lines stay in the first-level cache
// till they are read.
inline constexpr size_t kGroup = 128;

// Makes the keys of pieces [begin, end), and asks memory for their lines.
using MakeKeys = void (*)(const char* window, const Pieces& pieces, size_t begin, size_t end, KeyedLines table,
                          PieceKeys& keys);

// Writes the ids of pieces [begin, end), at most PieceCache::kMaxWideIds each, up to the first that is not in its line.
// Returns that piece, and moves `out` behind the last id; writes up to kLookUpSlack ids too many.
using LookUp = size_t (*)(const PieceCache& cache, const PieceKeys& keys, size_t begin, size_t end, int32_t*& out);

inline constexpr size_t kLookUpSlack = PieceCache::kMaxWideIds;

MakeKeys make_keys(Target target);
LookUp look_up(Target target);

}  // namespace fastnlp::wordpiece

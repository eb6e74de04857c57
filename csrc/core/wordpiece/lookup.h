// The second half of the engine: pieces to the ids that the cache holds, for many pieces at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/buffer.h"
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

// Groups of ids of pieces in order, before the ids are put one behind the other. Where they go depends on how many
// there were before; a store whose address is known so late holds up the loads behind it.
struct FoundIds {
  static constexpr size_t kPlaces = 4 * kGroup;
  static constexpr size_t kSlack = LongPieceCache::kMaxGroups;  // places behind the last, for writes

  size_t room() const { return kPlaces - size; }

  alignas(64) std::array<IdGroup, kPlaces + kSlack> places;
  size_t size = 0;  // in places
};

// Adds the ids of pieces [begin, end), for which there is room, up to the first that is not in its line. Returns that
// piece.
using LookUp = size_t (*)(const PieceCache& cache, const PieceKeys& keys, size_t begin, size_t end, FoundIds& found);

// Writes all ids one behind the other, and up to kPutSlack others behind them. Returns the place behind the last.
using PutIds = int32_t* (*)(const FoundIds& found, int32_t* out);

inline constexpr size_t kPutSlack = 4 * kMaxIdsPerGroup;

// Appends all ids to others; nothing is found then.
inline void move_ids(PutIds put, FoundIds& found, Buffer<int32_t>& ids) {
  ids.reserve_more(found.size * kMaxIdsPerGroup + kPutSlack);
  int32_t* const end = put(found, ids.data() + ids.size());
  ids.resize(static_cast<size_t>(end - ids.data()));
  found.size = 0;
}

MakeKeys make_keys(Target target);
LookUp look_up(Target target);
PutIds put_ids(Target target, IdWidth width);

}  // namespace fastnlp::wordpiece

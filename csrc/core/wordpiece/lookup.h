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
  static constexpr size_t kPlacesPerPiece = LongPieceCache::kMaxGroups;
  static constexpr size_t kPlaces = kPlacesPerPiece * kGroup;

  // A few more can be written behind the last.
  alignas(64) std::array<IdGroup, kPlaces + kPlacesPerPiece> places;
  size_t size = 0;                             // in places
  std::array<uint16_t, kWindowSize> row_ends;  // how many of these are before the end of each row
  size_t rows = 0;                             // that end among them
};

// Adds the ids of pieces [begin, end), at most kGroup, up to the first that is not in its line. Returns that piece.
using LookUp = size_t (*)(const PieceCache& cache, const PieceKeys& keys, size_t begin, size_t end, FoundIds& found);

// Writes all ids one behind the other, and up to kPutSlack others behind them; and, for each row that ends among them,
// `before` and the number of its ids and those that it has before it. Returns the place behind the last id.
using PutIds = int32_t* (*)(const FoundIds& found, int32_t* out, int64_t before, int64_t* row_splits);

inline constexpr size_t kPutSlack = 4 * kMaxIdsPerGroup;

// Appends all ids to others, and the splits of the rows; nothing is found then.
inline void move_ids(PutIds put, FoundIds& found, Buffer<int32_t>& ids, Buffer<int64_t>& row_splits) {
  const size_t before = ids.size(), rows = row_splits.size();
  ids.reserve_more(found.size * kMaxIdsPerGroup + kPutSlack);
  row_splits.reserve_more(found.rows);
  int32_t* const end = put(found, ids.data() + before, static_cast<int64_t>(before), row_splits.data() + rows);
  ids.resize(static_cast<size_t>(end - ids.data()));
  row_splits.resize(rows + found.rows);
  found.size = found.rows = 0;
}

MakeKeys make_keys(Target target);
LookUp look_up(Target target);
PutIds put_ids(Target target, IdWidth width);

}  // namespace fastnlp::wordpiece

#include "core/wordpiece/cache.h"

#include <algorithm>
#include <cstring>

namespace fastnlp::wordpiece {
namespace {

uint64_t load(const char* p) {
  uint64_t value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}

// Of the pieces that were looked up.
bool next_to_none_came_again(size_t looked_up, size_t inserted) {
  constexpr size_t kFew = 32;
  return looked_up < inserted + inserted / kFew;
}

}  // namespace

const IdGroup* PieceCache::find_beside(uint32_t offset, const PieceKey& key) const {
  return is_full(line(offset)) ? find(beside(offset), key) : nullptr;
}

bool PieceCache::holds(uint32_t offset, const PieceKey& key) const {
  return find(offset, key) != nullptr || find_beside(offset, key) != nullptr;
}

void PieceCache::insert(uint32_t offset, const PieceKey& key, std::span<const IdGroup> ids) {
  ++inserted_;
  if (ids.size() != 1) return;
  // What comes first in a text is often what comes most: it rarely has to go.
  constexpr size_t kRarely = 64;
  Line* into = &line(offset);
  if (is_full(*into)) into = &beside(offset);
  size_t way = into->keys.front() != PieceKey{0, 0};  // of a line that is not full, without a branch
  if (is_full(*into)) {
    into = &line(offset);
    way = inserted_ % kRarely == 0 ? 0 : 1;
  }
  into->keys[way] = key;
  into->ids[way] = ids.front();
}

bool PieceCache::grow(size_t looked_up) {
  looked_up_ += looked_up;
  if (inserted_ < size_->enough) return false;
  // Even of words that come in turn, more than this table holds and as many as a large one does, some stay in it: see
  // insert().
  if (next_to_none_came_again(looked_up_, inserted_)) {
    inserted_ = looked_up_ = 0;
    return false;
  }
  Table<Line> before((size_ + 1)->log2_lines);
  std::swap(before, lines_);
  ++size_;
  reserve_zero();
  for (size_t i = 0; i < before.size(); ++i) {
    for (size_t way = 0; way < kWays; ++way) {
      const PieceKey& key = before[i].keys[way];
      if (key.low == 0) continue;  // free
      insert(offset(key), key, {&before[i].ids[way], 1});
    }
  }
  return true;
}

LongPieceCache::Entry& LongPieceCache::place(std::string_view piece) const {
  uint64_t hash = piece.size();
  size_t i = 0;
  for (; i + 8 <= piece.size(); i += 8) hash = (hash ^ load(piece.data() + i)) * PieceKey::kLowFactor;
  if (i < piece.size()) {
    const uint64_t rest = load(piece.data() + i) << 8 * (8 - (piece.size() - i));
    hash = (hash ^ hash >> 32 ^ rest) * PieceKey::kHighFactor;
  }
  hash ^= hash >> 32;
  return entries_[hash * PieceKey::kLowFactor >> (64 - entries_.log2_size())];
}

void LongPieceCache::grow() {
  if (next_to_none_came_again(looked_up_, inserted_)) {
    inserted_ = looked_up_ = 0;
    return;
  }
  Table<Entry> before(std::min(entries_.log2_size() + kLog2Growth, kLog2Entries));
  std::swap(before, entries_);
  for (size_t i = 0; i < before.size(); ++i) {
    const Entry& entry = before[i];
    if (entry.size > 0) place({entry.bytes.data(), entry.size}) = entry;
  }
}

void LongPieceCache::insert(std::string_view piece, std::span<const IdGroup> ids) {
  if (ids.empty() || ids.size() > kMaxGroups) return;
  if (entries_.log2_size() < kLog2Entries && inserted_ > entries_.size()) grow();
  Entry& entry = place(piece);
  entry.size = static_cast<uint8_t>(piece.size());
  entry.count = static_cast<uint8_t>(ids.size());
  std::copy(piece.begin(), piece.end(), entry.bytes.begin());
  std::copy(ids.begin(), ids.end(), entry.ids.begin());
  ++inserted_;
}

}  // namespace fastnlp::wordpiece

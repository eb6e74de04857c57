// Token ids as the caches hold them: in groups of 16 bytes, the unit in which look-ups copy them.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fastnlp::wordpiece {

// Eight ids, where those of a vocabulary have 16 bits, else four. All bits of a place behind the last are set.
struct alignas(16) IdGroup {
  std::array<uint16_t, 8> halves;

  bool operator==(const IdGroup&) const = default;
};

enum class IdWidth : uint8_t { k16, k32 };

inline constexpr size_t kMaxIdsPerGroup = sizeof(IdGroup) / sizeof(uint16_t);

// 16 bits if that is enough for every id and for none.
inline IdWidth id_width(size_t vocabulary_size) { return vocabulary_size <= 0xFFFF ? IdWidth::k16 : IdWidth::k32; }

inline size_t ids_per_group(IdWidth width) { return width == IdWidth::k16 ? kMaxIdsPerGroup : kMaxIdsPerGroup / 2; }

// At least one.
inline size_t count_groups(size_t ids, IdWidth width) {
  const size_t full = (ids == 0 ? 1 : ids) - 1;
  return 1 + (width == IdWidth::k16 ? full / kMaxIdsPerGroup : full / (kMaxIdsPerGroup / 2));  // by constants: shifts
}

// The first `count` of at least as many ids as a group has places, which are all read.
template <typename Id>
IdGroup pack_group(const int32_t* ids, size_t count) {
  constexpr size_t kPlaces = sizeof(IdGroup) / sizeof(Id);
  static constexpr std::array<Id, 2 * kPlaces> kUsedThenFree = [] {
    std::array<Id, 2 * kPlaces> bits{};
    for (size_t i = kPlaces; i < bits.size(); ++i) bits[i] = static_cast<Id>(-1);
    return bits;
  }();
  // Without a branch: how many there are cannot be predicted.
  const Id* const bits = kUsedThenFree.data() + kPlaces - std::min(count, kPlaces);
  std::array<Id, kPlaces> places;
  for (size_t i = 0; i < kPlaces; ++i) places[i] = static_cast<Id>(static_cast<Id>(ids[i]) | bits[i]);
  IdGroup group;
  std::memcpy(&group, places.data(), sizeof(group));
  return group;
}

// Of one id.
inline IdGroup pack_one(int32_t id, IdWidth width) {
  const std::array<int32_t, kMaxIdsPerGroup> ids = {id};
  return width == IdWidth::k16 ? pack_group<uint16_t>(ids.data(), 1) : pack_group<int32_t>(ids.data(), 1);
}

// Fills count_groups() groups. kMaxIdsPerGroup more ids can be read behind the last.
template <typename Id>
void pack(const int32_t* ids, size_t count, IdGroup* groups) {
  constexpr size_t kPlaces = sizeof(IdGroup) / sizeof(Id);
  size_t i = 0;
  do {
    *groups++ = pack_group<Id>(ids + i, count - i);
    i += kPlaces;
  } while (i < count);
}

inline void pack(const int32_t* ids, size_t count, IdWidth width, IdGroup* groups) {
  width == IdWidth::k16 ? pack<uint16_t>(ids, count, groups) : pack<int32_t>(ids, count, groups);
}

// Writes the ids of a group, and others behind them where it has less than it could; returns the place behind the last.
template <typename Id>
int32_t* unpack_group(const IdGroup& group, int32_t* out) {
  constexpr size_t kPlaces = sizeof(IdGroup) / sizeof(Id);
  std::array<Id, kPlaces> ids;
  std::memcpy(ids.data(), &group, sizeof(group));
  for (size_t i = 0; i < kPlaces; ++i) out[i] = static_cast<int32_t>(ids[i]);
  std::array<uint64_t, 2> blocks;
  std::memcpy(blocks.data(), &group, sizeof(group));
  const auto free = [](uint64_t block) { return static_cast<size_t>(std::countl_one(block)) / (8 * sizeof(Id)); };
  const size_t behind = free(blocks[1]);
  return out + (kPlaces - behind - (behind == kPlaces / 2 ? free(blocks[0]) : 0));
}

}  // namespace fastnlp::wordpiece

#include "core/wordpiece/lookup.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

#if defined(__x86_64__) && defined(__GNUC__)
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"  // GCC 12 says so of its own header, gcc.gnu.org/PR105593
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#endif

namespace fastnlp::wordpiece {
namespace {

// The bytes of a key: ones where a piece of each size has bytes; none for the sizes that are too large.
constexpr size_t kSizes = PieceKey::kMaxSize + 2;
constexpr std::array<PieceKey, kSizes> kKeyMasks = [] {
  std::array<PieceKey, kSizes> masks{};
  for (size_t size = 0; size <= PieceKey::kMaxSize; ++size) {
    const auto ones = [](size_t bytes) { return bytes >= 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * bytes) - 1; };
    masks[size] = {ones(std::min<size_t>(size, 8)), size > 8 ? ones(size - 8) : 0};
  }
  return masks;
}();

const PieceKey& key_mask(const Pieces& pieces, size_t piece) {
  return kKeyMasks[std::min<size_t>(static_cast<size_t>(pieces.ends[piece] - pieces.begins[piece]), kSizes - 1)];
}

// The loop that all targets share. find_ids() gives the ids of a key, where its line has it; else it returns false.
template <bool (*find_ids)(const char* line, const PieceKey& key, IdGroup& ids)>
[[gnu::always_inline]] inline size_t find(const PieceCache& cache, const PieceKeys& keys, size_t begin, size_t end,
                                          FoundIds& found) {
  const char* const lines = cache.lines().lines;
  IdGroup* place = found.places.data() + found.size;
  size_t i = begin;
  while (i < end && find_ids(lines + keys.offsets[i], keys.keys[i], *place)) {
    ++i;
    ++place;
  }
  found.size = static_cast<size_t>(place - found.places.data());
  return i;
}

// --- scalar ----------------------------------------------------------------------------------------------------------

inline uint64_t load(const char* p) {
  uint64_t value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}

void make_keys_scalar(const char* window, const Pieces& pieces, size_t begin, size_t end, KeyedLines table,
                      PieceKeys& keys) {
  for (size_t i = begin; i < end; ++i) {
    const char* const p = window + pieces.begins[i];
    const PieceKey& mask = key_mask(pieces, i);
    const PieceKey key = {load(p) & mask.low, load(p + 8) & mask.high};
    keys.keys[i] = key;
    keys.offsets[i] = table.offset(key);
    __builtin_prefetch(table.lines + keys.offsets[i]);
  }
}

inline bool find_ids_scalar(const char* place, const PieceKey& key, IdGroup& ids) {
  const auto& line = *reinterpret_cast<const PieceCache::Line*>(place);
  const auto differs = [&](size_t way) { return (line.keys[way].low ^ key.low) | (line.keys[way].high ^ key.high); };
  const uint64_t first = differs(0), second = differs(1);
  ids = line.ids[first != 0];  // without a branch: which of the two has the key cannot be predicted
  return first == 0 || second == 0;
}

size_t look_up_scalar(const PieceCache& cache, const PieceKeys& keys, size_t begin, size_t end, FoundIds& found) {
  return find<find_ids_scalar>(cache, keys, begin, end, found);
}

// The loop that targets without AVX-512 share. put_group() returns the place behind the ids of a group.
template <int32_t* (*put_group)(const IdGroup& group, int32_t* out)>
[[gnu::always_inline]] inline int32_t* put(const FoundIds& found, int32_t* out, int64_t before, int64_t* row_splits) {
  const int32_t* const begin = out;
  std::array<uint32_t, FoundIds::kPlaces + 1> ids_before;  // each place
  for (size_t i = 0; i < found.size; ++i) {
    ids_before[i] = static_cast<uint32_t>(out - begin);
    out = put_group(found.places[i], out);
  }
  ids_before[found.size] = static_cast<uint32_t>(out - begin);
  for (size_t i = 0; i < found.rows; ++i) row_splits[i] = before + ids_before[found.row_ends[i]];
  return out;
}

template <typename Id>
int32_t* put_ids_scalar(const FoundIds& found, int32_t* out, int64_t before, int64_t* row_splits) {
  return put<unpack_group<Id>>(found, out, before, row_splits);
}

#if defined(__x86_64__) && defined(__GNUC__)

// Where in a line the ids are, by which of the four halves of its keys are right; 0 where no key is.
constexpr std::array<uint8_t, 16> kIdOffsets = [] {
  std::array<uint8_t, 16> offsets{};
  for (size_t halves = 0; halves < 16; ++halves) offsets[halves] = (halves & 3) == 3 ? 32 : (halves >> 2) == 3 ? 48 : 0;
  return offsets;
}();
static_assert(sizeof(PieceKey) == 16 && offsetof(PieceCache::Line, ids) == 32);

inline __m128i load_key(const char* window, const Pieces& pieces, size_t piece) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(window + pieces.begins[piece]));
}

// --- AVX2 ------------------------------------------------------------------------------------------------------------

#define FASTNLP_AVX2 [[gnu::target("avx2,bmi,bmi2,popcnt")]]

FASTNLP_AVX2 void make_keys_avx2(const char* window, const Pieces& pieces, size_t begin, size_t end, KeyedLines table,
                                 PieceKeys& keys) {
  for (size_t i = begin; i < end; ++i) {
    const auto* const mask = reinterpret_cast<const __m128i*>(&key_mask(pieces, i));
    const __m128i key = _mm_and_si128(load_key(window, pieces, i), _mm_load_si128(mask));
    _mm_store_si128(reinterpret_cast<__m128i*>(&keys.keys[i]), key);
    const uint64_t hash = (static_cast<uint64_t>(_mm_cvtsi128_si64(key)) * PieceKey::kLowFactor) ^
                          (static_cast<uint64_t>(_mm_extract_epi64(key, 1)) * PieceKey::kHighFactor);
    const auto offset = static_cast<uint32_t>(hash >> table.shift) * KeyedLines::kLineSize;
    keys.offsets[i] = offset;
    __builtin_prefetch(table.lines + offset);
  }
}

FASTNLP_AVX2 inline bool find_ids_avx2(const char* line, const PieceKey& key, IdGroup& ids) {
  const __m256i wanted = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(&key)));
  const __m256i equal = _mm256_cmpeq_epi64(wanted, _mm256_load_si256(reinterpret_cast<const __m256i*>(line)));
  const size_t place = kIdOffsets[static_cast<size_t>(_mm256_movemask_pd(_mm256_castsi256_pd(equal)))];
  const __m128i known = _mm_load_si128(reinterpret_cast<const __m128i*>(line + place));
  _mm_store_si128(reinterpret_cast<__m128i*>(&ids), known);
  return place != 0;
}

FASTNLP_AVX2 size_t look_up_avx2(const PieceCache& cache, const PieceKeys& keys, size_t begin, size_t end,
                                 FoundIds& found) {
  return find<find_ids_avx2>(cache, keys, begin, end, found);
}

FASTNLP_AVX2 inline int32_t* put_group_avx2_16(const IdGroup& group, int32_t* out) {
  const __m128i ids = _mm_load_si128(reinterpret_cast<const __m128i*>(&group));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_cvtepu16_epi32(ids));
  const auto none = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi16(ids, _mm_set1_epi16(-1))));
  return out + static_cast<unsigned>(std::countr_zero(none | 1U << sizeof(group))) / sizeof(uint16_t);
}

FASTNLP_AVX2 inline int32_t* put_group_avx2_32(const IdGroup& group, int32_t* out) {
  const __m128i ids = _mm_load_si128(reinterpret_cast<const __m128i*>(&group));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), ids);
  const auto none = static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(ids)));
  return out + std::countr_zero(none | 1U << sizeof(group) / sizeof(int32_t));
}

FASTNLP_AVX2 int32_t* put_ids_avx2_16(const FoundIds& found, int32_t* out, int64_t before, int64_t* row_splits) {
  return put<put_group_avx2_16>(found, out, before, row_splits);
}

FASTNLP_AVX2 int32_t* put_ids_avx2_32(const FoundIds& found, int32_t* out, int64_t before, int64_t* row_splits) {
  return put<put_group_avx2_32>(found, out, before, row_splits);
}

// --- AVX-512: four keys, and four places of ids, at a time -----------------------------------------------------------

#define FASTNLP_AVX512 [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx2,bmi,bmi2,popcnt")]]

FASTNLP_AVX512 void make_keys_avx512(const char* window, const Pieces& pieces, size_t begin, size_t end,
                                     KeyedLines table, PieceKeys& keys) {
  alignas(64) static constexpr std::array<std::array<uint8_t, 16>, 4> kSpread = [] {
    std::array<std::array<uint8_t, 16>, 4> spread{};
    for (uint8_t piece = 0; piece < 4; ++piece) spread[piece].fill(static_cast<uint8_t>(2 * piece));
    return spread;
  }();
  const __m512i spread = _mm512_load_si512(kSpread.data());
  const __m512i places = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  const __m512i factors = _mm512_broadcast_i32x4(
      _mm_set_epi64x(static_cast<int64_t>(PieceKey::kHighFactor), static_cast<int64_t>(PieceKey::kLowFactor)));
  const __m128i shift = _mm_cvtsi32_si128(table.shift);
  const __m512i evens = _mm512_castsi128_si512(_mm_setr_epi32(0, 4, 8, 12));
  size_t i = begin;
  for (; i + 4 <= end; i += 4) {
    __m512i key = _mm512_castsi128_si512(load_key(window, pieces, i));
    key = _mm512_mask_broadcast_i64x2(key, 0x0C, load_key(window, pieces, i + 1));
    key = _mm512_mask_broadcast_i64x2(key, 0x30, load_key(window, pieces, i + 2));
    key = _mm512_mask_broadcast_i64x2(key, 0xC0, load_key(window, pieces, i + 3));
    const __m128i begins = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(pieces.begins.data() + i));
    const __m128i ends = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(pieces.ends.data() + i));
    const __m128i sizes = _mm_min_epu16(_mm_sub_epi16(ends, begins), _mm_set1_epi16(255));
    const __m512i size = _mm512_permutexvar_epi8(spread, _mm512_castsi128_si512(sizes));  // of its piece, in each byte
    const __mmask64 fits = _mm512_cmple_epu8_mask(size, _mm512_set1_epi8(PieceKey::kMaxSize));
    key = _mm512_maskz_mov_epi8(_mm512_mask_cmplt_epu8_mask(fits, places, size), key);
    _mm512_storeu_si512(&keys.keys[i], key);
    const __m512i products = _mm512_mullo_epi64(key, factors);
    const __m512i hash = _mm512_xor_si512(products, _mm512_permutex_epi64(products, 0b10110001));
    const __m512i line = _mm512_slli_epi64(_mm512_srl_epi64(hash, shift), 6);
    const __m128i offsets = _mm256_castsi256_si128(_mm512_castsi512_si256(_mm512_permutexvar_epi32(evens, line)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(keys.offsets.data() + i), offsets);
    const auto low = static_cast<uint64_t>(_mm_cvtsi128_si64(offsets));
    const auto high = static_cast<uint64_t>(_mm_extract_epi64(offsets, 1));
    __builtin_prefetch(table.lines + static_cast<uint32_t>(low));
    __builtin_prefetch(table.lines + (low >> 32));
    __builtin_prefetch(table.lines + static_cast<uint32_t>(high));
    __builtin_prefetch(table.lines + (high >> 32));
  }
  make_keys_avx2(window, pieces, i, end, table, keys);
}
static_assert(KeyedLines::kLineSize == 1 << 6);

// Which of the places of four groups have ids, in `bits` each, and how many ids lie before them.
struct FourGroups {
  uint32_t before;
  uint32_t is_id;
};

constexpr size_t kFour = 64 / sizeof(IdGroup);

using AllGroups = std::array<FourGroups, FoundIds::kPlaces / kFour + 1>;

// `ids` are those of all groups.
FASTNLP_AVX512 inline void put_splits(const FoundIds& found, AllGroups& groups, std::ptrdiff_t ids, uint32_t bits,
                                      int64_t before, int64_t* row_splits) {
  if (found.size % kFour == 0) groups[found.size / kFour] = {static_cast<uint32_t>(ids), 0};
  for (size_t i = 0; i < found.rows; ++i) {
    const size_t end = found.row_ends[i];
    const FourGroups& four = groups[end / kFour];
    const uint32_t earlier = _bzhi_u32(four.is_id, bits * static_cast<uint32_t>(end % kFour));
    row_splits[i] = before + four.before + _mm_popcnt_u32(earlier);
  }
}

FASTNLP_AVX512 int32_t* put_ids_avx512_16(const FoundIds& found, int32_t* out, int64_t before, int64_t* row_splits) {
  constexpr int kHalf = 16;
  const int32_t* const begin = out;
  AllGroups groups;
  for (size_t i = 0; i < found.size; i += kFour) {
    const __m512i ids = _mm512_load_si512(&found.places[i]);
    const auto used = static_cast<__mmask32>((uint64_t{1} << kMaxIdsPerGroup * std::min(found.size - i, kFour)) - 1);
    const __mmask32 is_id = _mm512_mask_cmpneq_epi16_mask(used, ids, _mm512_set1_epi16(-1));
    groups[i / kFour] = {static_cast<uint32_t>(out - begin), is_id};
    const __m512i together = _mm512_maskz_compress_epi16(is_id, ids);
    const int count = _mm_popcnt_u32(is_id);
    _mm512_storeu_si512(out, _mm512_cvtepu16_epi32(_mm512_castsi512_si256(together)));
    if (count > kHalf) {  // rare in text that a vocabulary is for
      _mm512_storeu_si512(out + kHalf, _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(together, 1)));
    }
    out += count;
  }
  put_splits(found, groups, out - begin, kMaxIdsPerGroup, before, row_splits);
  return out;
}

FASTNLP_AVX512 int32_t* put_ids_avx512_32(const FoundIds& found, int32_t* out, int64_t before, int64_t* row_splits) {
  constexpr uint32_t kIds = kMaxIdsPerGroup / 2;
  const int32_t* const begin = out;
  AllGroups groups;
  for (size_t i = 0; i < found.size; i += kFour) {
    const __m512i ids = _mm512_load_si512(&found.places[i]);
    const auto used = static_cast<__mmask16>((uint64_t{1} << kIds * std::min(found.size - i, kFour)) - 1);
    const __mmask16 is_id = _mm512_mask_cmpge_epi32_mask(used, ids, _mm512_setzero_si512());
    groups[i / kFour] = {static_cast<uint32_t>(out - begin), is_id};
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(is_id, ids));
    out += _mm_popcnt_u32(is_id);
  }
  put_splits(found, groups, out - begin, kIds, before, row_splits);
  return out;
}

#endif

}  // namespace

MakeKeys make_keys(Target target) {
  switch (target) {
#if defined(__x86_64__) && defined(__GNUC__)
    case Target::kAvx512: return make_keys_avx512;
    case Target::kAvx2: return make_keys_avx2;
#endif
    default: return make_keys_scalar;
  }
}

LookUp look_up(Target target) {
  switch (target) {
#if defined(__x86_64__) && defined(__GNUC__)
    case Target::kAvx512:
    case Target::kAvx2: return look_up_avx2;
#endif
    default: return look_up_scalar;
  }
}

PutIds put_ids(Target target, IdWidth width) {
  const bool is_narrow = width == IdWidth::k16;
  switch (target) {
#if defined(__x86_64__) && defined(__GNUC__)
    case Target::kAvx512: return is_narrow ? put_ids_avx512_16 : put_ids_avx512_32;
    case Target::kAvx2: return is_narrow ? put_ids_avx2_16 : put_ids_avx2_32;
#endif
    default: return is_narrow ? put_ids_scalar<uint16_t> : put_ids_scalar<int32_t>;
  }
}

}  // namespace fastnlp::wordpiece

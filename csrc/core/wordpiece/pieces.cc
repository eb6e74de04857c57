#include "core/wordpiece/pieces.h"

#include <bit>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 says so of its own header, gcc.gnu.org/PR105593
#endif
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace fastnlp::wordpiece {
namespace {

constexpr size_t kBlock = 64;

// The classes of the bytes of one block, a bit a byte.
struct Masks {
  uint64_t part;
  uint64_t alone;
};

// Writes the positions of the bits of `mask`, and returns the place behind them. Writes up to 8 values too many, so
// that how many there are decides nothing in most blocks.
inline uint16_t* flatten(uint64_t mask, size_t offset, uint16_t* out) {
  const int count = std::popcount(mask);
  const auto base = static_cast<uint16_t>(offset);
  for (int done = 0; done < count; done += 8) {
    for (int i = 0; i < 8; ++i) {
      out[done + i] = static_cast<uint16_t>(base + std::countr_zero(mask));
      mask &= mask - 1;
    }
  }
  return out + count;
}

// The loop that all targets share: classify a block, turn its masks into begins and ends, flatten these.
template <Masks (*classify)(char*, const ByteClasses&), uint16_t* (*flatten_positions)(uint64_t, size_t, uint16_t*)>
[[gnu::always_inline]] inline void find(char* window, size_t size, const ByteClasses& classes,
                                        std::span<const uint16_t> row_ends, Pieces& pieces) {
  const size_t blocks = (size + kBlock - 1) / kBlock;
  std::memset(window + size, ' ', blocks * kBlock - size);
  uint16_t* begins = pieces.begins.data();
  uint16_t* ends = pieces.ends.data();
  struct Begun {
    uint64_t mask;           // a bit for each byte that begins a piece
    const uint16_t* before;  // the place of the first in begins
  };
  std::array<Begun, kWindowSize / kBlock + 1> begun;  // one behind the last block
  uint64_t part_before = 0, alone_before = 0;         // of the last byte of the block before
  for (size_t block = 0; block < blocks; ++block) {
    const size_t offset = block * kBlock;
    const auto [part, alone] = classify(window + offset, classes);
    const uint64_t behind_part = part << 1 | part_before;
    const uint64_t behind_alone = alone << 1 | alone_before;
    const uint64_t begin = (part & ~behind_part) | alone;
    begun[block] = {begin, begins};
    begins = flatten_positions(begin, offset, begins);
    ends = flatten_positions((behind_part & ~part) | behind_alone, offset, ends);
    part_before = part >> 63;
    alone_before = alone >> 63;
  }
  if (part_before | alone_before) *ends = static_cast<uint16_t>(blocks * kBlock);
  pieces.count = static_cast<size_t>(begins - pieces.begins.data());
  begun[blocks] = {0, begins};
  for (size_t i = 0; i < row_ends.size(); ++i) {
    const auto& [mask, before] = begun[row_ends[i] / kBlock];
    const uint64_t earlier = (uint64_t{1} << row_ends[i] % kBlock) - 1;
    pieces.row_ends[i] = static_cast<uint16_t>(before - pieces.begins.data() + std::popcount(mask & earlier));
  }
}

// --- scalar ----------------------------------------------------------------------------------------------------------

constexpr uint64_t repeat(uint8_t byte) { return 0x0101010101010101u * byte; }

// Eight bytes, lower-cased where asked, without a 0. The high bit of a byte of each sum says whether its low seven bits
// reach a limit.
inline uint64_t map_bytes(uint64_t bytes, bool lowercase) {
  const uint64_t low = bytes & repeat(0x7F);
  const uint64_t zeros = ~(low + repeat(0x7F)) & ~bytes & repeat(0x80);
  if (lowercase) {
    const uint64_t upper = (low + repeat(0x80 - 'A')) & ~(low + repeat(0x7F - 'Z')) & ~bytes & repeat(0x80);
    bytes |= upper >> 2;  // 0x20
  }
  return bytes | zeros >> 7;
}

inline Masks classify_scalar(char* block, const ByteClasses& classes) {
  std::array<uint64_t, 2> halves = {0, 0};
  for (size_t half = 0; half < 2; ++half) {
    for (size_t i = 0; i < 32; ++i) halves[half] |= classes.bits[static_cast<uint8_t>(block[32 * half + i])] << i;
  }
  for (size_t i = 0; i < kBlock; i += 8) {
    uint64_t bytes;
    std::memcpy(&bytes, block + i, 8);
    bytes = map_bytes(bytes, classes.lowercase);
    std::memcpy(block + i, &bytes, 8);
  }
  return {(halves[0] & 0xFFFFFFFF) | halves[1] << 32, halves[0] >> 32 | (halves[1] & ~uint64_t{0xFFFFFFFF})};
}

void find_pieces_scalar(char* window, size_t size, const ByteClasses& classes, std::span<const uint16_t> row_ends,
                        Pieces& pieces) {
  find<classify_scalar, flatten>(window, size, classes, row_ends, pieces);
}

#if defined(__x86_64__) && defined(__GNUC__)

// --- AVX2 ------------------------------------------------------------------------------------------------------------

#define FASTNLP_AVX2 [[gnu::target("avx2,bmi,bmi2,popcnt")]]

FASTNLP_AVX2 inline __m256i load_set(const std::array<uint8_t, 16>& set) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(set.data())));
}

FASTNLP_AVX2 inline uint32_t classify_half(char* half, const ByteClasses& classes, uint32_t& alone) {
  __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(half));
  const __m256i low = _mm256_and_si256(bytes, _mm256_set1_epi8(0x0F));
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0F));
  // The bit of each high half; bytes above ASCII have none, and so are in no set.
  const __m256i bit = _mm256_shuffle_epi8(_mm256_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2,
                                                           4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0),
                                          high);
  const __m256i zero = _mm256_setzero_si256();
  const __m256i space = _mm256_and_si256(_mm256_shuffle_epi8(load_set(classes.space_set), low), bit);
  const __m256i mark = _mm256_and_si256(_mm256_shuffle_epi8(load_set(classes.alone_set), low), bit);
  const auto not_space = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(space, zero)));
  const auto not_alone = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(mark, zero)));
  if (classes.lowercase) {
    const __m256i letter = _mm256_and_si256(_mm256_cmpgt_epi8(bytes, _mm256_set1_epi8('A' - 1)),
                                            _mm256_cmpgt_epi8(_mm256_set1_epi8('Z' + 1), bytes));
    bytes = _mm256_or_si256(bytes, _mm256_and_si256(letter, _mm256_set1_epi8(0x20)));
  }
  bytes = _mm256_max_epu8(bytes, _mm256_set1_epi8(1));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(half), bytes);
  alone = ~not_alone;
  return not_space & not_alone;
}

FASTNLP_AVX2 inline Masks classify_avx2(char* block, const ByteClasses& classes) {
  uint32_t alone_low, alone_high;
  const uint64_t low = classify_half(block, classes, alone_low);
  const uint64_t high = classify_half(block + 32, classes, alone_high);
  return {low | high << 32, alone_low | static_cast<uint64_t>(alone_high) << 32};
}

FASTNLP_AVX2 void find_pieces_avx2(char* window, size_t size, const ByteClasses& classes,
                                   std::span<const uint16_t> row_ends, Pieces& pieces) {
  find<classify_avx2, flatten>(window, size, classes, row_ends, pieces);
}

// --- AVX-512 with VBMI and VBMI2 -------------------------------------------------------------------------------------

#define FASTNLP_AVX512 [[gnu::target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,avx2,bmi,bmi2,popcnt")]]

FASTNLP_AVX512 inline Masks classify_avx512(char* block, const ByteClasses& classes) {
  __m512i bytes = _mm512_loadu_si512(block);
  const __m512i found = _mm512_permutex2var_epi8(_mm512_loadu_si512(classes.classes.data()), bytes,
                                                 _mm512_loadu_si512(classes.classes.data() + 64));
  const __mmask64 ascii = ~_mm512_movepi8_mask(bytes);
  const __mmask64 space = _mm512_mask_test_epi8_mask(ascii, found, _mm512_set1_epi8(ByteClasses::kSpace));
  const __mmask64 alone = _mm512_mask_test_epi8_mask(ascii, found, _mm512_set1_epi8(ByteClasses::kAlone));
  if (classes.lowercase) {
    const __mmask64 letter =
        _mm512_cmplt_epu8_mask(_mm512_sub_epi8(bytes, _mm512_set1_epi8('A')), _mm512_set1_epi8(26));
    bytes = _mm512_mask_add_epi8(bytes, letter, bytes, _mm512_set1_epi8(0x20));
  }
  _mm512_storeu_si512(block, _mm512_max_epu8(bytes, _mm512_set1_epi8(1)));
  return {~(space | alone), alone};
}

FASTNLP_AVX512 inline uint16_t* flatten_avx512(uint64_t mask, size_t offset, uint16_t* out) {
  alignas(64) static constexpr std::array<uint8_t, kBlock> kIndices = [] {
    std::array<uint8_t, kBlock> indices{};
    for (size_t i = 0; i < kBlock; ++i) indices[i] = static_cast<uint8_t>(i);
    return indices;
  }();
  const __m512i packed = _mm512_maskz_compress_epi8(mask, _mm512_load_si512(kIndices.data()));
  const __m512i base = _mm512_set1_epi16(static_cast<int16_t>(offset));
  const __m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(packed));
  _mm512_storeu_si512(out, _mm512_add_epi16(low, base));
  const int count = static_cast<int>(_mm_popcnt_u64(mask));
  if (count > 32) {
    const __m512i high = _mm512_cvtepu8_epi16(_mm512_maskz_extracti64x4_epi64(0xF, packed, 1));
    _mm512_storeu_si512(out + 32, _mm512_add_epi16(high, base));
  }
  return out + count;
}

FASTNLP_AVX512 void find_pieces_avx512(char* window, size_t size, const ByteClasses& classes,
                                       std::span<const uint16_t> row_ends, Pieces& pieces) {
  find<classify_avx512, flatten_avx512>(window, size, classes, row_ends, pieces);
}

#elif defined(__aarch64__)

// --- NEON ------------------------------------------------------------------------------------------------------------

inline uint64_t movemask(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
  const uint8x16_t bit = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t ab = vpaddq_u8(vandq_u8(a, bit), vandq_u8(b, bit));
  const uint8x16_t cd = vpaddq_u8(vandq_u8(c, bit), vandq_u8(d, bit));
  const uint8x16_t abcd = vpaddq_u8(ab, cd);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(abcd, abcd)), 0);
}

inline Masks classify_neon(char* block, const ByteClasses& classes) {
  const uint8x16x4_t first = vld1q_u8_x4(classes.classes.data());
  const uint8x16x4_t second = vld1q_u8_x4(classes.classes.data() + 64);
  uint8x16_t space[4], alone[4];
  for (size_t i = 0; i < 4; ++i) {
    auto* const p = reinterpret_cast<uint8_t*>(block) + 16 * i;
    uint8x16_t bytes = vld1q_u8(p);
    // A table look-up gives 0 for what is out of range: kPart.
    const uint8x16_t found = vorrq_u8(vqtbl4q_u8(first, bytes), vqtbl4q_u8(second, veorq_u8(bytes, vdupq_n_u8(64))));
    space[i] = vtstq_u8(found, vdupq_n_u8(ByteClasses::kSpace));
    alone[i] = vtstq_u8(found, vdupq_n_u8(ByteClasses::kAlone));
    if (classes.lowercase) {
      const uint8x16_t letter = vcltq_u8(vsubq_u8(bytes, vdupq_n_u8('A')), vdupq_n_u8(26));
      bytes = vorrq_u8(bytes, vandq_u8(letter, vdupq_n_u8(0x20)));
    }
    vst1q_u8(p, vmaxq_u8(bytes, vdupq_n_u8(1)));
  }
  const uint64_t spaces = movemask(space[0], space[1], space[2], space[3]);
  const uint64_t marks = movemask(alone[0], alone[1], alone[2], alone[3]);
  return {~(spaces | marks), marks};
}

void find_pieces_neon(char* window, size_t size, const ByteClasses& classes, std::span<const uint16_t> row_ends,
                      Pieces& pieces) {
  find<classify_neon, flatten>(window, size, classes, row_ends, pieces);
}

#endif

}  // namespace

void ByteClasses::set(uint8_t byte, Class value) {
  const auto bit = static_cast<uint8_t>(1 << (byte >> 4));
  const auto put = [&](uint8_t& set, bool member) { set = static_cast<uint8_t>(member ? set | bit : set & ~bit); };
  classes[byte] = value;
  put(space_set[byte & 15], value == kSpace);
  put(alone_set[byte & 15], value == kAlone);
  entries[byte].byte_class = value;
  bits[byte] = value == kPart ? 1 : value == kAlone ? uint64_t{1} << 32 : 0;
}

ByteClasses::ByteClasses(bool lower) : lowercase(lower) {
  for (size_t byte = 0; byte < 256; ++byte) entries[byte] = {static_cast<uint8_t>(byte), kPart};
  entries[0].mapped = 1;
  bits.fill(1);
  if (lower) {
    for (size_t byte = 'A'; byte <= 'Z'; ++byte) entries[byte].mapped = static_cast<uint8_t>(byte | 0x20);
  }
}

ByteClasses byte_classes(const TextRules& rules) {
  ByteClasses classes(rules.lowercase);
  const unicode::Tables& tables = unicode::Tables::get();
  for (uint8_t byte = 0; byte < 0x80; ++byte) {
    const uint8_t properties = tables.properties(byte);
    const bool control = (properties & unicode::kControl) != 0;
    const bool space = rules.rules == Rules::kKeras ? byte == ' ' || control
                                                    : byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
    if (space) classes.set(byte, ByteClasses::kSpace);
    if (properties & unicode::kPunctuation) classes.set(byte, ByteClasses::kAlone);
  }
  return classes;
}

FindPieces find_pieces(Target target) {
  switch (target) {
#if defined(__x86_64__) && defined(__GNUC__)
    case Target::kAvx512: return find_pieces_avx512;
    case Target::kAvx2: return find_pieces_avx2;
#elif defined(__aarch64__)
    case Target::kNeon: return find_pieces_neon;
#endif
    default: return find_pieces_scalar;
  }
}

}  // namespace fastnlp::wordpiece

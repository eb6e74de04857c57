#include "core/text/utf8.h"

#include <array>

#include "core/cpu.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace fastnlp::utf8 {

Decoded decode(const char* p, const char* end) {
  const auto lead = static_cast<unsigned char>(*p);
  if (lead < 0x80) return {lead, 1, true};
  // The second byte's range is narrower after some leads: no overlong forms, no surrogates, nothing above U+10FFFF.
  unsigned char low = 0x80, high = 0xBF;
  int continuations;
  char32_t code_point;
  if (lead >= 0xC2 && lead <= 0xDF) {
    continuations = 1;
    code_point = lead & 0x1F;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    continuations = 2;
    code_point = lead & 0x0F;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    continuations = 3;
    code_point = lead & 0x07;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {kReplacement, 1, false};
  }
  for (int i = 1; i <= continuations; ++i) {
    const unsigned char byte = p + i < end ? static_cast<unsigned char>(p[i]) : 0;
    if (byte < low || byte > high) return {kReplacement, static_cast<uint8_t>(i), false};
    code_point = code_point << 6 | (byte & 0x3F);
    low = 0x80;
    high = 0xBF;
  }
  return {code_point, static_cast<uint8_t>(continuations + 1), true};
}

namespace {

size_t first_invalid_scalar(std::string_view text) {
  const char* const end = text.data() + text.size();
  for (const char* p = text.data(); p < end;) {
    if (end - p >= 16 && is_ascii({p, 16})) {
      p += 16;
      continue;
    }
    const Decoded decoded = decode_quickly(p, end);
    if (!decoded.valid) return static_cast<size_t>(p - text.data());
    p += decoded.size;
  }
  return text.size();
}

// Validation by table look-ups, Keiser and Lemire 2021 (https://arxiv.org/abs/2010.03090). Every error but a sequence
// that is too short or too long shows in the first 12 bits of a sequence: three tables, for their half bytes, say which
// errors are possible, and an error is what all three say.
enum : uint8_t {
  kTooShort = 1,
  kTooLong = 2,
  kOverlong3 = 4,
  kTooLarge = 8,
  kSurrogate = 16,
  kOverlong2 = 32,
  kTooLarge1000 = 64,  // and an overlong sequence of four, which has other first half bytes
  kOverlong4 = 64,
  kTwoContinuations = 128,  // no error behind the second byte of a sequence
  kAny = kTooShort | kTooLong | kTwoContinuations,
};
using HalfByteTable = std::array<uint8_t, 16>;
constexpr HalfByteTable kFirstHigh = [] {
  HalfByteTable table{};
  for (size_t half = 0; half < 8; ++half) table[half] = kTooLong;
  for (size_t half = 8; half < 12; ++half) table[half] = kTwoContinuations;
  table[0xC] = kTooShort | kOverlong2;
  table[0xD] = kTooShort;
  table[0xE] = kTooShort | kOverlong3 | kSurrogate;
  table[0xF] = kTooShort | kTooLarge | kTooLarge1000 | kOverlong4;
  return table;
}();
constexpr HalfByteTable kFirstLow = [] {
  HalfByteTable table{};
  table.fill(kAny | kTooLarge | kTooLarge1000);
  table[0] = kAny | kOverlong2 | kOverlong3 | kOverlong4;
  table[1] = kAny | kOverlong2;
  table[2] = table[3] = kAny;
  table[4] = kAny | kTooLarge;
  table[0xD] |= kSurrogate;
  return table;
}();
constexpr HalfByteTable kSecondHigh = [] {
  HalfByteTable table{};
  table.fill(kTooShort);
  constexpr uint8_t kContinuation = kTooLong | kOverlong2 | kTwoContinuations;
  table[0x8] = kContinuation | kOverlong3 | kTooLarge1000 | kOverlong4;
  table[0x9] = kContinuation | kOverlong3 | kTooLarge;
  table[0xA] = table[0xB] = kContinuation | kSurrogate | kTooLarge;
  return table;
}();

// Looks at whole blocks, up to one that may be wrong; from there on, the scalar code has a closer look. is_wrong(p)
// sees the three bytes before a block too.
template <typename IsWrong>
[[gnu::always_inline]] inline size_t first_invalid_by_blocks(std::string_view text, size_t block_size,
                                                             IsWrong is_wrong) {
  const char* const end = text.data() + text.size();
  const char* p = text.data();
  while (p < end && p - text.data() < 3) {
    const Decoded decoded = decode(p, end);
    if (!decoded.valid) return static_cast<size_t>(p - text.data());
    p += decoded.size;
  }
  const char* const first = p;
  while (static_cast<size_t>(end - p) >= block_size && !is_wrong(p)) p += block_size;
  const auto is_continuation = [](char c) { return (c & 0xC0) == 0x80; };
  if (p > first) --p;  // the last sequence may go on in the next block
  while (p > first && is_continuation(*p)) --p;
  const auto valid = static_cast<size_t>(p - text.data());
  return valid + first_invalid_scalar(text.substr(valid));
}

#if defined(__x86_64__) && defined(__GNUC__)

#define FASTNLP_AVX2 [[gnu::target("avx2")]]

FASTNLP_AVX2 inline __m256i look_up(const HalfByteTable& table, __m256i half_bytes) {
  const __m128i lane = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table.data()));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(lane), half_bytes);
}

FASTNLP_AVX2 inline __m256i load_block(const char* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}

FASTNLP_AVX2 inline __m256i high_half_bytes(__m256i bytes) {
  return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0F));
}

FASTNLP_AVX2 inline bool is_wrong_avx2(const char* p) {
  const __m256i bytes = load_block(p), before_3 = load_block(p - 3);
  if (_mm256_movemask_epi8(_mm256_or_si256(bytes, before_3)) == 0) return false;
  const __m256i before_1 = load_block(p - 1), before_2 = load_block(p - 2);
  const __m256i errors =
      _mm256_and_si256(_mm256_and_si256(look_up(kFirstHigh, high_half_bytes(before_1)),
                                        look_up(kFirstLow, _mm256_and_si256(before_1, _mm256_set1_epi8(0x0F)))),
                       look_up(kSecondHigh, high_half_bytes(bytes)));
  // The third byte of a sequence of three or four, and the fourth of one of four, must be a second continuation.
  const __m256i third = _mm256_subs_epu8(before_2, _mm256_set1_epi8(static_cast<char>(0xE0 - 0x80)));
  const __m256i fourth = _mm256_subs_epu8(before_3, _mm256_set1_epi8(static_cast<char>(0xF0 - 0x80)));
  const __m256i expected = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(static_cast<char>(0x80)));
  const __m256i wrong = _mm256_xor_si256(errors, expected);
  return !_mm256_testz_si256(wrong, wrong);
}

FASTNLP_AVX2 size_t first_invalid_avx2(std::string_view text) {
  return first_invalid_by_blocks(text, sizeof(__m256i), is_wrong_avx2);
}

#elif defined(__aarch64__)

inline bool is_wrong_neon(const char* p) {
  const auto load = [p](int offset) { return vld1q_u8(reinterpret_cast<const uint8_t*>(p + offset)); };
  const uint8x16_t bytes = load(0), before_3 = load(-3);
  if (vmaxvq_u8(vorrq_u8(bytes, before_3)) < 0x80) return false;
  const uint8x16_t before_1 = load(-1), before_2 = load(-2);
  const auto look_up = [](const HalfByteTable& table, uint8x16_t half_bytes) {
    return vqtbl1q_u8(vld1q_u8(table.data()), half_bytes);
  };
  const uint8x16_t errors = vandq_u8(
      vandq_u8(look_up(kFirstHigh, vshrq_n_u8(before_1, 4)), look_up(kFirstLow, vandq_u8(before_1, vdupq_n_u8(0x0F)))),
      look_up(kSecondHigh, vshrq_n_u8(bytes, 4)));
  // The third byte of a sequence of three or four, and the fourth of one of four, must be a second continuation.
  const uint8x16_t expected =
      vandq_u8(vorrq_u8(vcgeq_u8(before_2, vdupq_n_u8(0xE0)), vcgeq_u8(before_3, vdupq_n_u8(0xF0))), vdupq_n_u8(0x80));
  return vmaxvq_u8(veorq_u8(errors, expected)) != 0;
}

size_t first_invalid_neon(std::string_view text) {
  return first_invalid_by_blocks(text, sizeof(uint8x16_t), is_wrong_neon);
}

#endif

}  // namespace

size_t first_invalid(std::string_view text) {
  switch (current_target()) {
#if defined(__x86_64__) && defined(__GNUC__)
    case Target::kAvx512:
    case Target::kAvx2: return first_invalid_avx2(text);
#elif defined(__aarch64__)
    case Target::kNeon: return first_invalid_neon(text);
#endif
    default: return first_invalid_scalar(text);
  }
}

void append_repaired(std::string_view text, std::string& out) {
  const char* const end = text.data() + text.size();
  for (const char* p = text.data(); p < end;) {
    const Decoded decoded = decode(p, end);
    append(decoded.code_point, out);
    p += decoded.size;
  }
}

}  // namespace fastnlp::utf8

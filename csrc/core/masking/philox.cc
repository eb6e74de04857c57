#include "core/masking/philox.h"

#include <algorithm>

#if defined(__x86_64__) && defined(__GNUC__)
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 says so of its own header, gcc.gnu.org/PR105593
#endif
#include <immintrin.h>
#endif

namespace fastnlp::masking {
namespace {

constexpr int kRounds = 10;
constexpr uint32_t kMultipliers[] = {0xD2511F53, 0xCD9E8D57};
constexpr uint32_t kKeySteps[] = {0x9E3779B9, 0xBB67AE85};

void fill_scalar(Counter counter, Key key, size_t blocks, uint32_t* words) {
  for (size_t block = 0; block < blocks; ++block) {
    const Counter filled = philox4x32(counter, key);
    std::copy(filled.begin(), filled.end(), words + 4 * block);
    ++counter[0];
  }
}

#if defined(__x86_64__) && defined(__GNUC__)

// A word takes 64 bits here, of which the upper half may hold anything: multiplication does not look at it.
// Neighbouring lanes hold counters so far apart that two unpackings put the words in order. Two vectors a word hide the
// latency.

[[gnu::target("avx2")]] void fill_avx2(Counter counter, Key key, size_t blocks, uint32_t* words) {
  const __m256i multiplier0 = _mm256_set1_epi64x(kMultipliers[0]), multiplier1 = _mm256_set1_epi64x(kMultipliers[1]);
  for (size_t block = 0; block < blocks; block += 8) {
    const auto first = static_cast<int32_t>(counter[0] + static_cast<uint32_t>(block));
    __m256i c0[2], c1[2], c2[2], c3[2];
    for (int i = 0; i < 2; ++i) {
      c0[i] = _mm256_add_epi32(_mm256_set1_epi32(first + 4 * i), _mm256_setr_epi64x(0, 2, 1, 3));
      c1[i] = _mm256_set1_epi32(static_cast<int32_t>(counter[1]));
      c2[i] = _mm256_set1_epi32(static_cast<int32_t>(counter[2]));
      c3[i] = _mm256_set1_epi32(static_cast<int32_t>(counter[3]));
    }
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < kRounds; ++round) {
      const __m256i key0 = _mm256_set1_epi32(static_cast<int32_t>(k0));
      const __m256i key1 = _mm256_set1_epi32(static_cast<int32_t>(k1));
      for (int i = 0; i < 2; ++i) {
        const __m256i product0 = _mm256_mul_epu32(c0[i], multiplier0), product1 = _mm256_mul_epu32(c2[i], multiplier1);
        c0[i] = _mm256_xor_si256(_mm256_srli_epi64(product1, 32), _mm256_xor_si256(c1[i], key0));
        c1[i] = product1;
        c2[i] = _mm256_xor_si256(_mm256_srli_epi64(product0, 32), _mm256_xor_si256(c3[i], key1));
        c3[i] = product0;
      }
      k0 += kKeySteps[0];
      k1 += kKeySteps[1];
    }
    for (int i = 0; i < 2; ++i) {
      const __m256i low = _mm256_blend_epi32(c0[i], _mm256_slli_epi64(c1[i], 32), 0xAA);
      const __m256i high = _mm256_blend_epi32(c2[i], _mm256_slli_epi64(c3[i], 32), 0xAA);
      auto* const out = reinterpret_cast<__m256i*>(words + 4 * block + 16 * static_cast<size_t>(i));
      _mm256_storeu_si256(out, _mm256_unpacklo_epi64(low, high));
      _mm256_storeu_si256(out + 1, _mm256_unpackhi_epi64(low, high));
    }
  }
}

[[gnu::target("avx512f")]] void fill_avx512(Counter counter, Key key, size_t blocks, uint32_t* words) {
  const __m512i multiplier0 = _mm512_set1_epi64(kMultipliers[0]), multiplier1 = _mm512_set1_epi64(kMultipliers[1]);
  for (size_t block = 0; block < blocks; block += 16) {
    const auto first = static_cast<int32_t>(counter[0] + static_cast<uint32_t>(block));
    __m512i c0[2], c1[2], c2[2], c3[2];
    for (int i = 0; i < 2; ++i) {
      c0[i] = _mm512_add_epi32(_mm512_set1_epi32(first + 8 * i), _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7));
      c1[i] = _mm512_set1_epi32(static_cast<int32_t>(counter[1]));
      c2[i] = _mm512_set1_epi32(static_cast<int32_t>(counter[2]));
      c3[i] = _mm512_set1_epi32(static_cast<int32_t>(counter[3]));
    }
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < kRounds; ++round) {
      const __m512i key0 = _mm512_set1_epi32(static_cast<int32_t>(k0));
      const __m512i key1 = _mm512_set1_epi32(static_cast<int32_t>(k1));
      for (int i = 0; i < 2; ++i) {
        const __m512i product0 = _mm512_mul_epu32(c0[i], multiplier0), product1 = _mm512_mul_epu32(c2[i], multiplier1);
        c0[i] = _mm512_xor_si512(_mm512_srli_epi64(product1, 32), _mm512_xor_si512(c1[i], key0));
        c1[i] = product1;
        c2[i] = _mm512_xor_si512(_mm512_srli_epi64(product0, 32), _mm512_xor_si512(c3[i], key1));
        c3[i] = product0;
      }
      k0 += kKeySteps[0];
      k1 += kKeySteps[1];
    }
    for (int i = 0; i < 2; ++i) {
      const __m512i low = _mm512_mask_blend_epi32(0xAAAA, c0[i], _mm512_slli_epi64(c1[i], 32));
      const __m512i high = _mm512_mask_blend_epi32(0xAAAA, c2[i], _mm512_slli_epi64(c3[i], 32));
      uint32_t* const out = words + 4 * block + 32 * static_cast<size_t>(i);
      _mm512_storeu_si512(out, _mm512_unpacklo_epi64(low, high));
      _mm512_storeu_si512(out + 16, _mm512_unpackhi_epi64(low, high));
    }
  }
}

#endif

}  // namespace

Counter philox4x32(Counter counter, Key key) {
  auto [c0, c1, c2, c3] = counter;
  auto [k0, k1] = key;
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t first = uint64_t{kMultipliers[0]} * c0;
    const uint64_t second = uint64_t{kMultipliers[1]} * c2;
    c0 = static_cast<uint32_t>(second >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(second);
    c2 = static_cast<uint32_t>(first >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(first);
    k0 += kKeySteps[0];
    k1 += kKeySteps[1];
  }
  return {c0, c1, c2, c3};
}

FillBlocks fill_blocks(Target target) {
  switch (target) {
#if defined(__x86_64__) && defined(__GNUC__)
    case Target::kAvx512: return fill_avx512;
    case Target::kAvx2: return fill_avx2;
#endif
    default: return fill_scalar;
  }
}

Draws::Draws(const Example& example, Purpose purpose, size_t expected, FillBlocks fill)
    : fill_(fill),
      counter_{static_cast<uint32_t>(purpose) << 29, static_cast<uint32_t>(example.epoch),
               static_cast<uint32_t>(example.number), static_cast<uint32_t>(example.number >> 32)},
      key_{static_cast<uint32_t>(example.seed), static_cast<uint32_t>(example.seed >> 32)} {
  if (expected > 0) refill(std::min((expected + 3) / 4, kBlocks));
}

void Draws::refill(size_t blocks) {
  // A vector takes as long as a few blocks one after another.
  (blocks < 4 ? fill_scalar : fill_)(counter_, key_, blocks, words_.data());
  counter_[0] += static_cast<uint32_t>(blocks);
  next_ = 0;
  end_ = blocks * 4;
}

}  // namespace fastnlp::masking

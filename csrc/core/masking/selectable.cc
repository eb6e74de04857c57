#include "core/masking/selectable.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/masking/bits.h"

#if defined(__x86_64__) && defined(__GNUC__)
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 says so of its own header, gcc.gnu.org/PR105593
#endif
#include <immintrin.h>
#endif

namespace fastnlp::masking {
namespace {

constexpr size_t kBlock = 64;
static_assert(kUnselectable == 1);

// The loop that all targets share, in a form that compilers turn into vectors.
[[gnu::always_inline]] inline bool find(const Model& model, const int32_t* token_ids, size_t count, uint64_t* bits) {
  std::array<int32_t, kBlock> last_ids;
  for (size_t begin = 0; begin < count; begin += kBlock) {
    const size_t size = std::min(count - begin, kBlock);
    const int32_t* ids = token_ids + begin;
    if (size < kBlock) {
      last_ids.fill(0);
      std::memcpy(last_ids.data(), ids, size * sizeof(int32_t));
      ids = last_ids.data();
    }
    uint32_t signs = 0;  // set where an id is negative or too large
    for (size_t i = 0; i < kBlock; ++i) {
      const auto id = static_cast<uint32_t>(ids[i]);
      signs |= id | (model.vocabulary_size - 1 - id);
    }
    if (signs >> 31 != 0) return false;

    std::array<uint8_t, kBlock> selectable;
    selectable.fill(1);
    for (uint32_t listed = 0; listed < model.listed_count; ++listed) {
      const auto unselectable = static_cast<int32_t>(model.listed[listed]);
      for (size_t i = 0; i < kBlock; ++i) selectable[i] &= static_cast<uint8_t>(ids[i] != unselectable);
    }
    if (model.listed_count == 0 && !model.token_flags.empty()) {
      for (size_t i = 0; i < kBlock; ++i) {
        selectable[i] &= static_cast<uint8_t>(~model.token_flags[static_cast<size_t>(ids[i])] & kUnselectable);
      }
    }
    bits[begin / kBlock] = pack_bytes(selectable.data()) & (~uint64_t{0} >> (kBlock - size));
  }
  return true;
}

bool find_scalar(const Model& model, const int32_t* token_ids, size_t count, uint64_t* bits) {
  return find(model, token_ids, count, bits);
}

#if defined(__x86_64__) && defined(__GNUC__)

[[gnu::target("avx2")]] bool find_avx2(const Model& model, const int32_t* token_ids, size_t count, uint64_t* bits) {
  return find(model, token_ids, count, bits);
}

[[gnu::target("avx512f")]] bool find_avx512(const Model& model, const int32_t* token_ids, size_t count,
                                            uint64_t* bits) {
  if (model.listed_count == 0) return find(model, token_ids, count, bits);
  const __m512i size = _mm512_set1_epi32(static_cast<int32_t>(model.vocabulary_size));
  __m512i unselectable[8];  // the first one again where they are fewer, as far as the loop goes
  for (uint32_t i = 0; i < 8; ++i) {
    unselectable[i] = _mm512_set1_epi32(static_cast<int32_t>(model.listed[i < model.listed_count ? i : 0]));
  }
  std::fill_n(bits, (count + kBlock - 1) / kBlock, 0);
  for (size_t begin = 0; begin < count; begin += 16) {
    const auto there = static_cast<__mmask16>(count - begin < 16 ? (1U << (count - begin)) - 1 : 0xFFFF);
    const __m512i ids = _mm512_maskz_loadu_epi32(there, token_ids + begin);
    if (_mm512_mask_cmplt_epu32_mask(there, ids, size) != there) return false;
    __mmask16 selectable = there;
    for (uint32_t i = 0; i < 8; i += 4) {
      for (uint32_t j = i; j < i + 4; ++j) {
        selectable = _mm512_mask_cmpneq_epi32_mask(selectable, ids, unselectable[j]);
      }
      if (model.listed_count <= 4) break;
    }
    bits[begin / kBlock] |= uint64_t{selectable} << begin % kBlock;
  }
  return true;
}

#endif

}  // namespace

FindSelectable find_selectable(Target target) {
  switch (target) {
#if defined(__x86_64__) && defined(__GNUC__)
    case Target::kAvx512: return find_avx512;
    case Target::kAvx2: return find_avx2;
#endif
    default: return find_scalar;
  }
}

}  // namespace fastnlp::masking

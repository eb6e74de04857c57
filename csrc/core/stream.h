// Copies that go past the caches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

namespace fastnlp {

// Copies values to memory that nobody reads soon. It is not read first, and pushes nothing out of the caches.
template <typename T>
void stream(const T* from, size_t count, T* to) {
#if defined(__x86_64__) && defined(__GNUC__)
  constexpr size_t kCacheLine = 64;
  static_assert(kCacheLine % sizeof(T) == 0);
  for (; count > 0 && reinterpret_cast<uintptr_t>(to) % kCacheLine != 0; --count) *to++ = *from++;
  for (constexpr size_t kValues = kCacheLine / sizeof(T); count >= kValues; count -= kValues) {
    for (size_t i = 0; i < kValues; i += sizeof(__m128i) / sizeof(T)) {
      const __m128i values = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i));
      _mm_stream_si128(reinterpret_cast<__m128i*>(to + i), values);
    }
    from += kValues;
    to += kValues;
  }
  _mm_sfence();  // whoever joins this thread must see them
#endif
  if (count > 0) std::memcpy(to, from, count * sizeof(T));
}

}  // namespace fastnlp

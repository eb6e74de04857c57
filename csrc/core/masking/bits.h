// Sets of small numbers, a bit each.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fastnlp::masking {

static_assert(std::endian::native == std::endian::little, "the first byte must become the lowest bit");

// A bit for each of 64 bytes that are 0 or 1.
[[gnu::always_inline]] inline uint64_t pack_bytes(const uint8_t* bytes) {
  uint64_t bits = 0;
  for (size_t i = 0; i < 64; i += 8) {
    uint64_t eight;
    std::memcpy(&eight, bytes + i, 8);
    bits |= (eight * 0x0102040810204080 >> 56) << i;  // moves each byte to its bit of the highest byte
  }
  return bits;
}

}  // namespace fastnlp::masking

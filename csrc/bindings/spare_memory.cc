#include "bindings/spare_memory.h"

#include <cstdlib>

namespace fastnlp {

SpareMemory& SpareMemory::get() {
  static SpareMemory memory;
  return memory;
}

MemoryBlock* SpareMemory::take(size_t bytes) noexcept {
  if (bytes < kMinBytes) return nullptr;
  for (auto& place : blocks_) {
    MemoryBlock* const block = place.exchange(nullptr);
    if (block == nullptr) continue;
    kept_bytes_ -= block->bytes;
    if (bytes / 2 <= block->bytes && block->bytes / 8 <= bytes) return block;  // how much it takes is not known before
    give(block);
  }
  return nullptr;
}

void SpareMemory::give(MemoryBlock* block) noexcept {
  if (block->bytes < kMinBytes || block->bytes > kMaxBytes) return free(block);
  kept_bytes_ += block->bytes;  // first, so that threads that give at once do not keep too much together
  for (auto& place : blocks_) {
    if (kept_bytes_ <= kMaxBytes) break;
    if (MemoryBlock* const before = place.exchange(nullptr)) {
      kept_bytes_ -= before->bytes;
      free(before);
    }
  }
  for (auto& place : blocks_) {
    MemoryBlock* expected = nullptr;
    if (kept_bytes_ <= kMaxBytes && place.compare_exchange_strong(expected, block)) return;
  }
  kept_bytes_ -= block->bytes;
  free(block);
}

void SpareMemory::free(MemoryBlock* block) noexcept {
  std::free(block->memory);
  delete block;
}

}  // namespace fastnlp

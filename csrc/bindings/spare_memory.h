// Memory of large results that nobody holds any more, kept for the next ones: the system would have to clear it first.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "core/buffer.h"

namespace fastnlp {

// Nothing is locked: any thread may drop a result, a fork at any time is safe.
class SpareMemory {
 public:
  // What is smaller is not worth keeping; no more than so much is kept in all.
  static constexpr size_t kMinBytes = kLargeBlock, kMaxBytes = size_t{1} << 27;

  static SpareMemory& get();

  // Gives an empty buffer that is to hold about `bytes` bytes kept memory, where some of that size is there.
  template <typename T>
  void lend(size_t bytes, Buffer<T>& buffer) {
    if (MemoryBlock* const block = take(bytes)) {
      buffer.adopt(*block);
      delete block;
    }
  }

  // Takes a block over. Where all of them would be too much, those from before are freed.
  void give(MemoryBlock* block) noexcept;

 private:
  MemoryBlock* take(size_t bytes) noexcept;
  void free(MemoryBlock* block) noexcept;

  std::array<std::atomic<MemoryBlock*>, 4> blocks_{};
  std::atomic<size_t> kept_bytes_{0};
};

}  // namespace fastnlp

// A growing array whose memory can be handed to NumPy, and whose growth never initialises what is about to be written.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include "core/huge_pages.h"

namespace fastnlp {

// Memory that its owner frees with std::free.
struct MemoryBlock {
  void* memory;
  size_t bytes;
};

// A block of at least so much is mostly pages of its own: what is never written of it costs nothing.
inline constexpr size_t kLargeBlock = size_t{1} << 20;

template <typename T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer() { std::free(data_); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }  // values that there is memory for
  void clear() { size_ = 0; }

  void push_back(T value) {
    if (size_ == capacity_) grow(size_ + 1);
    data_[size_++] = value;
  }

  void append(const T* values, size_t count) {
    if (count == 0) return;
    if (capacity_ - size_ < count) grow(size_ + count);
    std::memcpy(data_ + size_, values, count * sizeof(T));
    size_ += count;
  }

  void reserve(size_t capacity) {
    if (capacity > capacity_) reallocate(capacity);
  }

  // Makes room for `count` values behind the last.
  void reserve_more(size_t count) {
    if (capacity_ - size_ < count) grow(size_ + count);
  }

  // Makes room for `size` values, without setting them.
  void resize(size_t size) {
    reserve(size);
    size_ = size;
  }

  // Takes memory over, in place of its own; it is empty then.
  void adopt(const MemoryBlock& block) {
    std::free(data_);
    data_ = static_cast<T*>(block.memory);
    size_ = 0;
    capacity_ = block.bytes / sizeof(T);
  }

  // Hands the memory, never null, to the caller. What is unused of a small block is given back first.
  MemoryBlock release() {
    const bool is_large = capacity_ * sizeof(T) >= kLargeBlock;
    if ((size_ < capacity_ && !is_large) || data_ == nullptr) reallocate(size_ > 0 ? size_ : 1);
    size_ = 0;
    const size_t bytes = std::exchange(capacity_, 0) * sizeof(T);
    return {std::exchange(data_, nullptr), bytes};
  }

 private:
  void grow(size_t needed) { reallocate(needed > capacity_ * 2 ? needed : capacity_ * 2); }

  void reallocate(size_t capacity) {
    void* moved = std::realloc(data_, capacity * sizeof(T));
    if (moved == nullptr) throw std::bad_alloc();
    data_ = static_cast<T*>(moved);
    capacity_ = capacity;
    prefer_huge_pages(data_, capacity * sizeof(T));
  }

  void swap(Buffer& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  T* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace fastnlp

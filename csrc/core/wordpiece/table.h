// Memory for hash tables.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "core/huge_pages.h"

namespace fastnlp::wordpiece {

// Zeroed memory that starts at a cache line; huge pages where there are some and it is large.
template <typename T>
class Table {
 public:
  // Of 2**log2_size elements, for which zero must be a valid state. Throws std::bad_alloc.
  explicit Table(int log2_size) : log2_size_(log2_size) {
    constexpr size_t kCacheLine = 64;
    const size_t bytes = size() * sizeof(T);
    const bool is_large = bytes >= kHugePage;
    const size_t alignment = is_large ? kHugePage : kCacheLine;
    size_t space = bytes + alignment;
    // Fresh pages are zero already, and cost nothing till they are used; but look-ups should find those of a small
    // table there.
    void* memory = is_large ? std::calloc(1, space) : std::malloc(space);
    if (memory == nullptr) throw std::bad_alloc();
    memory_.reset(memory);
    void* const aligned = std::align(alignment, bytes, memory, space);
    prefer_huge_pages(aligned, bytes);  // a look-up should not miss in the TLB too
    if (!is_large) std::memset(aligned, 0, bytes);
    data_ = static_cast<T*>(aligned);
  }

  size_t size() const { return size_t{1} << log2_size_; }
  int log2_size() const { return log2_size_; }
  T* data() const { return data_; }
  T& operator[](size_t i) const { return data_[i]; }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  int log2_size_;
  std::unique_ptr<void, Free> memory_;
  T* data_;
};

}  // namespace fastnlp::wordpiece

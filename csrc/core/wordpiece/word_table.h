// Words and how often each came, in the order in which they came first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/buffer.h"
#include "core/wordpiece/table.h"

namespace fastnlp::wordpiece {

// A hash of the bytes of a word, the same on every machine of its byte order. Its high bits are the good ones.
uint64_t hash_word(std::string_view word);

class WordTable {
 public:
  WordTable() : WordTable(0) {}

  // With room for so many words. Throws std::bad_alloc.
  explicit WordTable(size_t expected);

  // Adds to the count of a word, which was first seen at `first` if it is new. Throws std::bad_alloc.
  void add(std::string_view word, int64_t count, int64_t first);

  size_t size() const { return counts_.size(); }
  size_t memory() const;  // in bytes

  // The word that came in i-th.
  std::string_view operator[](size_t i) const {
    const int64_t begin = splits_.data()[i];
    return {bytes_.data() + begin, static_cast<size_t>(splits_.data()[i + 1] - begin)};
  }

  // The same flat: word i is bytes()[splits()[i]] up to bytes()[splits()[i + 1]]. Their memory may be taken from them,
  // after which the table is of no more use.
  Buffer<char>& bytes() { return bytes_; }
  Buffer<int64_t>& splits() { return splits_; }
  Buffer<int64_t>& counts() { return counts_; }
  Buffer<int64_t>& firsts() { return firsts_; }
  const Buffer<int64_t>& counts() const { return counts_; }
  const Buffer<int64_t>& firsts() const { return firsts_; }

 private:
  // A word and some bits of its hash; index 0 where the slot is free, else one more than that of the word.
  struct Slot {
    uint32_t tag;
    uint32_t index;
  };

  size_t slot_of(uint64_t hash) const { return hash >> (64 - slots_.log2_size()); }
  void grow();

  Table<Slot> slots_;
  Buffer<char> bytes_;
  Buffer<int64_t> splits_;
  Buffer<int64_t> counts_;
  Buffer<int64_t> firsts_;
};

}  // namespace fastnlp::wordpiece

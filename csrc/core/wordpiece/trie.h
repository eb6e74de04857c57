// A trie over symbols as a double array (Aoe 1989): a step reads one cell, whatever the number of children.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/wordpiece/alphabet.h"

namespace fastnlp::wordpiece {

class Trie {
 public:
  struct Match {
    uint32_t value;
    size_t size;  // in symbols; 0 where no entry fits
  };

  using Entry = std::pair<std::vector<Symbol>, uint32_t>;

  Trie() : Trie({}, 1) {}

  // Every key once, none empty, of symbols below `symbol_count`, none of them kUnknown; values are below 2**30.
  Trie(std::vector<Entry> entries, size_t symbol_count);

  // The longest entry that `word` begins with. Its symbols are below `symbol_count`.
  Match longest_match(std::span<const Symbol> word) const {
    uint32_t node = 0, last = 0;
    size_t size = 0;
    for (size_t i = 0; i < word.size(); ++i) {
      const uint32_t child = cells_[node].base() + word[i];
      if (cells_[child].parent != node) break;
      node = child;
      // Without a branch: where entries end cannot be predicted.
      const bool is_end = cells_[node].is_end();
      last = is_end ? node : last;
      size = is_end ? i + 1 : size;
      if (cells_[node].is_leaf()) break;
    }
    const Cell& end = cells_[last];
    return {end.is_leaf() ? end.value() : cells_[end.base()].value(), size};
  }

 private:
  static constexpr uint32_t kFree = static_cast<uint32_t>(-1);
  static constexpr uint32_t kValue = static_cast<uint32_t>(-2);

  // A node is the index of its cell; its child by symbol s is at base + s, if that cell says so. A leaf has its value
  // in the place of a base. Any other node has it in the cell at its base: no child is there, for no key has symbol 0.
  struct Cell {
    uint32_t data = 0;  // a base or a value, and the two bits below
    uint32_t parent = kFree;

    static constexpr uint32_t kIsEnd = 1, kIsLeaf = 2;
    bool is_end() const { return data & kIsEnd; }
    bool is_leaf() const { return data & kIsLeaf; }
    uint32_t base() const { return data >> 2; }
    uint32_t value() const { return data >> 2; }
  };

  uint32_t find_base(std::span<const Symbol> labels, uint32_t near);

  std::vector<Cell> cells_;
  uint32_t first_free_ = 1;  // cells before it are taken, or not worth a search
};

}  // namespace fastnlp::wordpiece

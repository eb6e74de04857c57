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

  // Times kUnknown behind a word: longest_match reads its first three symbols at once.
  static constexpr size_t kPadding = 3;

  using Entry = std::pair<std::vector<Symbol>, uint32_t>;

  Trie() : Trie({}, 1) {}

  // Every key once, none empty, of symbols below `symbol_count`, none of them kUnknown; values are below 2**30.
  Trie(std::vector<Entry> entries, size_t symbol_count);

  // The longest entry that `word` begins with. Its symbols are below `symbol_count`; behind the last one there are
  // kPadding times kUnknown, which ends every entry.
  Match longest_match(const Symbol* word) const {
    State state = {kRoot, kRoot, 0};
    size_t i = 0;
    if (word[0] < kJumps && word[1] < kJumps) {
      const Jump& jump = jumps_[word[0] * kJumps + word[1]];
      // Where entries end cannot be predicted: a third step, wanted or not, costs less than a wrong guess.
      state = step({jump.node, jump.last >> 2, jump.last & 3}, word[2], 2);
      i = 3;
    }
    for (; state.node != kDead; ++i) state = step(state, word[i], i);
    const Cell& end = cells_[state.last];
    return {cells_[end.is_leaf() ? state.last : end.base()].value(), state.size};
  }

 private:
  static constexpr uint32_t kRoot = 0, kDead = 1;  // nothing follows kDead
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

  struct State {
    uint32_t node;
    uint32_t last;  // the node of the longest entry so far
    size_t size;    // its
  };

  State step(State state, Symbol symbol, size_t i) const {
    const uint32_t child = cells_[state.node].base() + symbol;
    const Cell cell = cells_[child];
    const bool is_child = cell.parent == state.node;
    const bool is_end = is_child & cell.is_end();
    return {is_child & !cell.is_leaf() ? child : kDead, is_end ? child : state.last, is_end ? i + 1 : state.size};
  }

  // Where the first two symbols lead, for those that are frequent: their numbers are small.
  static constexpr size_t kJumps = 128;
  struct Jump {
    uint32_t node = kDead;
    uint32_t last = 0;  // node and size, in two bits, of the longest entry
  };

  uint32_t find_base(std::span<const Symbol> labels, uint32_t near);

  std::vector<Cell> cells_;
  std::vector<Jump> jumps_;
  uint32_t first_free_ = 2;  // cells before it are taken, or not worth a search
};

}  // namespace fastnlp::wordpiece

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
    State state = {root_, 0, 0};
    size_t i = 0;
    if (word[0] < kJumps && word[1] < kJumps) {
      const Jump& jump = jumps_[word[0] * kJumps + word[1]];
      // Where entries end cannot be predicted: a third step, wanted or not, costs less than a wrong guess.
      state = step({jump.base, jump.last >> 2, jump.last & 3}, word[2], 2);
      i = 3;
    } else if (const uint32_t value = leaves_[word[0]]; value != kNone) {
      // That nothing follows can be predicted: whoever calls need not wait for a size that is read from memory.
      return {value, 1};
    }
    for (; state.base != kDead; ++i) state = step(state, word[i], i);
    return {values_[state.last], state.size};
  }

  // Whether there is an entry that begins with `word` and is longer.
  bool goes_on(std::span<const Symbol> word) const {
    State state = {root_, 0, 0};
    for (const Symbol symbol : word) state = step(state, symbol, 0);
    return state.base != kDead;
  }

 private:
  static constexpr uint32_t kDead = 0;                          // a base that nothing follows
  static constexpr uint32_t kNone = static_cast<uint32_t>(-1);  // no value
  static constexpr uint32_t kFree = static_cast<uint32_t>(-1);

  // A node is known by its base, which no other has: its child by symbol s is in the cell at base + s, if that cell
  // names this base.
  struct Cell {
    uint32_t parent = kFree;  // the base of it
    uint32_t data = 0;        // the base of what follows, or kDead, and below it whether an entry ends here

    bool is_end() const { return data & 1; }
    uint32_t base() const { return data >> 1; }
  };

  struct State {
    uint32_t base;
    uint32_t last;  // the cell of the longest entry so far
    size_t size;    // its
  };

  State step(State state, Symbol symbol, size_t i) const {
    const uint32_t child = state.base + symbol;
    const Cell cell = cells_[child];
    const bool is_child = cell.parent == state.base;
    const bool is_end = is_child & cell.is_end();
    return {is_child ? cell.base() : kDead, is_end ? child : state.last, is_end ? i + 1 : state.size};
  }

  // Where the first two symbols lead, for those that are frequent: their numbers are small.
  static constexpr size_t kJumps = 128;
  struct Jump {
    uint32_t base = kDead;
    uint32_t last = 0;  // cell and size, in two bits, of the longest entry
  };

  void make_room(size_t size);
  uint32_t find_base(std::span<const Symbol> labels, uint32_t near);

  std::vector<Cell> cells_;
  std::vector<uint32_t> values_;  // of the entries that end in the cells
  std::vector<bool> is_base_;     // numbers that are taken
  uint32_t root_ = kDead;         // its base
  std::vector<Jump> jumps_;
  std::vector<uint32_t> leaves_;  // by symbol: the values of the entries of one symbol that no other entry begins with
  uint32_t first_free_ = 1;       // cells before it are taken, or not worth a search
};

}  // namespace fastnlp::wordpiece

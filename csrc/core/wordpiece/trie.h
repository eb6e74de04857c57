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

  // Times kUnknown behind a word: longest_match reads three symbols of any.
  static constexpr size_t kPadding = 3;

  using Entry = std::pair<std::vector<Symbol>, uint32_t>;

  Trie() : Trie({}, 1) {}

  // Every key once, none empty, of symbols below `symbol_count`, none of them kUnknown; values are below 2**30.
  Trie(std::vector<Entry> entries, size_t symbol_count);

  // The longest entry that `word` begins with. Its symbols are below `symbol_count`; behind the last one there are
  // kPadding times kUnknown, which ends every entry.
  Match longest_match(const Symbol* word) const {
    return is_narrow_ ? narrow_.longest_match(word) : wide_.longest_match(word);
  }

  // Whether there is an entry that begins with `word`, which is not empty, and is longer.
  bool goes_on(std::span<const Symbol> word) const;

 private:
  // What is known of a node, in a cell. A node is known by its base, which no other has: its child by symbol s is in
  // the cell at base + s, if that cell has this label.
  struct Node {
    Symbol label = 0;
    uint32_t data = 0;     // the base; or the value of the entry, where nothing follows
    bool is_end = false;   // of an entry: where something follows, its value is in the cell at the base
    bool is_leaf = false;  // nothing follows

    bool is_free() const { return data == 0 && !is_leaf; }
  };

  // All cells, in words of 32 bits, if they fit: what is small stays in the processor's caches. Below symbol_count are
  // the nodes of the first symbol, without labels.
  template <typename Word>
  class Cells {
   public:
    Cells() = default;
    Cells(const std::vector<Node>& nodes, size_t symbol_count, int label_bits);

    Match longest_match(const Symbol* word) const {
      State state;
      size_t i = 2;
      if (word[0] < kJumps && word[1] < kJumps) {
        const Jump& jump = jumps_[word[0] * kJumps + word[1]];
        state = {jump.base, jump.value >> 2, jump.value & 3};
      } else {
        const Word first = words_[word[0]];
        // That nothing follows can be predicted: whoever calls need not wait for a size that is read from memory.
        if (first & kLeaf) return {data(first), first & kEnd};
        state = {data(first), data(first), first & kEnd};
        i = 1;
      }
      while (step(word[i], i, state)) ++i;
      return {data(words_[state.value]), state.size};
    }

    bool goes_on(std::span<const Symbol> word) const { return walk(word).base != kDead; }

   private:
    static constexpr Word kEnd = 1, kLeaf = 2;
    static constexpr int kFlagBits = 2;

    struct State {
      uint32_t base;
      uint32_t value;  // the cell with that of the longest entry so far
      size_t size;     // of it
    };

    // Where the first two symbols lead, for those that are frequent: their numbers are small.
    static constexpr size_t kJumps = 64;
    struct Jump {
      uint32_t base = kDead;
      uint32_t value = 0;  // its cell, and the size, in two bits
    };

    uint32_t data(Word word) const { return static_cast<uint32_t>(word >> data_shift_); }

    // From the node that i symbols led to. Returns false where nothing follows; the base means nothing then.
    bool step(Symbol symbol, size_t i, State& state) const {
      const uint32_t cell = state.base + symbol;
      const Word word = words_[cell];
      if ((word & label_mask_) != Word{symbol} << kFlagBits) return false;
      const uint32_t value = word & kLeaf ? cell : data(word);
      state.value = word & kEnd ? value : state.value;  // without a branch: where entries end cannot be predicted
      state.size = word & kEnd ? i + 1 : state.size;
      state.base = data(word);
      return (word & kLeaf) == 0;
    }

    State walk(std::span<const Symbol> word) const;

    std::vector<Word> words_;
    int data_shift_ = kFlagBits;
    Word label_mask_ = 0;
    std::vector<Jump> jumps_;
  };

  static constexpr uint32_t kDead = 0;  // a base that nothing follows

  class Builder;

  Cells<uint32_t> narrow_;
  Cells<uint64_t> wide_;
  bool is_narrow_ = true;
};

}  // namespace fastnlp::wordpiece

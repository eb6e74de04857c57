// All pieces of words that come often enough to become tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/wordpiece/learning_words.h"

namespace fastnlp::wordpiece {

// A trie of whole tokens: of what words begin with, and, behind the suffix indicator, of what follows in them. A string
// is one node, whichever of the two it is; words may themselves begin with the suffix indicator.
class PieceTrie {
 public:
  static constexpr uint32_t kRoot = 0;

  struct Node {
    uint32_t parent;  // a smaller number
    Symbol symbol;
    uint32_t size : 31;         // characters that lead to it
    uint32_t is_character : 1;  // a character of the alphabet, with the indicator or without
  };

  // The longest node at a place: of what a word goes on with from there.
  struct Longest {
    uint32_t node : 31;
    uint32_t is_counted : 1;  // it reaches to the end of the word
  };

  // Holds every character, with the indicator and without, and every piece that comes `min_count` times or more,
  // counted from every place in every word. Sets `longest` for every place in `words.symbols` but the ends of words.
  // Throws std::length_error where there are 2**31 nodes or more.
  PieceTrie(const LearningWords& words, int64_t min_count, std::vector<Longest>& longest);

  const std::vector<Node>& nodes() const { return nodes_; }

  // What leads to a node, in UTF-8.
  std::string spell(uint32_t node, const LearningWords& words) const;

 private:
  std::vector<Node> nodes_;
};

}  // namespace fastnlp::wordpiece

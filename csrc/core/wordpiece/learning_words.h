// The words that a vocabulary is learned from, as numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/wordpiece/alphabet.h"

namespace fastnlp::wordpiece {

struct LearningWords {
  struct Limits {
    size_t max_words;
    size_t max_length;  // of a word, in characters
    size_t max_alphabet;
  };

  static constexpr Symbol kEnd = 0;

  // Takes the words, in UTF-8, that are not too long, not reserved and without rare characters, the most frequent
  // first, equally frequent ones in their order. Empty words are left out at last. Throws std::length_error where the
  // words have 2**31 characters or more.
  LearningWords(std::span<const std::string_view> words, std::span<const int64_t> word_counts,
                const std::unordered_set<std::string_view>& reserved_tokens, std::string_view suffix_indicator,
                const Limits& limits);

  size_t size() const { return counts.size(); }
  uint32_t end(size_t word) const { return begins[word + 1] - 1; }

  std::vector<char32_t> code_points;  // by symbol: the alphabet ascends from 1 on; then what else the indicator holds
  size_t alphabet_size;               // 1 more than its last symbol
  std::vector<Symbol> indicator;
  std::vector<Symbol> symbols;   // of all words, each followed by kEnd
  std::vector<uint32_t> begins;  // of the words in `symbols`, and where the last one's kEnd is passed
  std::vector<int64_t> counts;
};

}  // namespace fastnlp::wordpiece

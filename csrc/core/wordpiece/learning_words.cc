#include "core/wordpiece/learning_words.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "core/text/unicode.h"
#include "core/text/utf8.h"

namespace fastnlp::wordpiece {
namespace {

template <typename Function>
void for_each_character(std::string_view text, Function function) {
  for (const char* p = text.data(); p < text.data() + text.size();) {
    const utf8::Decoded decoded = utf8::decode_valid(p);
    function(decoded.code_point);
    p += decoded.size;
  }
}

size_t length(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

LearningWords::LearningWords(std::span<const std::string_view> words, std::span<const int64_t> word_counts,
                             const std::unordered_set<std::string_view>& reserved_tokens,
                             std::string_view suffix_indicator, const Limits& limits) {
  std::vector<size_t> order;
  unicode::CodePointMap<int64_t> frequency;
  std::vector<char32_t> characters;
  for (size_t word = 0; word < words.size(); ++word) {
    if (length(words[word]) > limits.max_length || reserved_tokens.contains(words[word])) continue;
    order.push_back(word);
    for_each_character(words[word], [&](char32_t code_point) {
      int64_t& count = frequency.at(code_point);
      if (count == 0) characters.push_back(code_point);
      count += word_counts[word];
    });
  }
  if (characters.size() > limits.max_alphabet) {
    std::sort(characters.begin(), characters.end(),
              [&](char32_t a, char32_t b) { return std::pair(-frequency[a], a) < std::pair(-frequency[b], b); });
    for (size_t i = limits.max_alphabet; i < characters.size(); ++i) frequency.at(characters[i]) = 0;
  }

  std::stable_sort(order.begin(), order.end(),
                   [&](size_t first, size_t second) { return word_counts[first] > word_counts[second]; });
  std::erase_if(order, [&](size_t word) {
    bool has_rare = false;
    for_each_character(words[word], [&](char32_t code_point) { has_rare |= frequency[code_point] == 0; });
    return has_rare;
  });
  if (order.size() > limits.max_words) order.resize(limits.max_words);

  // The alphabet is of the words that were taken, and not of those that could have been.
  unicode::CodePointMap<Symbol> symbol_of;
  code_points = {0};
  const auto collect = [&](char32_t code_point) {
    Symbol& symbol = symbol_of.at(code_point);
    if (symbol == 0) code_points.push_back(code_point);
    if (symbol == 0) symbol = static_cast<Symbol>(code_points.size() - 1);
  };
  size_t num_symbols = 0;
  for (const size_t word : order) {
    for_each_character(words[word], collect);
    num_symbols += length(words[word]) + 1;
  }
  if (num_symbols > std::numeric_limits<int32_t>::max()) throw std::length_error("too many characters");
  std::sort(code_points.begin() + 1, code_points.end());
  alphabet_size = code_points.size();
  for (size_t symbol = 1; symbol < alphabet_size; ++symbol) {
    symbol_of.at(code_points[symbol]) = static_cast<Symbol>(symbol);
  }
  for_each_character(suffix_indicator, [&](char32_t code_point) {
    collect(code_point);
    indicator.push_back(symbol_of[code_point]);
  });

  symbols.reserve(num_symbols);
  begins.reserve(order.size() + 1);
  counts.reserve(order.size());
  for (const size_t word : order) {
    if (words[word].empty()) continue;
    begins.push_back(static_cast<uint32_t>(symbols.size()));
    counts.push_back(word_counts[word]);
    for_each_character(words[word], [&](char32_t code_point) { symbols.push_back(symbol_of[code_point]); });
    symbols.push_back(kEnd);
  }
  begins.push_back(static_cast<uint32_t>(symbols.size()));
}

}  // namespace fastnlp::wordpiece

// The characters of a vocabulary, numbered densely: what tries are made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/text/unicode.h"
#include "core/text/utf8.h"

namespace fastnlp::wordpiece {

// The number of a character; 0 for every character that the vocabulary lacks.
using Symbol = uint32_t;
inline constexpr Symbol kUnknown = 0;

class Alphabet {
 public:
  Alphabet() = default;

  // Of all characters of some tokens, in valid UTF-8. The more frequent a character, the smaller its number; those that
  // only ever begin a token, the indicator aside, come last.
  Alphabet(std::span<const std::string> tokens, std::string_view suffix_indicator);

  Symbol operator[](char32_t code_point) const { return symbols_[code_point]; }

  // One more than the largest number.
  size_t size() const { return size_; }

  // Appends the symbols of text in valid UTF-8 to a container.
  template <typename Symbols>
  void append(std::string_view text, Symbols& symbols) const {
    for (const char* p = text.data(); p < text.data() + text.size();) {
      const utf8::Decoded decoded = utf8::decode_valid(p);
      symbols.push_back(symbols_[decoded.code_point]);
      p += decoded.size;
    }
  }

 private:
  unicode::CodePointMap<Symbol> symbols_;
  size_t size_ = 1;
};

}  // namespace fastnlp::wordpiece

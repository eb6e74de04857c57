// Pieces into token ids: what the cache does not hold.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/buffer.h"
#include "core/text/words.h"
#include "core/wordpiece/alphabet.h"

namespace fastnlp::wordpiece {

struct Model;

// Spells pieces of text. What most characters become does not depend on their neighbours: a speller asks the definition
// (WordScanner) once for each, and joins the answers. A piece with any other character goes to the definition whole.
// One speller a thread.
class Speller {
 public:
  explicit Speller(const Model& model);

  // Appends the ids of a text without special tokens.
  void spell(std::string_view text, Buffer<int32_t>& ids);

  // Appends the ids of one normalised word in valid UTF-8.
  void spell_word(std::string_view word, Buffer<int32_t>& ids);

  // Calls handle(part) and visit(token, index) as WordScanner::cut does, with the model's special tokens.
  template <typename Handle, typename Visit>
  void cut(std::string_view text, Handle handle, Visit visit) {
    cutter_.cut(text, handle, visit);
  }

 private:
  enum Kind : uint8_t { kUnset, kPart, kSpace, kAlone, kInContext };

  // What a character becomes.
  struct Letter {
    static constexpr size_t kMaxSymbols = 4;

    Kind kind = kUnset;
    uint8_t count = 0;  // of symbols, where it is part of a word
    uint8_t bytes = 0;  // in UTF-8, of these
    bool known = true;  // whether the vocabulary has all of them
    union {
      std::array<uint16_t, kMaxSymbols> symbols = {};
      int32_t id;  // where it is a word of its own
    };
  };

  const Letter& letter(char32_t code_point) {
    const Letter& found = letters_[code_point];
    return found.kind == kUnset ? make_letter(code_point) : found;
  }

  const Letter& make_letter(char32_t code_point);
  Letter ask(char32_t code_point);
  bool stands_alone(char32_t code_point, std::string_view image) const;
  bool spell_letters(std::string_view text, Buffer<int32_t>& ids);
  void spell_symbols(std::span<const Symbol> word, Buffer<int32_t>& ids) const;

  const Model& model_;
  TextRules rules_;      // the model's, without special tokens: a piece is lower-cased, and could become one
  WordScanner scanner_;  // of pieces
  WordScanner cutter_;   // of texts, at their special tokens
  unicode::CodePointMap<Letter> letters_;
  std::vector<Symbol> symbols_;
  Buffer<int32_t> ids_;
};

}  // namespace fastnlp::wordpiece

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
#include "core/wordpiece/trie.h"
#include "core/wordpiece/utf8_map.h"

namespace fastnlp::wordpiece {

struct Model;

// Spells pieces of text. What most characters become does not depend on their neighbours: a speller asks the definition
// (WordScanner) once for each, and joins the answers. A piece with any other character goes to the definition whole.
// One speller a thread.
class Speller {
 public:
  explicit Speller(const Model& model);

  // Asks for the letters of the scripts that the vocabulary has, but for those of thousands of letters.
  void learn_letters();

  // Appends the ids of a text without special tokens. The bytes up to `readable` can be read.
  void spell(std::string_view text, const char* readable, Buffer<int32_t>& ids);

  // The same of a piece of at most kPadded - 1 bytes, with NULs behind it up to kPadded.
  void spell_padded(std::string_view piece, Buffer<int32_t>& ids);
  static constexpr size_t kPadded = 16;

  // Appends the ids of a word and whatever follows it of a piece that ends at `end`; returns where that is, a border.
  const char* spell_first_word(const char* word, const char* end, Buffer<int32_t>& ids);

  // Appends the ids of words letter by letter, up to the first word that may have a token of more than one letter.
  // Returns where that begins, or `end`, where a piece must end. The bytes up to `readable` can be read.
  const char* spell_by_letter(const char* text, const char* end, const char* readable, Buffer<int32_t>& ids);

  // Appends the ids of one normalised word in valid UTF-8.
  void spell_word(std::string_view word, Buffer<int32_t>& ids);

  // Calls handle(part) and visit(token, index) as WordScanner::cut does, with the model's special tokens.
  template <typename Handle, typename Visit>
  void cut(std::string_view text, Handle handle, Visit visit) {
    cutter_.cut(text, handle, visit);
  }

 private:
  enum Kind : uint8_t { kUnset, kPart, kSpace, kAlone, kInContext };

  // What a character becomes: 8 bytes, for there are many characters.
  struct Letter {
    static constexpr size_t kMaxSymbols = 3;

    std::array<uint16_t, kMaxSymbols> symbols = {};
    Kind kind : 4 = kUnset;
    uint8_t known : 1 = true;  // whether the vocabulary has all symbols
    uint8_t count : 3 = 0;     // of symbols, where it is part of a word
    uint8_t bytes = 0;         // in UTF-8, of these

    // Where it is a word of its own: that word's id, in place of symbols.
    int32_t id() const { return static_cast<int32_t>(symbols[0] | uint32_t{symbols[1]} << 16); }
    void set_id(int32_t id) { symbols = {static_cast<uint16_t>(id), static_cast<uint16_t>(id >> 16), 0}; }
  };
  static_assert(sizeof(Letter) == 8);

  // What a character becomes where no token spans it and another one. With an English vocabulary that is so for most
  // characters of most other scripts.
  struct LetterTokens {
    // Sizes that no word has. What holds a character that is kUnknown is unknown. kSpanned is added to the size of one
    // that begins a few longer tokens: which it is depends on the next.
    static constexpr uint16_t kUnknown = 0x100, kSpanned = 0x200, kUnfit = 0x400, kUnset = 0x500;

    std::array<int32_t, Letter::kMaxSymbols> ids = {};
    uint8_t count = 0;       // of ids
    uint8_t in_word = 0;     // all bits, or none where it is no part of one
    uint16_t size = kUnset;  // as the length of a word is limited

    // In places without ids, where a character has one id at the beginning of a word: the code of its first symbol as a
    // follower (inside of one), and those of the followers of its only one (at the beginning).
    int code() const { return ids[2]; }
    void set_code(int code) { ids[2] = code; }
    uint64_t followers() const { return static_cast<uint32_t>(ids[1]) | uint64_t{static_cast<uint32_t>(ids[2])} << 32; }
    void set_followers(uint64_t codes) {
      ids[1] = static_cast<int32_t>(codes);
      ids[2] = static_cast<int32_t>(codes >> 32);
    }
  };
  static_assert(sizeof(LetterTokens) == 16);

  // Of a character that begins a word, and inside of one: they differ in ids and their count alone.
  using LetterPlaces = std::array<LetterTokens, 2>;

  const Letter& letter(char32_t code_point) {
    const Letter& found = letters_[code_point];
    return found.kind == kUnset ? make_letter(code_point) : found;
  }

  const Letter& make_letter(char32_t code_point);
  Letter ask(char32_t code_point);
  bool stands_alone(char32_t code_point, std::string_view image) const;
  void spell_as_defined(std::string_view text, Buffer<int32_t>& ids);
  bool make_places(const char* text, const char* readable);
  void make_places(char32_t code_point);
  // The public one, which stops at letters that are kSpanned; or, where it looks back at them from the next, only where
  // a longer token may begin.
  template <bool kLooksBack>
  const char* spell_by_letter(const char* text, const char* end, const char* readable, Buffer<int32_t>& ids);
  bool may_go_by_letter(const char* word, const char* readable) const;
  const char* find_word_end(const char* text, const char* end, const char* readable);
  bool find_tokens(const Letter& letter, const Trie* trie, bool is_spanned, LetterTokens& tokens) const;
  const char* spell_letters(const char* text, const char* end, bool first_word_only, Buffer<int32_t>& ids);
  // Appends the ids of a word, which has kUnknown behind it; false, and none, where it is unknown.
  bool spell_symbols(std::span<const Symbol> word, Buffer<int32_t>& ids) const;

  const Model& model_;
  TextRules rules_;      // the model's, without special tokens: a piece is lower-cased, and could become one
  WordScanner scanner_;  // of pieces
  WordScanner cutter_;   // of texts, at their special tokens
  unicode::CodePointMap<Letter> letters_;
  Utf8Map<LetterPlaces> places_;
  // The symbols of characters that are one in a word, else kUnknown: of ASCII, and then of those of two bytes, as what
  // these bytes say, so that there is a place for two that are no UTF-8.
  static constexpr char32_t kPlainAscii = 0x80, kPlainEnd = 0x800;
  std::array<uint16_t, kPlainAscii + kPlainEnd> plain_{};
  std::vector<Symbol> symbols_;
  Buffer<int32_t> ids_;
};

}  // namespace fastnlp::wordpiece

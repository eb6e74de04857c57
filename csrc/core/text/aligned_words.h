// From raw text to words that know where in the text they came from. reference/text/aligned_words.py is the definition.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/unicode.h"
#include "core/text/words.h"

namespace fastnlp {

// A place between two characters of a text.
struct Position {
  int64_t byte;
  int64_t character;
};

// A code point of normalised text, and the range of the original that it came from.
struct AlignedCharacter {
  char32_t code_point;
  Position start, end;
};

using AlignedText = std::vector<AlignedCharacter>;

struct AlignedWord {
  std::string_view text;                         // normalised, never empty
  std::span<const AlignedCharacter> characters;  // one for each code point of it
  int special;  // the index of the special token that was found in the text, or WordScanner::kNotSpecial
};

// Cuts texts into the normalised words of WordScanner, without those that case folding leaves empty. Holds scratch
// space: one scanner a thread.
class AlignedWordScanner {
 public:
  explicit AlignedWordScanner(const TextRules& rules);

  // Calls, for every word in order, visitor.ascii_word(std::string_view word, Position start) where it is ASCII that
  // stands in the text, and visitor.word(const AlignedWord&) for all others. An ASCII word is not lower-cased yet. What
  // the views show lasts until the visit returns.
  template <typename Visitor>
  void scan(std::string_view text, Visitor& visitor) {
    multibyte_ = 0;
    if (rules_.special_tokens.empty()) {
      scan_pieces(text, 0, text.size(), visitor);
    } else if (shows_special_tokens(text)) {
      scan_between_special_tokens(text, visitor);
    } else {
      decode(text, 0);
      scan_characters(special_tokens_, visitor);
    }
  }

 private:
  enum Kind : uint8_t { kPart, kSpace, kAlone, kOther };

  // Special tokens are looked for byte by byte.
  template <typename Visitor>
  void scan_between_special_tokens(std::string_view text, Visitor& visitor) {
    size_t start = 0;
    for (size_t position = 0; position < text.size();) {
      const int special = special_at(text, position);
      if (special == WordScanner::kNotSpecial) {
        ++position;
        continue;
      }
      scan_pieces(text, start, position, visitor);
      const std::string& token = rules_.special_tokens[static_cast<size_t>(special)];
      start = position + token.size();
      decode(text.substr(position, token.size()), position);
      visitor.word(AlignedWord{token, characters_, special});
      position = start;
    }
    scan_pieces(text, start, text.size(), visitor);
  }

  // A piece is a run of bytes between ASCII white space and punctuation: nothing in it can interact with what lies
  // around it. Where it is ASCII that the rules keep, it is a word.
  template <typename Visitor>
  void scan_pieces(std::string_view text, size_t begin, size_t end, Visitor& visitor) {
    const auto kind = [&](size_t i) { return kinds_[static_cast<unsigned char>(text[i])]; };
    size_t piece = begin;
    for (size_t i = begin; i < end;) {
      if (kind(i) == kPart) {
        ++i;
      } else if (kind(i) == kOther) {
        while (i < end && (kind(i) == kPart || kind(i) == kOther)) ++i;
        decode(text.substr(piece, i - piece), piece);
        scan_characters({}, visitor);
        piece = i;
      } else {
        if (i > piece) visit_ascii(text, piece, i, visitor);
        if (kind(i) == kAlone) visit_ascii(text, i, i + 1, visitor);
        piece = ++i;
      }
    }
    if (end > piece) visit_ascii(text, piece, end, visitor);
  }

  template <typename Visitor>
  void visit_ascii(std::string_view text, size_t begin, size_t end, Visitor& visitor) {
    visitor.ascii_word(text.substr(begin, end - begin), position_of(begin));
  }

  // The words of characters_: the definition.
  template <typename Visitor>
  void scan_characters(std::span<const std::u32string> special_tokens, Visitor& visitor) {
    if (rules_.rules == Rules::kKeras && rules_.strip_accents) strip_accents(characters_);
    const std::span<const AlignedCharacter> text = characters_;
    size_t start = 0;
    for (size_t position = 0; !special_tokens.empty() && position < text.size();) {
      const int special = special_at(text, position);
      if (special == WordScanner::kNotSpecial) {
        ++position;
        continue;
      }
      scan_part(text.subspan(start, position - start), visitor);
      const auto token = text.subspan(position, special_tokens[static_cast<size_t>(special)].size());
      visitor.word(AlignedWord{rules_.special_tokens[static_cast<size_t>(special)], token, special});
      start = position += token.size();
    }
    scan_part(text.subspan(start), visitor);
  }

  template <typename Visitor>
  void scan_part(std::span<const AlignedCharacter> part, Visitor& visitor) {
    if (rules_.rules == Rules::kBert) {
      normalize_part(part);
      part = part_;
    }
    size_t word = 0;
    for (size_t i = 0; rules_.split && i < part.size(); ++i) {
      const uint8_t properties = tables_.properties(part[i].code_point);
      const bool alone = (properties & alone_) != 0;
      if (!alone && (properties & space_) == 0 && part[i].code_point != ' ') continue;
      visit_word(part.subspan(word, i - word), visitor);
      if (alone) visit_word(part.subspan(i, 1), visitor);
      word = i + 1;
    }
    visit_word(part.subspan(word), visitor);
  }

  template <typename Visitor>
  void visit_word(std::span<const AlignedCharacter> characters, Visitor& visitor) {
    if (rules_.rules == Rules::kKeras && rules_.lowercase) {
      casefold(characters);
      characters = folded_;
    }
    if (characters.empty()) return;
    word_.clear();
    for (const AlignedCharacter& character : characters) utf8::append(character.code_point, word_);
    visitor.word(AlignedWord{word_, characters, WordScanner::kNotSpecial});
  }

  Position position_of(size_t byte) const {
    return {static_cast<int64_t>(byte), static_cast<int64_t>(byte - multibyte_)};
  }

  bool shows_special_tokens(std::string_view text) const;
  int special_at(std::string_view text, size_t position) const;
  int special_at(std::span<const AlignedCharacter> text, size_t position) const;
  void decode(std::string_view part, size_t begin);
  void normalize_part(std::span<const AlignedCharacter> part);
  void casefold(std::span<const AlignedCharacter> word);
  void nfd(AlignedText& text);
  void strip_accents(AlignedText& text);

  const TextRules& rules_;
  const unicode::Tables& tables_;
  uint8_t alone_;  // the properties of characters that are words of their own
  uint8_t space_;  // the properties of characters that separate words
  std::array<Kind, 256> kinds_{};
  std::vector<std::u32string> special_tokens_;
  std::array<bool, 256> begins_special_token_{};

  size_t multibyte_ = 0;  // how many more bytes than characters there were in the text so far
  AlignedText characters_, part_, folded_;
  std::string word_;
  struct Decomposed {
    char32_t code_point;
    uint8_t combining_class;
    bool is_first;  // of what a character is decomposed into
  };
  std::vector<Decomposed> decomposed_;
  AlignedText reordered_;
  std::u32string decomposition_;
};

}  // namespace fastnlp

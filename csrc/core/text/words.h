// From raw text to words: the two sets of rules, "keras" and "bert". reference/text/words.py is the definition.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/unicode.h"
#include "core/text/utf8.h"

namespace fastnlp {

enum class Rules : uint8_t { kKeras, kBert };

struct TextRules {
  Rules rules = Rules::kKeras;
  bool lowercase = false;
  bool strip_accents = false;
  bool split = true;
  bool split_on_cjk = true;
  std::vector<std::string> special_tokens;
};

// Cuts texts into normalised words. Holds scratch space: one scanner a thread.
class WordScanner {
 public:
  static constexpr int kNotSpecial = -1;

  explicit WordScanner(const TextRules& rules);

  // Calls visit(std::string_view word, int special) for every word in order, where `special` is the index of the
  // special token that was found in the text, or kNotSpecial. Case folding can leave an empty word. The view lasts
  // until the visit returns.
  template <typename Visit>
  void scan(std::string_view text, Visit visit) {
    const bool keras = rules_.rules == Rules::kKeras;
    cut(text, [&](std::string_view part) { split(keras ? part : clean(part), visit); }, visit);
  }

  // Calls visit(token, index) for every special token in a text, and handle(part) for what lies between them: parts
  // that scan() may be given one by one, on another scanner.
  template <typename Handle, typename Visit>
  void cut(std::string_view text, Handle handle, Visit visit) {
    const bool ascii = utf8::is_ascii(text);
    if (!ascii && utf8::first_invalid(text) != text.size()) {
      repaired_.clear();
      utf8::append_repaired(text, repaired_);
      text = repaired_;
    }
    // Under "keras" rules special tokens are found after accents are gone, under "bert" rules before.
    if (rules_.rules == Rules::kKeras && rules_.strip_accents && !ascii) text = strip_accents(text);
    size_t start = 0;
    const char* const end = text.data() + text.size();
    for (size_t position = 0; !rules_.special_tokens.empty();) {
      position = static_cast<size_t>(find_first_byte(text.data() + position, end) - text.data());
      if (position == text.size()) break;
      const int special = special_at(text, position);
      if (special == kNotSpecial) {
        ++position;
        continue;
      }
      if (position > start) handle(text.substr(start, position - start));
      const std::string& token = rules_.special_tokens[static_cast<size_t>(special)];
      visit(std::string_view(token), special);
      start = position += token.size();
    }
    if (start < text.size()) handle(text.substr(start));
  }

 private:
  enum Kind : uint8_t { kWord, kSpace, kAlone };

  template <typename Visit>
  void split(std::string_view text, Visit& visit) {
    if (rules_.lowercase) text = lower_ascii(text);
    if (!rules_.split) {
      visit_word(text, utf8::is_ascii(text), visit);
      return;
    }
    const char* const end = text.data() + text.size();
    const char* word = text.data();
    bool ascii = true;  // the word, so far
    for (const char* p = word; p < end;) {
      const auto lead = static_cast<unsigned char>(*p);
      Kind kind = ascii_kinds_[lead];
      int size = 1;
      if (lead >= 0x80) {
        const utf8::Decoded decoded = utf8::decode_valid(p);
        kind = kind_of(decoded.code_point);
        size = decoded.size;
        if (kind == kWord) ascii = false;
      }
      if (kind != kWord) {
        if (p > word) visit_word({word, static_cast<size_t>(p - word)}, ascii, visit);
        if (kind == kAlone) visit_word({p, static_cast<size_t>(size)}, size == 1, visit);
        word = p + size;
        ascii = true;
      }
      p += size;
    }
    if (end > word) visit_word({word, static_cast<size_t>(end - word)}, ascii, visit);
  }

  template <typename Visit>
  void visit_word(std::string_view word, bool ascii, Visit& visit) {
    if (rules_.lowercase && !ascii && rules_.rules == Rules::kKeras) word = casefold(word);
    visit(word, kNotSpecial);
  }

  Kind kind_of(char32_t code_point) const {
    const uint8_t properties = tables_.properties(code_point);
    if (properties & alone_) return kAlone;
    return properties & space_ ? kSpace : kWord;
  }

  // The next place where a special token may begin, or `end`.
  const char* find_first_byte(const char* p, const char* end) const;
  int special_at(std::string_view text, size_t position) const;
  std::string_view lower_ascii(std::string_view text);
  std::string_view casefold(std::string_view word);
  std::string_view strip_accents(std::string_view text);
  std::string_view clean(std::string_view text);
  void flush(std::u32string& run, std::string& out, bool lower) const;

  const TextRules& rules_;
  const unicode::Tables& tables_;
  uint8_t alone_;  // the properties of characters that are words of their own
  uint8_t space_;  // the properties of characters that separate words
  std::array<Kind, 256> ascii_kinds_{};
  std::string special_first_bytes_;  // each once
  std::string repaired_, normalized_, lowered_, folded_;
  std::u32string run_;
};

}  // namespace fastnlp

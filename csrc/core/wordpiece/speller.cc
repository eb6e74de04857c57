#include "core/wordpiece/speller.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <ranges>
#include <string>

#include "core/text/utf8.h"
#include "core/wordpiece/model.h"

namespace fastnlp::wordpiece {
namespace {

constexpr size_t kMaxSize = 100;  // of a word: a longer one is unknown

template <typename Size>
Size size_of_word(Rules rules, Size bytes, Size characters) {
  return rules == Rules::kKeras ? bytes : characters;
}

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Whether kPadded bytes, the last of them a NUL, are characters of one or two bytes in UTF-8.
bool has_short_characters(const char* text) {
  constexpr uint64_t kHigh = 0x8080808080808080;
  uint64_t leads_before = 0;
  bool is_valid = true;
  for (size_t i = 0; i < Speller::kPadded; i += sizeof(uint64_t)) {
    uint64_t bytes;
    std::memcpy(&bytes, text + i, sizeof(bytes));
    const uint64_t leads = kHigh & bytes & bytes << 1, continuations = kHigh & bytes & ~(bytes << 1);
    is_valid &= (leads & bytes << 2) == 0 && continuations == (leads << 8 | leads_before >> 56);
    leads_before = leads;
  }
  return is_valid;
}

TextRules without_special_tokens(TextRules rules) {
  rules.special_tokens.clear();
  return rules;
}

}  // namespace

Speller::Speller(const Model& model)
    : model_(model), rules_(without_special_tokens(model.rules)), scanner_(rules_), cutter_(model.rules) {}

void Speller::learn_letters() {
  constexpr char32_t kBlock = 64, kEnd = 0x3000;
  for (char32_t block = 0; block < kEnd; block += kBlock) {
    const auto letters = std::views::iota(block, block + kBlock);
    if (std::ranges::none_of(letters, [&](char32_t letter) { return model_.alphabet[letter] != kUnknown; })) continue;
    for (const char32_t letter : letters) make_places(letter);
  }
}

void Speller::spell(std::string_view text, const char* readable, Buffer<int32_t>& ids) {
  const char* const end = text.data() + text.size();
  const char* rest = text.data();
  if (rules_.split) {
    if (may_go_by_letter(rest, readable)) {
      rest = spell_by_letter<true>(rest, end, readable, ids);
    }
    if (rest == end || spell_letters(rest, end, /*first_word_only=*/false, ids) != nullptr) return;
  }
  spell_as_defined({rest, static_cast<size_t>(end - rest)}, ids);
}

#if defined(__GNUC__) && !defined(__clang__)
[[gnu::optimize("no-tree-vectorize")]]  // symbols put into vectors one by one would be there later
#endif
void Speller::spell_padded(std::string_view piece, Buffer<int32_t>& ids) {
  // All bytes, for where a piece ends cannot be predicted. NUL, and what is not plain, is kUnknown.
  std::array<Symbol, kPadded + Trie::kPadding> word;
  const char* const text = piece.data();
  if (rules_.split && utf8::is_ascii({text, kPadded})) {
    std::transform(text, text + kPadded, word.begin(), [&](char c) { return plain_[static_cast<unsigned char>(c)]; });
    std::fill_n(word.begin() + kPadded, Trie::kPadding, kUnknown);
    if (spell_symbols({word.data(), piece.size()}, ids)) return;
  } else if (rules_.split && !may_go_by_letter(text, text + kPadded) && has_short_characters(text)) {
    size_t size = 0;
    for (size_t i = 0; i + 1 < kPadded; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]), next = static_cast<unsigned char>(text[i + 1]);
      word[size] = plain_[byte < 0x80 ? byte : kPlainAscii + ((byte & 0x1Fu) << 6 | (next & 0x3Fu))];
      size += (byte & 0xC0) != 0x80;  // what comes next takes the place of what a continuation byte left there
    }
    std::fill_n(word.begin() + size, Trie::kPadding, kUnknown);
    if (spell_symbols({word.data(), size - (kPadded - 1 - piece.size())}, ids)) return;
  }
  spell(piece, text + kPadded, ids);
}

const char* Speller::spell_first_word(const char* word, const char* end, Buffer<int32_t>& ids) {
  if (const char* const border = spell_letters(word, end, /*first_word_only=*/true, ids)) return border;
  spell_as_defined({word, static_cast<size_t>(end - word)}, ids);
  return end;
}

void Speller::spell_as_defined(std::string_view text, Buffer<int32_t>& ids) {
  scanner_.scan(text, [&](std::string_view word, int) { spell_word(word, ids); });
}

// Whether a word that begins so is worth a try: what begins with ASCII is not.
bool Speller::may_go_by_letter(const char* word, const char* readable) const {
  if (static_cast<size_t>(readable - word) < places_.kReadable || utf8::is_ascii({word, 1})) return false;
  return places_.find(word).value[0].size != LetterTokens::kUnfit;
}

template <bool kLooksBack>
const char* Speller::spell_by_letter(const char* text, const char* end, const char* readable, Buffer<int32_t>& ids) {
  constexpr size_t kMaxIdsPerByte = 2;
  ids.reserve_more(static_cast<size_t>(end - text) * kMaxIdsPerByte + sizeof(LetterTokens) / sizeof(int32_t));
  int32_t* out = ids.data() + ids.size();
  const char* word = text;  // where it begins,
  int32_t* word_ids = out;  // and its ids
  size_t size = 0;          // of it, so far
  uint64_t followers = 0;   // of the last letter
  const char* p = text;
  const char* const stop = std::min(end, readable - (places_.kReadable - 1));
  Utf8Map<LetterPlaces>::View map(places_);
  while (p < stop) {
    const auto [places, bytes] = map.find(p);
    const LetterTokens& letter = places[0];
    size_t longer = size + (kLooksBack ? letter.size & ~LetterTokens::kSpanned : letter.size);
    if (longer > kMaxSize) [[unlikely]] {
      if (letter.size == LetterTokens::kUnset) {
        if (!make_places(p, readable)) break;
        map = Utf8Map<LetterPlaces>::View(places_);
        continue;
      }
      if (letter.size != LetterTokens::kUnknown) break;
      const char* const word_end = find_word_end(p, end, readable);
      if (word_end == nullptr) break;
      *word_ids++ = model_.oov_id;
      out = word_ids;
      word = p = word_end;
      size = 0;
      followers = 0;
      map = Utf8Map<LetterPlaces>::View(places_);  // it may have added to it
      continue;
    }
    const LetterTokens& tokens = places[size > 0 ? 1 : 0];
    const size_t count = tokens.count;
    if constexpr (kLooksBack) {
      if (letter.count == 1) [[likely]] {
        if ((followers >> places[1].code() & 1 & letter.in_word) != 0) break;
        followers = letter.followers();
      } else {  // it has no code, and perhaps no symbols
        if (followers != 0) break;
      }
    }
    // Without a branch: where words end cannot be predicted.
    size = longer & letter.in_word;
    std::memcpy(out, &tokens, sizeof(tokens));
    out += count;
    p += bytes;
    word = size == 0 ? p : word;
    word_ids = size == 0 ? out : word_ids;
  }
  if (p >= end) {
    word = end;
    word_ids = out;
  }
  ids.resize(static_cast<size_t>(word_ids - ids.data()));
  return word;
}

const char* Speller::spell_by_letter(const char* text, const char* end, const char* readable, Buffer<int32_t>& ids) {
  return spell_by_letter<false>(text, end, readable, ids);
}

// Where a word ends that is unknown, whatever of it follows. Null where the definition has to be asked.
const char* Speller::find_word_end(const char* text, const char* end, const char* readable) {
  for (const char* p = text; p < end;) {
    if (static_cast<size_t>(readable - p) < places_.kReadable) return nullptr;
    const auto [places, bytes] = places_.find(p);
    const LetterTokens& letter = places[0];
    if (letter.size == LetterTokens::kUnfit) return nullptr;
    if (letter.size == LetterTokens::kUnset) {
      if (!make_places(p, readable)) return nullptr;
      continue;
    }
    if (letter.in_word == 0) return p;
    p += bytes;
  }
  return end;
}

// Returns false where the map cannot hold what begins at `text`.
bool Speller::make_places(const char* text, const char* readable) {
  const utf8::Decoded decoded = utf8::decode_quickly(text, readable);
  if (!decoded.valid || decoded.code_point >= places_.kEnd) return false;
  make_places(decoded.code_point);
  return true;
}

void Speller::make_places(char32_t code_point) {
  const Letter& letter = this->letter(code_point);
  LetterTokens tokens;
  tokens.size = 0;
  if (letter.kind == kPart) {
    tokens.in_word = 0xFF;
    tokens.size = size_of_word(rules_.rules, uint16_t{letter.bytes}, uint16_t{letter.count});
  } else if (letter.kind == kAlone) {
    tokens.ids[tokens.count++] = letter.id();
  }
  LetterPlaces places = {tokens, tokens};
  if (letter.kind == kInContext) {
    places[0].size = LetterTokens::kUnfit;
  } else if (letter.kind == kPart && !letter.known) {
    places[0].size = LetterTokens::kUnknown;
  } else if (letter.kind == kPart) {
    constexpr int kFew = 4;  // or else most of what comes behind would have to be looked up in the tries anyway
    const uint64_t followers = letter.count == 1 ? model_.followers[letter.symbols[0]] : 0;
    const bool is_spanned = followers != 0 && std::popcount(followers) <= kFew;
    if (!find_tokens(letter, &model_.initial, is_spanned, places[0]) ||
        !find_tokens(letter, &model_.suffix, is_spanned, places[1])) {
      places[0].size = LetterTokens::kUnfit;
    } else if (places[0].count == 1 && places[1].count == Letter::kMaxSymbols) {
      places[0].size = LetterTokens::kUnfit;  // there is no place for its code
    } else if (places[0].count == 1) {
      places[1].set_code(SymbolFollowers::code(letter.symbols[0]));
      if (is_spanned) {
        places[0].size += LetterTokens::kSpanned;
        places[0].set_followers(followers);
      }
    }
  }
  places_.at(code_point) = places;
}

// Returns false where there are none; also where a token may begin in a letter and end behind it, unless it is known to
// be spanned so.
bool Speller::find_tokens(const Letter& letter, const Trie* trie, bool is_spanned, LetterTokens& tokens) const {
  std::array<Symbol, Letter::kMaxSymbols + Trie::kPadding> word;
  word.fill(kUnknown);
  std::copy_n(letter.symbols.begin(), letter.count, word.begin());
  for (size_t i = 0; i < letter.count; trie = &model_.suffix) {
    if (!is_spanned && trie->goes_on({word.data() + i, letter.count - i})) return false;
    const Trie::Match match = trie->longest_match(word.data() + i);
    if (match.size == 0) return false;
    tokens.ids[tokens.count++] = static_cast<int32_t>(match.value);
    i += match.size;
  }
  return true;
}

void Speller::spell_word(std::string_view word, Buffer<int32_t>& ids) {
  if (word.size() > kMaxSize && size_of_word(rules_.rules, word.size(), count_characters(word)) > kMaxSize) {
    ids.push_back(model_.oov_id);
    return;
  }
  symbols_.clear();
  model_.alphabet.append(word, symbols_);
  const size_t size = symbols_.size();
  symbols_.resize(size + Trie::kPadding, kUnknown);
  if (!spell_symbols({symbols_.data(), size}, ids)) ids.push_back(model_.oov_id);
}

bool Speller::spell_symbols(std::span<const Symbol> word, Buffer<int32_t>& ids) const {
  const size_t before = ids.size();
  ids.reserve_more(word.size() + 1);
  int32_t* out = ids.data() + before;
  const Trie* trie = &model_.initial;
  const Symbol* const end = word.data() + word.size();
  for (const Symbol* rest = word.data(); rest < end;) {
    const Trie::Match match = trie->longest_match(rest);
    if (match.size == 0) return false;
    *out++ = static_cast<int32_t>(match.value);
    rest += match.size;
    trie = &model_.suffix;
  }
  ids.resize(static_cast<size_t>(out - ids.data()));
  return true;
}

// Returns where it stopped; null, and appends nothing, where the definition has to be asked.
const char* Speller::spell_letters(const char* text, const char* end, bool first_word_only, Buffer<int32_t>& ids) {
  const size_t ids_before = ids.size();
  std::array<Symbol, kMaxSize + Letter::kMaxSymbols> word;
  size_t characters = 0, bytes = 0;
  bool known = true;
  const auto end_word = [&] {
    if (characters == 0) return;
    const bool fits = known && size_of_word(rules_.rules, bytes, characters) <= kMaxSize;
    if (fits) std::fill_n(word.begin() + characters, Trie::kPadding, kUnknown);
    if (!fits || !spell_symbols({word.data(), characters}, ids)) ids.push_back(model_.oov_id);
    characters = bytes = 0;
    known = true;
  };
  const char* p = text;
  while (p < end) {
    const auto byte = static_cast<unsigned char>(*p);
    if (plain_[byte] != kUnknown && characters < kMaxSize) {
      word[characters++] = plain_[byte];
      ++bytes;
      ++p;
      continue;
    }
    const utf8::Decoded decoded = utf8::decode_quickly(p, end);
    p += decoded.size;
    const Letter& letter = this->letter(decoded.code_point);
    if (letter.kind == kPart) {
      // What is too long stays so: how long it is does not matter any more.
      const size_t place = std::min(characters, kMaxSize);
      for (size_t i = 0; i < Letter::kMaxSymbols; ++i)
        word[place + i] = letter.symbols[i];  // count cannot be predicted
      characters += letter.count;
      bytes += letter.bytes;
      known &= letter.known;
    } else if (letter.kind == kInContext) {
      ids.resize(ids_before);
      return nullptr;
    } else {
      end_word();
      if (letter.kind == kAlone) ids.push_back(letter.id());
      if (first_word_only) return p;
    }
  }
  end_word();
  return end;
}

const Speller::Letter& Speller::make_letter(char32_t code_point) {
  const Letter& letter = letters_.at(code_point) = ask(code_point);
  if (letter.kind == kPart && letter.known && letter.count == 1) {
    if (code_point < kPlainAscii && letter.bytes == 1) plain_[code_point] = letter.symbols[0];
    if (code_point >= 0x80 && code_point < kPlainEnd) plain_[kPlainAscii + code_point] = letter.symbols[0];
  }
  return letter;
}

Speller::Letter Speller::ask(char32_t code_point) {
  std::string text = "a";
  utf8::append(code_point, text);
  text += 'a';
  std::array<std::string, 4> words;  // the first ones
  size_t count = 0;
  scanner_.scan(text, [&](std::string_view word, int) {
    if (count < words.size()) words[count++] = word;
  });
  Letter letter;
  letter.kind = kInContext;
  if (count == 3 && words[0] == "a" && words[2] == "a") {
    ids_.clear();
    spell_word(words[1], ids_);
    if (ids_.size() == 1) {
      letter.kind = kAlone;
      letter.set_id(ids_.data()[0]);
    }
  } else if (count == 2 && words[0] == "a" && words[1] == "a") {
    letter.kind = kSpace;
  } else if (count == 1 && words[0].size() >= 2 && words[0].front() == 'a' && words[0].back() == 'a') {
    const std::string_view image = std::string_view(words[0]).substr(1, words[0].size() - 2);
    symbols_.clear();
    model_.alphabet.append(image, symbols_);
    const auto fits = [](Symbol symbol) { return symbol <= std::numeric_limits<uint16_t>::max(); };
    if (symbols_.size() <= Letter::kMaxSymbols && std::all_of(symbols_.begin(), symbols_.end(), fits) &&
        stands_alone(code_point, image)) {
      letter.kind = kPart;
      letter.count = symbols_.size() & 7;
      letter.bytes = static_cast<uint8_t>(image.size());
      letter.known = std::find(symbols_.begin(), symbols_.end(), kUnknown) == symbols_.end();
      std::transform(symbols_.begin(), symbols_.end(), letter.symbols.begin(),
                     [](Symbol symbol) { return static_cast<uint16_t>(symbol); });
    }
  }
  return letter;
}

// Whether a character becomes `image` whatever stands before and behind it.
bool Speller::stands_alone(char32_t code_point, std::string_view image) const {
  const unicode::Tables& tables = unicode::Tables::get();
  if (rules_.strip_accents) {
    std::u32string decomposed(1, code_point);
    tables.nfd(decomposed);
    const auto moves_and_stays = [&](char32_t c) {
      return tables.moves(c) && (tables.properties(c) & unicode::kMark) == 0;
    };
    if (std::any_of(decomposed.begin(), decomposed.end(), moves_and_stays)) return false;
  }
  const bool composes = rules_.rules == Rules::kKeras && rules_.lowercase;  // NFKC_Casefold ends with NFC
  if (!composes || image.empty()) return true;
  std::u32string first(1, utf8::decode_valid(image.data()).code_point);
  tables.nfd(first);
  return !tables.moves(first.front()) && !tables.joins(first.front());
}

}  // namespace fastnlp::wordpiece

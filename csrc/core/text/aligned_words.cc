#include "core/text/aligned_words.h"

#include <algorithm>

#include "core/text/utf8.h"

namespace fastnlp {
namespace {

using unicode::kCjk;
using unicode::kControl;
using unicode::kFormat;
using unicode::kMark;
using unicode::kPrivateUse;
using unicode::kPunctuation;
using unicode::kWhiteSpace;

// Appends what one character is mapped to: every part has its place.
void append_mapped(const AlignedCharacter& character, const unicode::Mapping& mapping, AlignedText& out) {
  if (!mapping.contains(character.code_point)) {
    out.push_back(character);
    return;
  }
  for (const char32_t part : mapping[character.code_point]) out.push_back({part, character.start, character.end});
}

}  // namespace

AlignedWordScanner::AlignedWordScanner(const TextRules& rules)
    : rules_(rules),
      tables_(unicode::Tables::get()),
      alone_(rules.split_on_cjk ? kPunctuation | kCjk : kPunctuation),
      space_(rules.rules == Rules::kKeras ? kControl | kFormat : kWhiteSpace) {
  const bool bert = rules.rules == Rules::kBert;
  kinds_.fill(kOther);
  for (char32_t c = 0; c < 0x80; ++c) {
    const uint8_t properties = tables_.properties(c);
    const bool control = (properties & kControl) != 0;
    const bool cleaned_to_space = c == '\t' || c == '\n' || c == '\r';
    if (!rules.split) {
      kinds_[c] = bert && control ? kOther : kPart;
    } else if (properties & kPunctuation) {
      kinds_[c] = kAlone;
    } else if (c == ' ' || (bert ? cleaned_to_space : control)) {
      kinds_[c] = kSpace;
    } else {
      kinds_[c] = control ? kOther : kPart;
    }
  }
  for (const std::string& token : rules.special_tokens) {
    std::u32string& code_points = special_tokens_.emplace_back();
    for (const char* p = token.data(); p < token.data() + token.size();) {
      const utf8::Decoded decoded = utf8::decode_valid(p);
      code_points.push_back(decoded.code_point);
      p += decoded.size;
    }
    begins_special_token_[static_cast<unsigned char>(token[0])] = true;
  }
}

// Whether the special tokens of a text stand in its bytes: U+FFFD may stand for ill-formed ones, and under "keras"
// rules special tokens are found after accents are gone.
bool AlignedWordScanner::shows_special_tokens(std::string_view text) const {
  if (utf8::is_ascii(text)) return true;
  if (rules_.rules == Rules::kKeras && rules_.strip_accents) return false;
  return utf8::first_invalid(text) == text.size();
}

int AlignedWordScanner::special_at(std::string_view text, size_t position) const {
  if (!begins_special_token_[static_cast<unsigned char>(text[position])]) return WordScanner::kNotSpecial;
  int longest = WordScanner::kNotSpecial;
  size_t size = 0;
  for (size_t i = 0; i < rules_.special_tokens.size(); ++i) {
    const std::string& token = rules_.special_tokens[i];
    if (token.size() > size && text.compare(position, token.size(), token) == 0) {
      longest = static_cast<int>(i);
      size = token.size();
    }
  }
  return longest;
}

int AlignedWordScanner::special_at(std::span<const AlignedCharacter> text, size_t position) const {
  const auto rest = text.subspan(position);
  const auto same = [](char32_t a, const AlignedCharacter& b) { return a == b.code_point; };
  int longest = WordScanner::kNotSpecial;
  size_t size = 0;
  for (size_t i = 0; i < special_tokens_.size(); ++i) {
    const std::u32string& token = special_tokens_[i];
    if (token.size() > size && token.size() <= rest.size() &&
        std::equal(token.begin(), token.end(), rest.begin(), same)) {
      longest = static_cast<int>(i);
      size = token.size();
    }
  }
  return longest;
}

// Sets characters_ to those of a part that begins at byte `begin` of the text.
void AlignedWordScanner::decode(std::string_view part, size_t begin) {
  characters_.clear();
  Position position = position_of(begin);
  const char* const end = part.data() + part.size();
  for (const char* p = part.data(); p < end;) {
    const utf8::Decoded decoded = utf8::decode(p, end);
    const Position next = {position.byte + decoded.size, position.character + 1};
    characters_.push_back({decoded.code_point, position, next});
    position = next;
    p += decoded.size;
  }
  multibyte_ += part.size() - characters_.size();
}

// Hugging Face's BertNormalizer, into part_.
void AlignedWordScanner::normalize_part(std::span<const AlignedCharacter> part) {
  part_.clear();
  for (AlignedCharacter character : part) {
    const char32_t c = character.code_point;
    const uint8_t properties = tables_.properties(c);
    if (c == '\t' || c == '\n' || c == '\r') {
      character.code_point = ' ';
    } else if (c == utf8::kReplacement || properties & (kControl | kFormat | kPrivateUse)) {
      continue;
    } else if (properties & kWhiteSpace) {
      character.code_point = ' ';
    }
    part_.push_back(character);
  }
  if (rules_.strip_accents) strip_accents(part_);
  if (!rules_.lowercase) return;
  folded_.clear();
  for (const AlignedCharacter& character : part_) append_mapped(character, tables_.lowercase(), folded_);
  part_.swap(folded_);
}

// NFKC_Casefold of a word, into folded_.
void AlignedWordScanner::casefold(std::span<const AlignedCharacter> word) {
  folded_.clear();
  for (const AlignedCharacter& character : word) append_mapped(character, tables_.casefold(), folded_);
  nfd(folded_);
  constexpr size_t kNoStarter = static_cast<size_t>(-1);
  size_t starter = kNoStarter;
  int last_class = -1;  // of the last code point kept after the starter
  size_t kept = 0;
  for (const AlignedCharacter& character : folded_) {
    const int combining_class = tables_.combining_class(character.code_point);
    if (starter != kNoStarter && last_class < combining_class) {
      if (const char32_t composite = tables_.compose(folded_[starter].code_point, character.code_point)) {
        folded_[starter].code_point = composite;
        folded_[starter].end = character.end;
        continue;
      }
    }
    if (combining_class == 0) {
      starter = kept;
      last_class = -1;
    } else {
      last_class = combining_class;
    }
    folded_[kept++] = character;
  }
  folded_.resize(kept);
}

void AlignedWordScanner::nfd(AlignedText& text) {
  decomposed_.clear();
  for (const AlignedCharacter& character : text) {
    decomposition_.clear();
    tables_.decompose(character.code_point, decomposition_);
    bool is_first = true;
    for (const char32_t c : decomposition_) {
      decomposed_.push_back({c, tables_.combining_class(c), is_first});
      is_first = false;
    }
  }
  for (auto begin = decomposed_.begin(); begin != decomposed_.end();) {
    const auto end = std::find_if(begin, decomposed_.end(), [](const auto& part) { return part.combining_class == 0; });
    std::stable_sort(begin, end, [](const auto& a, const auto& b) { return a.combining_class < b.combining_class; });
    begin = end == decomposed_.end() ? end : end + 1;
  }
  reordered_.clear();
  auto place = text.begin();
  for (const Decomposed& part : decomposed_) {
    const AlignedCharacter& at = part.is_first ? *place++ : reordered_.back();
    reordered_.push_back({part.code_point, at.start, at.end});
  }
  text.swap(reordered_);
}

void AlignedWordScanner::strip_accents(AlignedText& text) {
  nfd(text);
  std::erase_if(text, [this](const auto& c) { return (tables_.properties(c.code_point) & kMark) != 0; });
}

}  // namespace fastnlp

#include "core/text/unicode.h"

#include <algorithm>
#include <string_view>

namespace fastnlp::unicode {
namespace {

// Each list reads one kind of line of the table, and passes over the others.
#define UNICODE_VERSION(version)
#define CATEGORY(first, last, name)
#define WHITE_SPACE(first, last)
#define COMBINING_CLASS(first, last, value)
#define DECOMPOSITION(...)
#define COMPOSITION(first, second, composite)
#define LOWERCASE(...)
#define CASEFOLD(...)
#define CASEFOLD_REMOVED(first, last)

struct Range {
  char32_t first, last;
  uint8_t value;
};

struct Composition {
  char32_t first, second, composite;
};

#undef UNICODE_VERSION
#define UNICODE_VERSION(version) version
constexpr const char* kVersion =
#include "unicode_table.inc"
    ;
#undef UNICODE_VERSION
#define UNICODE_VERSION(version)

constexpr uint8_t Cc = kControl, Cf = kFormat, Co = kPrivateUse, Mn = kMark, P = kPunctuation;

#undef CATEGORY
#undef WHITE_SPACE
#define CATEGORY(first, last, name) {first, last, name},
#define WHITE_SPACE(first, last) {first, last, kWhiteSpace},
constexpr Range kProperties[] = {
#include "unicode_table.inc"
    {0x3400, 0x4DBF, kCjk},   {0x4E00, 0x9FFF, kCjk},   {0xF900, 0xFAFF, kCjk},   {0x20000, 0x2A6DF, kCjk},
    {0x2A700, 0x2B73F, kCjk}, {0x2B740, 0x2B81F, kCjk}, {0x2B820, 0x2CEAF, kCjk}, {0x2F800, 0x2FA1F, kCjk},
};
#undef CATEGORY
#undef WHITE_SPACE
#define CATEGORY(first, last, name)
#define WHITE_SPACE(first, last)

#undef COMBINING_CLASS
#define COMBINING_CLASS(first, last, value) {first, last, value},
constexpr Range kCombiningClasses[] = {
#include "unicode_table.inc"
};
#undef COMBINING_CLASS
#define COMBINING_CLASS(first, last, value)

#undef COMPOSITION
#define COMPOSITION(first, second, composite) {first, second, composite},
constexpr Composition kCompositions[] = {
#include "unicode_table.inc"
};
#undef COMPOSITION
#define COMPOSITION(first, second, composite)

// Mappings: a count, a code point, and so many code points that it becomes; and again.
#undef DECOMPOSITION
#define DECOMPOSITION(...) __VA_ARGS__,
constexpr char32_t kDecompositions[] = {
#include "unicode_table.inc"
};
#undef DECOMPOSITION
#define DECOMPOSITION(...)

#undef LOWERCASE
#define LOWERCASE(...) __VA_ARGS__,
constexpr char32_t kLowercase[] = {
#include "unicode_table.inc"
};
#undef LOWERCASE
#define LOWERCASE(...)

#undef CASEFOLD
#define CASEFOLD(...) __VA_ARGS__,
constexpr char32_t kCasefold[] = {
#include "unicode_table.inc"
};
#undef CASEFOLD
#define CASEFOLD(...)

#undef CASEFOLD_REMOVED
#define CASEFOLD_REMOVED(first, last) {first, last, 0},
constexpr Range kCasefoldRemoved[] = {
#include "unicode_table.inc"
};

void read(std::span<const char32_t> lines, Mapping& mapping) {
  while (!lines.empty()) {
    mapping.set(lines[1], lines.subspan(2, lines[0]));
    lines = lines.subspan(2 + lines[0]);
  }
}

// Hangul syllables are decomposed and composed by arithmetic (section 3.12 of the Unicode Standard).
constexpr char32_t kSBase = 0xAC00, kLBase = 0x1100, kVBase = 0x1161, kTBase = 0x11A7;
constexpr char32_t kLCount = 19, kVCount = 21, kTCount = 28, kSCount = kLCount * kVCount * kTCount;

}  // namespace

const char* version() { return kVersion; }

void Mapping::set(char32_t code_point, std::span<const char32_t> target) {
  place_.at(code_point) = static_cast<uint16_t>(pool_.size());
  pool_.push_back(static_cast<char32_t>(target.size()));
  pool_.insert(pool_.end(), target.begin(), target.end());
}

Tables::Tables() {
  for (const Range& range : kProperties) {
    for (char32_t c = range.first; c <= range.last; ++c) properties_.at(c) |= range.value;
  }
  for (const char c : std::string_view("$+<=>^`|~")) properties_.at(static_cast<char32_t>(c)) |= kPunctuation;
  for (const Range& range : kCombiningClasses) {
    for (char32_t c = range.first; c <= range.last; ++c) combining_class_.at(c) = range.value;
  }
  for (const auto& [first, second, composite] : kCompositions) {
    composition_[static_cast<uint64_t>(first) << 32 | second] = composite;
    joins_.at(second) = true;
  }
  for (char32_t c = kVBase; c < kVBase + kVCount; ++c) joins_.at(c) = true;
  for (char32_t c = kTBase + 1; c < kTBase + kTCount; ++c) joins_.at(c) = true;
  read(kDecompositions, decomposition_);
  read(kLowercase, lowercase_);
  read(kCasefold, casefold_);
  for (const Range& range : kCasefoldRemoved) {
    for (char32_t c = range.first; c <= range.last; ++c) casefold_.set(c, {});
  }
}

const Tables& Tables::get() {
  static const Tables tables;
  return tables;
}

void Tables::decompose(char32_t code_point, std::u32string& out) const {
  if (const char32_t index = code_point - kSBase; index < kSCount) {
    out.push_back(kLBase + index / (kVCount * kTCount));
    out.push_back(kVBase + index / kTCount % kVCount);
    if (index % kTCount) out.push_back(kTBase + index % kTCount);
  } else if (const auto target = decomposition_[code_point]; !target.empty()) {
    out.append(target.begin(), target.end());
  } else {
    out.push_back(code_point);
  }
}

char32_t Tables::compose(char32_t first, char32_t second) const {
  if (first - kLBase < kLCount && second - kVBase < kVCount) {
    return kSBase + ((first - kLBase) * kVCount + (second - kVBase)) * kTCount;
  }
  const char32_t index = first - kSBase, trail = second - kTBase;
  if (index < kSCount && index % kTCount == 0 && trail > 0 && trail < kTCount) return first + trail;
  const auto found = composition_.find(static_cast<uint64_t>(first) << 32 | second);
  return found == composition_.end() ? 0 : found->second;
}

void Tables::canonical_order(std::u32string& text) const {
  for (auto begin = text.begin(); begin != text.end();) {
    if (combining_class_[*begin] == 0) {
      ++begin;
      continue;
    }
    const auto end = std::find_if(begin, text.end(), [this](char32_t c) { return combining_class_[c] == 0; });
    std::stable_sort(begin, end, [this](char32_t a, char32_t b) { return combining_class_[a] < combining_class_[b]; });
    begin = end;
  }
}

void Tables::nfd(std::u32string& text) const {
  std::u32string decomposed;
  decomposed.reserve(text.size() * 2);
  for (const char32_t c : text) decompose(c, decomposed);
  canonical_order(decomposed);
  text.swap(decomposed);
}

void Tables::nfc(std::u32string& text) const {
  nfd(text);
  constexpr size_t kNoStarter = static_cast<size_t>(-1);
  size_t starter = kNoStarter;
  int last_class = -1;  // of the last code point kept after the starter
  size_t kept = 0;
  for (const char32_t c : text) {
    const int combining_class = combining_class_[c];
    if (starter != kNoStarter && last_class < combining_class) {
      if (const char32_t composite = compose(text[starter], c)) {
        text[starter] = composite;
        continue;
      }
    }
    if (combining_class == 0) {
      starter = kept;
      last_class = -1;
    } else {
      last_class = combining_class;
    }
    text[kept++] = c;
  }
  text.resize(kept);
}

void Tables::nfkc_casefold(std::u32string& text) const {
  std::u32string folded;
  folded.reserve(text.size() * 2);
  for (const char32_t c : text) {
    if (casefold_.contains(c)) {
      const auto target = casefold_[c];
      folded.append(target.begin(), target.end());
    } else {
      folded.push_back(c);
    }
  }
  nfc(folded);
  text.swap(folded);
}

}  // namespace fastnlp::unicode

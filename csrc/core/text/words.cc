#include "core/text/words.h"

#include <algorithm>
#include <cstring>

namespace fastnlp {
namespace {

using unicode::kCjk;
using unicode::kControl;
using unicode::kFormat;
using unicode::kMark;
using unicode::kPrivateUse;
using unicode::kPunctuation;
using unicode::kWhiteSpace;

void decode_all(std::string_view text, std::u32string& out) {
  for (const char* p = text.data(); p < text.data() + text.size();) {
    const utf8::Decoded decoded = utf8::decode_valid(p);
    out.push_back(decoded.code_point);
    p += decoded.size;
  }
}

}  // namespace

WordScanner::WordScanner(const TextRules& rules)
    : rules_(rules),
      tables_(unicode::Tables::get()),
      alone_(rules.split_on_cjk ? kPunctuation | kCjk : kPunctuation),
      space_(rules.rules == Rules::kKeras ? kControl | kFormat : kWhiteSpace) {
  for (char32_t c = 0; c < 0x80; ++c) ascii_kinds_[c] = kind_of(c);
  ascii_kinds_[' '] = kSpace;
  for (const std::string& token : rules.special_tokens) {
    if (special_first_bytes_.find(token.front()) == std::string::npos) special_first_bytes_.push_back(token.front());
  }
}

const char* WordScanner::find_first_byte(const char* p, const char* end) const {
  if (special_first_bytes_.size() == 1 && p < end) {
    const void* const found = std::memchr(p, special_first_bytes_.front(), static_cast<size_t>(end - p));
    return found == nullptr ? end : static_cast<const char*>(found);
  }
  return std::find_first_of(p, end, special_first_bytes_.begin(), special_first_bytes_.end());
}

int WordScanner::special_at(std::string_view text, size_t position) const {
  int longest = kNotSpecial;
  for (size_t i = 0; i < rules_.special_tokens.size(); ++i) {
    const std::string& token = rules_.special_tokens[i];
    const bool longer = longest < 0 || token.size() > rules_.special_tokens[static_cast<size_t>(longest)].size();
    if (longer && text.compare(position, token.size(), token) == 0) longest = static_cast<int>(i);
  }
  return longest;
}

// Lower-casing ASCII first changes no result: it is the same in every rule, whatever stands next to it.
std::string_view WordScanner::lower_ascii(std::string_view text) {
  lowered_.resize(text.size());
  std::transform(text.begin(), text.end(), lowered_.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return lowered_;
}

std::string_view WordScanner::casefold(std::string_view word) {
  folded_.clear();
  run_.clear();
  decode_all(word, run_);
  tables_.nfkc_casefold(run_);
  for (const char32_t c : run_) utf8::append(c, folded_);
  return folded_;
}

// Normalises a run of code points without ASCII among them: nothing in it can interact with what lies around it.
void WordScanner::flush(std::u32string& run, std::string& out, bool lower) const {
  if (run.empty()) return;
  if (rules_.strip_accents) {
    tables_.nfd(run);
    std::erase_if(run, [this](char32_t c) { return (tables_.properties(c) & kMark) != 0; });
  }
  for (const char32_t c : run) {
    if (lower && tables_.lowercase().contains(c)) {
      for (const char32_t part : tables_.lowercase()[c]) utf8::append(part, out);
    } else {
      utf8::append(c, out);
    }
  }
  run.clear();
}

std::string_view WordScanner::strip_accents(std::string_view text) {
  normalized_.clear();
  run_.clear();
  for (const char* p = text.data(); p < text.data() + text.size();) {
    const utf8::Decoded decoded = utf8::decode_valid(p);
    if (decoded.size == 1) {
      flush(run_, normalized_, /*lower=*/false);
      normalized_.push_back(*p);
    } else {
      run_.push_back(decoded.code_point);
    }
    p += decoded.size;
  }
  flush(run_, normalized_, /*lower=*/false);
  return normalized_;
}

// Hugging Face's BertNormalizer; ASCII is left for lower_ascii(), and CJK ideographs for split().
std::string_view WordScanner::clean(std::string_view text) {
  bool plain = true;
  const bool any_space = rules_.split;  // else white space stays, as a space
  for (const char c : text) {
    plain &= static_cast<unsigned char>(c - 0x20) < 0x5F || (any_space && (c == '\n' || c == '\t' || c == '\r'));
  }
  if (plain) return text;
  normalized_.clear();
  run_.clear();
  for (const char* p = text.data(); p < text.data() + text.size();) {
    const utf8::Decoded decoded = utf8::decode_valid(p);
    p += decoded.size;
    const char32_t c = decoded.code_point;
    const uint8_t properties = tables_.properties(c);
    if (c == '\t' || c == '\n' || c == '\r') {
      flush(run_, normalized_, rules_.lowercase);
      normalized_.push_back(' ');
    } else if (c == utf8::kReplacement || properties & (kControl | kFormat | kPrivateUse)) {
      continue;
    } else if (properties & kWhiteSpace || c < 0x80) {
      flush(run_, normalized_, rules_.lowercase);
      normalized_.push_back(properties & kWhiteSpace ? ' ' : static_cast<char>(c));
    } else {
      run_.push_back(c);
    }
  }
  flush(run_, normalized_, rules_.lowercase);
  return normalized_;
}

}  // namespace fastnlp

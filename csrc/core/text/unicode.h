// Unicode properties and normal forms, from the table that the reference reads too
// (fastnlp/reference/text/unicode_table.inc, written by tools/make_unicode_table.py).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace fastnlp::unicode {

enum Property : uint8_t {
  kWhiteSpace = 1,
  kControl = 2,
  kFormat = 4,
  kPrivateUse = 8,
  kPunctuation = 16,  // category P, and every other printable ASCII character that is no letter, digit or space
  kMark = 32,         // nonspacing: category Mn
  kCjk = 64,          // the ideographs that BERT sets apart
};

// A map of code points in pages of 256; all code points that were never set share one page.
template <typename T>
class CodePointMap {
 public:
  const T& operator[](char32_t code_point) const { return pages_[page_of_[code_point >> 8]][code_point & 0xFF]; }

  T& at(char32_t code_point) {
    uint16_t& page = page_of_[code_point >> 8];
    if (page == 0) {
      page = static_cast<uint16_t>(pages_.size());
      pages_.emplace_back();
    }
    return pages_[page][code_point & 0xFF];
  }

 private:
  std::array<uint16_t, 0x1100> page_of_{};
  std::vector<std::array<T, 256>> pages_ = std::vector<std::array<T, 256>>(1);
};

// What single code points are mapped to.
class Mapping {
 public:
  bool contains(char32_t code_point) const { return place_[code_point] != 0; }

  // Empty both where the code point is removed and where it is not in the mapping.
  std::span<const char32_t> operator[](char32_t code_point) const {
    const char32_t* place = pool_.data() + place_[code_point];
    return {place + 1, static_cast<size_t>(*place)};
  }

  void set(char32_t code_point, std::span<const char32_t> target);

 private:
  CodePointMap<uint16_t> place_;      // 0: not in the mapping
  std::vector<char32_t> pool_ = {0};  // a count, then so many code points; and again
};

// Made once, at first use.
class Tables {
 public:
  static const Tables& get();

  uint8_t properties(char32_t code_point) const { return properties_[code_point]; }
  const Mapping& lowercase() const { return lowercase_; }

  // Whether canonical ordering may move a code point.
  bool moves(char32_t code_point) const { return combining_class_[code_point] != 0; }
  // Whether composition may join a code point to what stands before it.
  bool joins(char32_t code_point) const { return joins_[code_point]; }
  const Mapping& casefold() const { return casefold_; }
  uint8_t combining_class(char32_t code_point) const { return combining_class_[code_point]; }

  // Appends the full canonical decomposition of a code point.
  void decompose(char32_t code_point, std::u32string& out) const;

  // The primary composite of two code points; 0 where there is none.
  char32_t compose(char32_t first, char32_t second) const;

  // Brings a sequence into Normalization Form D.
  void nfd(std::u32string& text) const;

  // toNFKC_Casefold of a sequence.
  void nfkc_casefold(std::u32string& text) const;

 private:
  Tables();
  void canonical_order(std::u32string& text) const;
  void nfc(std::u32string& text) const;

  CodePointMap<uint8_t> properties_;
  CodePointMap<uint8_t> combining_class_;
  CodePointMap<bool> joins_;  // the second code points of compositions
  Mapping decomposition_;
  Mapping lowercase_;
  Mapping casefold_;
  std::unordered_map<uint64_t, char32_t> composition_;
};

// The version of the table, "17.0.0" say.
const char* version();

}  // namespace fastnlp::unicode

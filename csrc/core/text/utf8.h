// UTF-8: decoding, encoding and repair. Ill-formed bytes are handled as section 3.9 of the Unicode Standard recommends
// and as Python does: one U+FFFD for each maximal ill-formed subsequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace fastnlp::utf8 {

inline constexpr char32_t kReplacement = 0xFFFD;

struct Decoded {
  char32_t code_point;
  uint8_t size;  // bytes read
  bool valid;    // false: they are ill-formed, and code_point is U+FFFD
};

// Decodes what begins at `p`, which must be below `end`.
Decoded decode(const char* p, const char* end);

// The same, quick for characters of one to three bytes.
inline Decoded decode_quickly(const char* p, const char* end) {
  const auto byte = [p](int i) { return static_cast<char32_t>(static_cast<unsigned char>(p[i])); };
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  if (end - p >= 2) {
    const char32_t second = byte(1) ^ 0x80;
    if (lead >= 0xC2 && lead < 0xE0 && second < 0x40) return {(lead & 0x1F) << 6 | second, 2, true};
    if (end - p >= 3) {
      const char32_t third = byte(2) ^ 0x80;
      const char32_t code_point = (lead & 0x0F) << 12 | second << 6 | third;
      const bool is_surrogate = code_point - 0xD800 < 0x800;
      if ((lead & 0xF0) == 0xE0 && (second | third) < 0x40 && code_point >= 0x800 && !is_surrogate) {
        return {code_point, 3, true};
      }
    }
  }
  return decode(p, end);
}

// Decodes text that is known to be valid.
inline Decoded decode_valid(const char* p) {
  const auto byte = [p](int i) { return static_cast<char32_t>(static_cast<unsigned char>(p[i])); };
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  if (lead < 0xE0) return {(lead & 0x1F) << 6 | (byte(1) & 0x3F), 2, true};
  if (lead < 0xF0) return {(lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F), 3, true};
  return {(lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F), 4, true};
}

inline void append(char32_t code_point, std::string& out) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3F));
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

inline bool is_ascii(std::string_view text) {
  const char* p = text.data();
  size_t left = text.size();
  uint64_t seen = 0;
  for (; left >= 8; p += 8, left -= 8) {
    uint64_t block;
    std::memcpy(&block, p, 8);
    seen |= block;
  }
  for (; left > 0; ++p, --left) seen |= static_cast<unsigned char>(*p);
  return (seen & 0x8080808080808080u) == 0;
}

// The offset of the first ill-formed byte; text.size() where there is none.
size_t first_invalid(std::string_view text);

// Appends `text` to `out`, with U+FFFD for each maximal ill-formed subsequence.
void append_repaired(std::string_view text, std::string& out);

}  // namespace fastnlp::utf8

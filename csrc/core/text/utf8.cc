#include "core/text/utf8.h"

namespace fastnlp::utf8 {

Decoded decode(const char* p, const char* end) {
  const auto lead = static_cast<unsigned char>(*p);
  if (lead < 0x80) return {lead, 1, true};
  // The second byte's range is narrower after some leads: no overlong forms, no surrogates, nothing above U+10FFFF.
  unsigned char low = 0x80, high = 0xBF;
  int continuations;
  char32_t code_point;
  if (lead >= 0xC2 && lead <= 0xDF) {
    continuations = 1;
    code_point = lead & 0x1F;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    continuations = 2;
    code_point = lead & 0x0F;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    continuations = 3;
    code_point = lead & 0x07;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {kReplacement, 1, false};
  }
  for (int i = 1; i <= continuations; ++i) {
    const unsigned char byte = p + i < end ? static_cast<unsigned char>(p[i]) : 0;
    if (byte < low || byte > high) return {kReplacement, static_cast<uint8_t>(i), false};
    code_point = code_point << 6 | (byte & 0x3F);
    low = 0x80;
    high = 0xBF;
  }
  return {code_point, static_cast<uint8_t>(continuations + 1), true};
}

size_t first_invalid(std::string_view text) {
  const char* const end = text.data() + text.size();
  for (const char* p = text.data(); p < end;) {
    const Decoded decoded = decode(p, end);
    if (!decoded.valid) return static_cast<size_t>(p - text.data());
    p += decoded.size;
  }
  return text.size();
}

void append_repaired(std::string_view text, std::string& out) {
  const char* const end = text.data() + text.size();
  for (const char* p = text.data(); p < end;) {
    const Decoded decoded = decode(p, end);
    append(decoded.code_point, out);
    p += decoded.size;
  }
}

}  // namespace fastnlp::utf8

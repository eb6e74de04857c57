#include "core/wordpiece/utf8_map.h"

#include <map>
#include <string>

#include "check.h"
#include "core/text/utf8.h"

namespace fastnlp::tests {

// Three bytes of any kind are found as what they decode to; what is no UTF-8, or was never set, as nothing.
void test_utf8_map() {
  Random random(8);
  wordpiece::Utf8Map<uint32_t> map;
  std::map<char32_t, uint32_t> known;
  for (int i = 0; i < 20000; ++i) {
    const size_t kind = below(random, 3);
    const auto code_point = static_cast<char32_t>(kind == 0   ? below(random, 0x80)
                                                  : kind == 1 ? below(random, 0x800)
                                                              : below(random, map.kEnd));
    if (code_point - 0xD800 < 0x800) continue;  // surrogates
    map.at(code_point) = known[code_point] = 1 + static_cast<uint32_t>(below(random, 1000));
  }
  const auto expected = [&](char32_t code_point) {
    const auto entry = known.find(code_point);
    return entry == known.end() ? 0 : entry->second;
  };
  for (char32_t code_point = 0; code_point < map.kEnd; ++code_point) {
    if (code_point - 0xD800 < 0x800) continue;
    std::string text;
    utf8::append(code_point, text);
    const size_t size = text.size();
    text += "\x80 ";  // whatever follows
    const auto found = map.find(text.data());
    CHECK(found.size == size && found.value == expected(code_point));
  }
  for (uint32_t bytes = 0; bytes < 1u << 24; ++bytes) {
    const char text[] = {static_cast<char>(bytes >> 16), static_cast<char>(bytes >> 8), static_cast<char>(bytes)};
    const utf8::Decoded decoded = utf8::decode_quickly(text, text + 3);
    const auto found = map.find(text);
    CHECK(found.value == (decoded.valid ? expected(decoded.code_point) : 0));
    CHECK(found.value == 0 || found.size == decoded.size);
  }
}

}  // namespace fastnlp::tests

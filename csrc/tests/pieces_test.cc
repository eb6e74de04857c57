#include "core/wordpiece/pieces.h"

#include <memory>
#include <utility>
#include <vector>

#include "check.h"

namespace fastnlp::tests {

using wordpiece::ByteClasses;
using wordpiece::kWindowPadding;
using wordpiece::kWindowSize;
using wordpiece::Pieces;

namespace {

// Byte by byte, as the header says.
std::vector<std::pair<size_t, size_t>> expected_pieces(const std::string& text, const ByteClasses& classes) {
  std::vector<std::pair<size_t, size_t>> pieces;
  bool open = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    const auto kind = byte < 0x80 ? classes.classes[byte] : static_cast<uint8_t>(ByteClasses::kPart);
    if (kind == ByteClasses::kPart && open) {
      pieces.back().second = i + 1;
    } else if (kind != ByteClasses::kSpace) {
      pieces.emplace_back(i, i + 1);
    }
    open = kind == ByteClasses::kPart;
  }
  return pieces;
}

}  // namespace

void test_pieces() {
  Random random(4);
  for (int round = 0; round < 3000; ++round) {
    ByteClasses classes(round % 2 == 0);
    for (uint8_t byte = 0; byte < 0x80; ++byte) {
      const size_t kind = below(random, 4);
      if (kind < 2) classes.set(byte, kind == 0 ? ByteClasses::kSpace : ByteClasses::kAlone);
    }
    classes.set(' ', ByteClasses::kSpace);
    std::string text;
    const size_t size = below(random, 3) ? below(random, 300) : kWindowSize - below(random, 3);
    const size_t alphabet = below(random, 2) ? 256 : 3;
    while (text.size() < size)
      text.push_back(static_cast<char>(below(random, alphabet) + (alphabet == 3 ? 'Z' - 1 : 0)));
    const auto expected = expected_pieces(text, classes);
    std::vector<uint16_t> row_ends;
    const size_t rarely = 1 + below(random, 200);
    for (size_t end = 0; end <= size; ++end) {
      while (row_ends.size() < kWindowSize && below(random, rarely + 1) == 0)
        row_ends.push_back(static_cast<uint16_t>(end));
    }
    for (const Target target : available_targets()) {
      // Exactly as much memory as a window has, so that a sanitizer sees what is touched behind it.
      const std::unique_ptr<char[]> window(new char[kWindowSize + kWindowPadding]);
      text.copy(window.get(), size);
      const auto pieces = std::make_unique<Pieces>();
      wordpiece::find_pieces(target)(window.get(), size, classes, row_ends, *pieces);
      CHECK(pieces->count == expected.size());
      for (size_t i = 0; i < expected.size(); ++i) {
        CHECK(pieces->begins[i] == expected[i].first && pieces->ends[i] == expected[i].second);
      }
      for (size_t i = 0, count = 0; i < row_ends.size(); ++i) {
        while (count < expected.size() && expected[count].first < row_ends[i]) ++count;
        CHECK(pieces->row_ends[i] == count);
      }
      for (size_t i = 0; i < size; ++i) {
        const auto byte = static_cast<uint8_t>(text[i]);
        const bool upper = classes.lowercase && byte >= 'A' && byte <= 'Z';
        CHECK(static_cast<uint8_t>(window[i]) == (upper ? byte | 0x20 : byte == 0 ? 1 : byte));
      }
    }
  }
}

}  // namespace fastnlp::tests

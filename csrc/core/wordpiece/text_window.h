// Texts one behind the other in a window of fixed size: what the engine works on at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "core/wordpiece/pieces.h"

namespace fastnlp::wordpiece {

struct TextWindow {
  alignas(64) std::array<char, kWindowSize + kWindowPadding> bytes{};
  Pieces pieces;
  size_t size = 0;                               // of what is in the window
  size_t rows = 0;                               // that end in it,
  std::array<uint16_t, kWindowSize> row_ends{};  // and where
  size_t row = 0;                                // the text that comes next,
  size_t offset = 0;                             // and how much of it has been in a window
  // Of the window's first byte: the bytes of the texts before it, and one more for the end of each.
  int64_t position = 0;

  // Begins with the first of other texts.
  void start() {
    row = offset = 0;
    next_position_ = 0;
  }

  // Copies texts into the window, a space behind each, until it is full, and finds the pieces. Where the last text is
  // cut, its last piece may go on, and is left for the next window. A piece that fills the window is returned instead,
  // whole; it is the only one then.
  std::string_view fill(std::span<const std::string_view> texts, const ByteClasses& classes, FindPieces find_pieces) {
    position = next_position_;
    const bool cut = copy(texts);
    next_position_ += static_cast<int64_t>(size);
    find_pieces(bytes.data(), size, classes, std::span(row_ends).first(rows), pieces);
    const std::string_view long_piece = cut ? finish_cut(texts[row], classes) : std::string_view();
    prefetch_next(texts);
    return long_piece;
  }

  std::string_view piece(size_t i) const {
    return {bytes.data() + pieces.begins[i], static_cast<size_t>(pieces.ends[i] - pieces.begins[i])};
  }

  // Bytes before it can be read.
  const char* readable() const { return bytes.data() + bytes.size(); }

 private:
  // Returns whether the window ends inside a text.
  bool copy(std::span<const std::string_view> texts) {
    char* const begin = bytes.data();
    char* const end = begin + kWindowSize;
    char* p = begin;
    uint16_t* row_end = row_ends.data();
    bool cut = false;
    // Not in memory, which the bytes that are copied might change, as far as a compiler knows.
    size_t text = row, done = offset;
    for (; text < texts.size(); ++text) {
      const std::string_view rest = texts[text].substr(done);
      const auto room = static_cast<size_t>(end - p);
      cut = rest.size() >= room;
      const size_t part = cut ? room : rest.size();
      std::memcpy(p, rest.data(), part);
      p += part;
      if (cut) {
        done += part;
        break;
      }
      *p++ = ' ';
      *row_end++ = static_cast<uint16_t>(p - begin);
      done = 0;
    }
    row = text;
    offset = done;
    size = static_cast<size_t>(p - begin);
    rows = static_cast<size_t>(row_end - row_ends.data());
    return cut;
  }

  std::string_view finish_cut(std::string_view text, const ByteClasses& classes) {
    if (pieces.count == 0 || pieces.ends[pieces.count - 1] != size) return {};
    const size_t begin = pieces.begins[--pieces.count];
    offset -= size - begin;
    next_position_ -= static_cast<int64_t>(size - begin);
    if (begin > 0) return {};
    const size_t start = offset;
    offset += size;
    while (offset < text.size() &&
           classes.entries[static_cast<uint8_t>(text[offset])].byte_class == ByteClasses::kPart) {
      ++offset;
    }
    next_position_ += static_cast<int64_t>(offset - start);
    return text.substr(start, offset - start);
  }

  // Asks memory for what the next window will hold. The processor foresees how a text goes on, but not into the next
  // page, nor where the next text is.
  void prefetch_next(std::span<const std::string_view> texts) const {
    constexpr size_t kCacheLine = 64;
    size_t left = kWindowSize, begin = offset;
    for (size_t i = row; i < texts.size() && left > 0; ++i) {
      const std::string_view text = texts[i].substr(begin, left);
      __builtin_prefetch(text.data(), 0, 1);
      // The loop is for long texts alone: how often it runs for short ones cannot be predicted.
      for (size_t at = kCacheLine; at + kCacheLine < text.size(); at += kCacheLine) {
        __builtin_prefetch(text.data() + at, 0, 1);
      }
      __builtin_prefetch(text.data() + text.size(), 0, 1);
      left -= std::min(left, text.size() + 1);  // and a space
      begin = 0;
    }
  }

  int64_t next_position_ = 0;
};

}  // namespace fastnlp::wordpiece

// The first half of the engine: where the pieces of a window of text lie.
//
// A piece is a run of bytes between ASCII white space and punctuation, or one ASCII punctuation mark. What a piece
// becomes depends on its own bytes alone: nothing outside ASCII is looked at here, so that a piece can hold several
// words.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/cpu.h"
#include "core/text/words.h"

namespace fastnlp::wordpiece {

// What each ASCII byte is to the pieces. All bytes above are part of one.
struct ByteClasses {
  enum Class : uint8_t { kPart = 0, kSpace = 1, kAlone = 2 };

  struct Entry {
    uint8_t mapped;  // lower case, where asked for; never 0
    Class byte_class;
  };

  explicit ByteClasses(bool lowercase);

  std::array<uint8_t, 128> classes{};
  // The same as sets: bit h of entry l says that byte 16 * h + l is a member.
  std::array<uint8_t, 16> space_set{};
  std::array<uint8_t, 16> alone_set{};
  std::array<Entry, 256> entries{};
  // The same as bits: 0 of a part of a piece, 32 of a byte that stands alone.
  std::array<uint64_t, 256> bits{};
  bool lowercase;

  void set(uint8_t byte, Class value);
};

// ASCII white space and punctuation, as the rules see them. What they remove or look at in context is part of a piece.
ByteClasses byte_classes(const TextRules& rules);

inline constexpr size_t kWindowSize = 4096;
inline constexpr size_t kWindowPadding = 64;  // readable and writable behind a window

// Begin and end (exclusive) of every piece of a window, in order.
struct Pieces {
  size_t count = 0;
  std::array<uint16_t, kWindowSize + 64> begins;
  std::array<uint16_t, kWindowSize + 64> ends;
  std::array<uint16_t, kWindowSize> row_ends;  // how many pieces begin before the end of each row
};

// Finds the pieces of window[0, size), size <= kWindowSize; lower-cases its ASCII letters in place where asked, and
// turns NUL into another control character, so that no byte of a piece is 0. Overwrites the padding. `row_ends` are
// positions in the window, at most kWindowSize of them.
using FindPieces = void (*)(char* window, size_t size, const ByteClasses& classes, std::span<const uint16_t> row_ends,
                            Pieces& pieces);

FindPieces find_pieces(Target target);

}  // namespace fastnlp::wordpiece

// What one thread works with: memory of fixed size, and a cache that learns.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "core/text/words.h"
#include "core/wordpiece/cache.h"
#include "core/wordpiece/pieces.h"

namespace fastnlp::wordpiece {

struct Scratch {
  explicit Scratch(const TextRules& rules) : piece_rules(rules), scanner(piece_rules), cutter(rules) {
    piece_rules.special_tokens.clear();  // texts are cut at them before pieces are lower-cased, and could become one
  }

  PieceCache cache;
  TextRules piece_rules;
  WordScanner scanner;  // of pieces
  WordScanner cutter;   // of texts, at their special tokens
  alignas(64) std::array<char, kWindowSize + kWindowPadding> window{};
  Pieces pieces;
  std::array<uint16_t, kWindowSize> row_ends;
  std::array<PieceKey, kWindowSize> keys;
  std::array<PieceCache::Line*, kWindowSize> lines;
};

// Scratch that calls borrow, so that what one call learns serves the next. Nothing is locked: a fork at any time is
// safe, and what is away then is lost to the child alone.
class ScratchPool {
 public:
  ScratchPool() = default;
  ScratchPool(const ScratchPool&) = delete;
  ScratchPool& operator=(const ScratchPool&) = delete;
  ~ScratchPool();

  // For one thread; new where all are away.
  std::unique_ptr<Scratch> take(const TextRules& rules);

  // Where more threads ran at once than there are places, it is dropped.
  void give_back(std::unique_ptr<Scratch> scratch);

 private:
  std::array<std::atomic<Scratch*>, 64> free_{};
};

}  // namespace fastnlp::wordpiece

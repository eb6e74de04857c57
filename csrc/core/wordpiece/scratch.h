// What one thread works with: memory of fixed size, and a cache that learns.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "core/wordpiece/cache.h"
#include "core/wordpiece/lookup.h"
#include "core/wordpiece/speller.h"
#include "core/wordpiece/text_window.h"

namespace fastnlp::wordpiece {

struct Model;

struct Scratch {
  explicit Scratch(const Model& model) : speller(model) {}

  Speller speller;
  PieceCache cache;
  LongPieceCache long_cache;
  TextWindow window;
  PieceKeys keys{};  // zeros, so that its memory is there
  FoundIds found{};
  Buffer<int32_t> spelt;   // the ids of one piece
  bool by_letter = false;  // most of the last window was spelt so

  // Empties the caches; all memory is there as before.
  void forget() {
    cache = PieceCache();
    long_cache = LongPieceCache();
    by_letter = false;
  }
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
  std::unique_ptr<Scratch> take(const Model& model);

  // Where more threads ran at once than there are places, it is dropped.
  void give_back(std::unique_ptr<Scratch> scratch);

  // Empties the caches of all that no call has.
  void forget();

 private:
  std::array<std::atomic<Scratch*>, 64> free_{};
};

// What one thread borrows for a whole call: the same Scratch each time, for it lies in this core's cache.
class ScratchLease {
 public:
  ScratchLease(ScratchPool& pool, const Model& model) : pool_(pool), model_(model) {}
  ScratchLease(ScratchLease&& other) noexcept = default;
  ~ScratchLease() {
    if (kept_) pool_.give_back(std::move(kept_));
  }

  // Whoever throws before keep() loses it, half written as it may be.
  std::unique_ptr<Scratch> take() { return kept_ ? std::move(kept_) : pool_.take(model_); }
  void keep(std::unique_ptr<Scratch> scratch) { kept_ = std::move(scratch); }

 private:
  ScratchPool& pool_;
  const Model& model_;
  std::unique_ptr<Scratch> kept_;
};

}  // namespace fastnlp::wordpiece

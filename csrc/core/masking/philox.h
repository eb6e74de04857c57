// Random numbers that are a function of where they are used. reference/masking/philox.py is the definition.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/cpu.h"

namespace fastnlp::masking {

using Counter = std::array<uint32_t, 4>;
using Key = std::array<uint32_t, 2>;

// Philox4x32-10 (Salmon et al., 2011): four random words.
Counter philox4x32(Counter counter, Key key);

// Writes the words of `blocks` counters, of which the first is given and each next one is greater by one in its first
// word. Writes up to the next multiple of kBlocks.
using FillBlocks = void (*)(Counter counter, Key key, size_t blocks, uint32_t* words);
constexpr size_t kBlocks = 16;
FillBlocks fill_blocks(Target target);

// What a number is drawn for; each has numbers of its own.
enum class Purpose : uint32_t { kSelection, kReduction, kSpanLength, kReplacement, kRandomToken };

// One example in one epoch: what its random numbers depend on.
struct Example {
  uint64_t seed;
  uint64_t epoch;
  uint64_t number;
};

// The random numbers of an example for one purpose, one after another.
class Draws {
 public:
  // `expected` is a guess of how many will be drawn.
  Draws(const Example& example, Purpose purpose, size_t expected, FillBlocks fill);

  uint32_t next() {
    if (next_ == end_) refill(kBlocks);
    return words_[next_++];
  }

  // A number of [0, limit).
  uint32_t below(uint64_t limit) { return static_cast<uint32_t>(next() * limit >> 32); }

 private:
  void refill(size_t blocks);

  FillBlocks fill_;
  Counter counter_;
  Key key_;
  size_t next_ = 0;
  size_t end_ = 0;
  alignas(64) std::array<uint32_t, kBlocks * 4> words_;
};

}  // namespace fastnlp::masking

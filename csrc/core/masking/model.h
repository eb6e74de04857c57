// How tokens are selected and replaced. reference/masking/model.py is the definition.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/status.h"

namespace fastnlp::masking {

enum class Selection : uint8_t { kFixed, kBernoulli, kWholeWord, kSpan };

enum TokenFlag : uint8_t { kUnselectable = 1, kContinuation = 2 };

struct Model {
  Selection selection;
  uint32_t vocabulary_size;
  uint32_t mask_token_id;
  uint32_t selection_length;  // 0 where there is no limit
  float selection_rate;
  // What numbers of 32 bits lie below at each rate; the random tokens' comes on top of the mask token's.
  uint64_t selection_threshold;
  uint64_t mask_threshold;
  uint64_t random_threshold;
  // The unselectable tokens are listed where they are few; where none is listed, they have a flag.
  uint32_t listed_count;
  std::array<uint32_t, 8> listed;
  std::span<const uint8_t> token_flags;  // by token id; empty where no token has one
};

// Reads a model, which goes on to view these bytes. They may come from anywhere: damaged ones are an error.
Status load(std::string_view dumped, Model& out);

}  // namespace fastnlp::masking

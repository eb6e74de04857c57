// Texts into rows of token ids of one length, with tokens masked.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/masking/mask_tokens.h"
#include "core/masking/model.h"
#include "core/packing/pack_segments.h"
#include "core/status.h"
#include "core/wordpiece/encode.h"
#include "core/wordpiece/model.h"

namespace fastnlp::wordpiece {

// What the masks of rows depend on; see masking::Rows.
struct MaskNumbers {
  uint64_t seed;
  std::span<const int64_t> examples;
  std::span<const int64_t> epochs;
};

// What `encode_and_pack` and masking::mask_tokens make one after the other, while a row is in the processor's cache.
// The masking model needs a selection_length.
Status encode_and_mask(const Model& model, std::span<const std::span<const std::string_view>> segments,
                       const EncodeOptions& options, const packing::Packing& packing,
                       const masking::Model& masking_model, const MaskNumbers& numbers, const packing::PackedRows& out,
                       const masking::DenseSelections& selections);

}  // namespace fastnlp::wordpiece

// Texts into rows of token ids of one length, with special tokens and padding.
#pragma once

#include <span>
#include <string_view>

#include "core/packing/pack_segments.h"
#include "core/status.h"
#include "core/wordpiece/encode.h"
#include "core/wordpiece/model.h"

namespace fastnlp::wordpiece {

// What `encode` and packing::pack_segments make one after the other, without the ids of all texts in between, and
// without reading what is cut off. The texts of every segment are as many, one a row; at least one segment is there.
Status encode_and_pack(const Model& model, std::span<const std::span<const std::string_view>> segments,
                       const EncodeOptions& options, const packing::Packing& packing, const packing::PackedRows& out);

}  // namespace fastnlp::wordpiece

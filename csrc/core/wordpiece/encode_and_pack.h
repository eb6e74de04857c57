// Texts into rows of token ids of one length, with special tokens and padding.
#pragma once

#include <cstddef>
#include <functional>
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

// The same, for what goes on to work on rows that are packed: each thread makes itself a function, and calls it with
// the number of every row that it has packed.
using TakeRow = std::function<Status(size_t row)>;
Status encode_and_pack(const Model& model, std::span<const std::span<const std::string_view>> segments,
                       const EncodeOptions& options, const packing::Packing& packing, const packing::PackedRows& out,
                       const std::function<TakeRow()>& make_take_row);

}  // namespace fastnlp::wordpiece

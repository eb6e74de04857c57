// Rows packed from documents that lie anywhere in one array, and masked, in one pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/masking/mask_tokens.h"
#include "core/masking/model.h"
#include "core/packing/pack_segments.h"
#include "core/status.h"

namespace fastnlp::masking {

// Document i is ids[starts[i]] up to ids[starts[i] + lengths[i]].
template <typename Id>
struct Documents {
  std::span<const Id> ids;
  std::span<const int64_t> starts;
  std::span<const int64_t> lengths;
};

// How rows are masked, and what their random numbers depend on.
struct Masking {
  Model model;  // with a selection_length
  uint64_t seed;
  uint64_t epoch;
  std::span<const int64_t> examples;  // one a row
};

// Packs every document into a row of its own, and masks it where there is a `masking`; `selections` is used only then.
// The special tokens fit into a row. A token id that is not in the masking's vocabulary is an error, and so is a
// document that is not inside `ids`, and memory that runs out; then the results are worth nothing.
template <typename Id>
Status pack_documents(const Documents<Id>& documents, const packing::Packing& packing, const Masking* masking,
                      int num_threads, const packing::PackedRows& out, const DenseSelections& selections);

}  // namespace fastnlp::masking

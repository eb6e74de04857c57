// The TensorFlow ops of packing.pack_segments, and what other ops that pack share with them.
#pragma once

#include <cstddef>
#include <span>

#include "core/packing/pack_segments.h"
#include "tf_ops/kernel.h"
#include "tf_ops/op.h"

namespace fastnlp::tf_ops {

// The attributes of an op that packs one segment; those that several segments need, too.
packing::Packing read_packing(TF_OpKernelConstruction* construction);
packing::Packing read_packing_of_segments(TF_OpKernelConstruction* construction, size_t segments);

// Throws Error where segments do not have these numbers of rows in common.
void check_same_rows(std::span<const size_t> rows);

// The outputs of an op that packs segments: flat, as the C API cannot tell shape inference how long a row is.
class PackedOutputs {
 public:
  PackedOutputs(TF_OpKernelContext* context, size_t size);
  packing::PackedRows rows() const;

 private:
  Tensor token_ids_, segment_ids_, padding_mask_;
};

// Throws Error where TensorFlow refuses them.
void register_packing();

}  // namespace fastnlp::tf_ops

#include "tf_ops/packing.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/packing/pack_segments.h"
#include "tf_ops/attributes.h"
#include "tf_ops/kernel.h"
#include "tf_ops/op.h"
#include "tf_ops/row_splits.h"

namespace fastnlp::tf_ops {
namespace {

void check_same_rows(std::span<const packing::Segment> segments) {
  const auto rows = [](const packing::Segment& segment) { return segment.row_splits.size() - 1; };
  if (std::ranges::all_of(segments, [&](const auto& segment) { return rows(segment) == rows(segments.front()); }))
    return;
  std::string received;
  for (const packing::Segment& segment : segments) {
    received += (received.empty() ? "" : ", ") + std::to_string(rows(segment));
  }
  throw Error(TF_INVALID_ARGUMENT, "`segments` must have the same number of rows; received [" + received + "].");
}

// Reads the attributes that both ops have, and checks that the special tokens fit.
packing::Packing read_packing(TF_OpKernelConstruction* construction) {
  packing::Packing packing;
  packing.sequence_length = static_cast<size_t>(int32_attribute(construction, "sequence_length"));
  packing.start_value = int32s_attribute(construction, "start_value");
  packing.end_value = int32s_attribute(construction, "end_value");
  packing.pad_value = int32_attribute(construction, "pad_value");
  if (string_attribute(construction, "padding_side") == "left") packing.padding_side = packing::PaddingSide::kLeft;
  return packing;
}

void check_fit(const packing::Packing& packing, size_t segments) {
  const size_t needed = packing.num_special_tokens(segments);
  if (packing.sequence_length >= needed) return;
  throw Error(TF_INVALID_ARGUMENT, "`sequence_length` must be at least " + std::to_string(needed) +
                                       ", the number of special tokens around " + std::to_string(segments) +
                                       " segment(s); received " + std::to_string(packing.sequence_length) + ".");
}

// The first inputs of an op, in pairs: the values of each segment, then the row splits of each.
class SegmentInputs {
 public:
  SegmentInputs(TF_OpKernelContext* context, size_t count) {
    for (size_t i = 0; i < 2 * count; ++i) tensors_.push_back(Tensor::input(context, static_cast<int>(i)));
    for (size_t i = 0; i < count; ++i) {
      segments_.push_back({tensors_[i].flat<const int32_t>(), tensors_[count + i].flat<const int64_t>()});
      check_row_splits(segments_[i].row_splits, segments_[i].values.size());
    }
    check_same_rows(segments_);
  }

  std::span<const packing::Segment> segments() const { return segments_; }
  size_t rows() const { return segments_.front().row_splits.size() - 1; }

 private:
  std::vector<Tensor> tensors_;
  std::vector<packing::Segment> segments_;
};

// The outputs of both kernels are flat: the C API cannot tell shape inference how long a row is.
class PackSegmentsKernel {
 public:
  explicit PackSegmentsKernel(TF_OpKernelConstruction* construction)
      : segments_(static_cast<size_t>(int32_attribute(construction, "segments"))),
        packing_(read_packing(construction)) {
    packing_.sep_value = int32s_attribute(construction, "sep_value");
    if (string_attribute(construction, "truncate") == "waterfall") packing_.truncate = packing::Truncate::kWaterfall;
    check_fit(packing_, segments_);
  }

  void compute(TF_OpKernelContext* context) const {
    const SegmentInputs inputs(context, segments_);
    const size_t size = inputs.rows() * packing_.sequence_length;
    const Tensor token_ids = Tensor::output<int32_t>(context, 0, TF_INT32, size);
    const Tensor segment_ids = Tensor::output<int32_t>(context, 1, TF_INT32, size);
    const Tensor padding_mask = Tensor::output<bool>(context, 2, TF_BOOL, size);
    const packing::PackedRows out = {token_ids.flat<int32_t>().data(), segment_ids.flat<int32_t>().data(),
                                     padding_mask.flat<bool>().data()};
    const Status status = packing::pack_segments(inputs.segments(), packing_, 1, out);
    if (!status.ok()) throw as_error(status);
  }

 private:
  const size_t segments_;
  packing::Packing packing_;
};

class PackStartEndKernel {
 public:
  explicit PackStartEndKernel(TF_OpKernelConstruction* construction) : packing_(read_packing(construction)) {
    check_fit(packing_, 1);
  }

  void compute(TF_OpKernelContext* context) const {
    const SegmentInputs inputs(context, 1);
    const size_t size = inputs.rows() * packing_.sequence_length;
    const Tensor token_ids = Tensor::output<int32_t>(context, 0, TF_INT32, size);
    const Tensor padding_mask = Tensor::output<bool>(context, 1, TF_BOOL, size);
    const packing::PackedRows out = {token_ids.flat<int32_t>().data(), nullptr, padding_mask.flat<bool>().data()};
    const Status status = packing::pack_segments(inputs.segments(), packing_, 1, out);
    if (!status.ok()) throw as_error(status);
  }

 private:
  const packing::Packing packing_;
};

template <int kOutputs>
void infer_shapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  ShapeInference shapes(context, status);
  for (int i = 0; i < shapes.inputs(); ++i) shapes.vector_input(i);
  for (int i = 0; i < kOutputs; ++i) shapes.set_vector_output(i, kUnknownSize);
}

}  // namespace

void register_packing() {
  register_op("FastnlpPackSegments", {"values: segments * int32", "row_splits: segments * int64"},
              {"token_ids: int32", "segment_ids: int32", "padding_mask: bool"},
              {"segments: int >= 1", "sequence_length: int >= 1", "start_value: list(int) = []",
               "end_value: list(int) = []", "sep_value: list(int) = []", "pad_value: int = 0",
               "truncate: {'round_robin', 'waterfall'} = 'round_robin'", "padding_side: {'right', 'left'} = 'right'"},
              infer_shapes<3>);
  register_kernel<PackSegmentsKernel>("FastnlpPackSegments");
  register_op("FastnlpPackStartEnd", {"values: int32", "row_splits: int64"}, {"token_ids: int32", "padding_mask: bool"},
              {"sequence_length: int >= 1", "start_value: list(int) = []", "end_value: list(int) = []",
               "pad_value: int = 0", "padding_side: {'right', 'left'} = 'right'"},
              infer_shapes<2>);
  register_kernel<PackStartEndKernel>("FastnlpPackStartEnd");
}

}  // namespace fastnlp::tf_ops

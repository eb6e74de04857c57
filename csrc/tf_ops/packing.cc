#include "tf_ops/packing.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tf_ops/attributes.h"
#include "tf_ops/row_splits.h"

namespace fastnlp::tf_ops {
namespace {

void check_fit(const packing::Packing& packing, size_t segments) {
  const size_t needed = packing.num_special_tokens(segments);
  if (packing.sequence_length >= needed) return;
  throw Error(TF_INVALID_ARGUMENT, "`sequence_length` must be at least " + std::to_string(needed) +
                                       ", the number of special tokens around " + std::to_string(segments) +
                                       " segment(s); received " + std::to_string(packing.sequence_length) + ".");
}

// The inputs of an op, in pairs: the values of each segment, then the row splits of each.
class SegmentInputs {
 public:
  SegmentInputs(TF_OpKernelContext* context, size_t count) {
    for (size_t i = 0; i < 2 * count; ++i) tensors_.push_back(Tensor::input(context, static_cast<int>(i)));
    std::vector<size_t> rows;
    for (size_t i = 0; i < count; ++i) {
      segments_.push_back({tensors_[i].flat<const int32_t>(), tensors_[count + i].flat<const int64_t>()});
      check_row_splits(segments_[i].row_splits, segments_[i].values.size());
      rows.push_back(segments_[i].row_splits.size() - 1);
    }
    check_same_rows(rows);
  }

  std::span<const packing::Segment> segments() const { return segments_; }
  size_t rows() const { return segments_.front().row_splits.size() - 1; }

 private:
  std::vector<Tensor> tensors_;
  std::vector<packing::Segment> segments_;
};

class PackSegmentsKernel {
 public:
  explicit PackSegmentsKernel(TF_OpKernelConstruction* construction)
      : segments_(static_cast<size_t>(int32_attribute(construction, "segments"))),
        packing_(read_packing_of_segments(construction, segments_)) {}

  void compute(TF_OpKernelContext* context) const {
    const SegmentInputs inputs(context, segments_);
    const PackedOutputs outputs(context, inputs.rows() * packing_.sequence_length);
    const Status status = packing::pack_segments(inputs.segments(), packing_, 1, outputs.rows());
    if (!status.ok()) throw as_error(status);
  }

 private:
  const size_t segments_;
  const packing::Packing packing_;
};

class PackStartEndKernel {
 public:
  explicit PackStartEndKernel(TF_OpKernelConstruction* construction) : packing_(read_packing(construction)) {}

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

packing::Packing read_common(TF_OpKernelConstruction* construction) {
  packing::Packing packing;
  packing.sequence_length = static_cast<size_t>(int32_attribute(construction, "sequence_length"));
  packing.start_value = int32s_attribute(construction, "start_value");
  packing.end_value = int32s_attribute(construction, "end_value");
  packing.pad_value = int32_attribute(construction, "pad_value");
  if (string_attribute(construction, "padding_side") == "left") packing.padding_side = packing::PaddingSide::kLeft;
  return packing;
}

}  // namespace

packing::Packing read_packing(TF_OpKernelConstruction* construction) {
  packing::Packing packing = read_common(construction);
  check_fit(packing, 1);
  return packing;
}

packing::Packing read_packing_of_segments(TF_OpKernelConstruction* construction, size_t segments) {
  packing::Packing packing = read_common(construction);
  packing.sep_value = int32s_attribute(construction, "sep_value");
  if (string_attribute(construction, "truncate") == "waterfall") packing.truncate = packing::Truncate::kWaterfall;
  check_fit(packing, segments);
  return packing;
}

void check_same_rows(std::span<const size_t> rows) {
  if (std::ranges::all_of(rows, [&](size_t count) { return count == rows.front(); })) return;
  std::string received;
  for (const size_t count : rows) received += (received.empty() ? "" : ", ") + std::to_string(count);
  throw Error(TF_INVALID_ARGUMENT, "`segments` must have the same number of rows; received [" + received + "].");
}

PackedOutputs::PackedOutputs(TF_OpKernelContext* context, size_t size)
    : token_ids_(Tensor::output<int32_t>(context, 0, TF_INT32, size)),
      segment_ids_(Tensor::output<int32_t>(context, 1, TF_INT32, size)),
      padding_mask_(Tensor::output<bool>(context, 2, TF_BOOL, size)) {}

packing::PackedRows PackedOutputs::rows() const {
  return {token_ids_.flat<int32_t>().data(), segment_ids_.flat<int32_t>().data(), padding_mask_.flat<bool>().data()};
}

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

#include "tf_ops/wordpiece.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/masking/model.h"
#include "core/wordpiece/decode.h"
#include "core/wordpiece/encode.h"
#include "core/wordpiece/encode_and_mask.h"
#include "core/wordpiece/encode_and_pack.h"
#include "tf_ops/attributes.h"
#include "tf_ops/kernel.h"
#include "tf_ops/masking.h"
#include "tf_ops/model_cache.h"
#include "tf_ops/op.h"
#include "tf_ops/packing.h"
#include "tf_ops/row_splits.h"
#include "tf_ops/tstring.h"

namespace fastnlp::tf_ops {
namespace {

class EncodeKernel {
 public:
  explicit EncodeKernel(TF_OpKernelConstruction* construction) {
    options_.strict = string_attribute(construction, "errors") == "strict";
  }

  void compute(TF_OpKernelContext* context) {
    const auto model = last_model_.get(Tensor::input(context, 0));
    const Tensor texts = Tensor::input(context, 1);
    const std::span<const TString> elements = texts.flat<const TString>();
    std::vector<std::string_view> views(elements.size());
    std::transform(elements.begin(), elements.end(), views.begin(), read);

    wordpiece::RaggedIds ids;
    if (const Status status = wordpiece::encode(*model, views, options_, ids); !status.ok()) throw as_error(status);
    copy_to_output(context, 0, TF_INT32, ids.values);
    copy_to_output(context, 1, TF_INT64, ids.row_splits);
  }

 private:
  wordpiece::EncodeOptions options_;  // one thread: TensorFlow runs many calls side by side
  LastModel last_model_;
};

// Inputs of an op, from `first` on: the texts of each segment.
class SegmentTexts {
 public:
  SegmentTexts(TF_OpKernelContext* context, size_t first, size_t segments) {
    std::vector<size_t> rows;
    for (size_t i = 0; i < segments; ++i) {
      tensors_.push_back(Tensor::input(context, static_cast<int>(first + i)));
      const std::span<const TString> elements = tensors_[i].flat<const TString>();
      texts_.emplace_back(elements.size());
      std::transform(elements.begin(), elements.end(), texts_[i].begin(), read);
      rows.push_back(elements.size());
    }
    check_same_rows(rows);
    views_.assign(texts_.begin(), texts_.end());
  }

  std::span<const std::span<const std::string_view>> views() const { return views_; }
  size_t rows() const { return views_.front().size(); }

 private:
  std::vector<Tensor> tensors_;
  std::vector<std::vector<std::string_view>> texts_;
  std::vector<std::span<const std::string_view>> views_;
};

class EncodeAndPackKernel {
 public:
  explicit EncodeAndPackKernel(TF_OpKernelConstruction* construction)
      : segments_(static_cast<size_t>(int32_attribute(construction, "segments"))),
        packing_(read_packing_of_segments(construction, segments_)) {
    options_.strict = string_attribute(construction, "errors") == "strict";
  }

  void compute(TF_OpKernelContext* context) {
    const auto model = last_model_.get(Tensor::input(context, 0));
    const SegmentTexts texts(context, 1, segments_);
    const PackedOutputs outputs(context, texts.rows() * packing_.sequence_length);
    const Status status = wordpiece::encode_and_pack(*model, texts.views(), options_, packing_, outputs.rows());
    if (!status.ok()) throw as_error(status);
  }

 private:
  const size_t segments_;
  const packing::Packing packing_;
  wordpiece::EncodeOptions options_;  // one thread, as above
  LastModel last_model_;
};

class EncodeAndMaskKernel {
 public:
  explicit EncodeAndMaskKernel(TF_OpKernelConstruction* construction)
      : segments_(static_cast<size_t>(int32_attribute(construction, "segments"))),
        indices_(static_cast<size_t>(int32_attribute(construction, "indices"))),
        packing_(read_packing_of_segments(construction, segments_)) {
    options_.strict = string_attribute(construction, "errors") == "strict";
  }

  void compute(TF_OpKernelContext* context) {
    const auto model = last_model_.get(Tensor::input(context, 0));
    const Tensor masking = Tensor::input(context, 1), seed = Tensor::input(context, 2);
    const Tensor epochs = Tensor::input(context, 3);
    const Tensor examples = indices_ > 0 ? Tensor::input(context, 4) : Tensor();
    const SegmentTexts texts(context, 4 + indices_, segments_);
    const std::span<const char> dumped = masking.flat<const char>();
    masking::Model masking_model;
    if (const Status status = masking::load({dumped.data(), dumped.size()}, masking_model); !status.ok()) {
      throw as_error(status);
    }
    if (masking_model.selection_length == 0) {
      throw Error(TF_INVALID_ARGUMENT, "`masker` must have a `mask_selection_length`; it has none.");
    }
    check_size("seed", seed.flat<const int64_t>().size(), 1);
    const wordpiece::MaskNumbers numbers = {static_cast<uint64_t>(seed.flat<const int64_t>().front()),
                                            indices_ > 0 ? examples.flat<const int64_t>() : std::span<const int64_t>(),
                                            epochs.flat<const int64_t>()};
    if (indices_ > 0) check_size("index", numbers.examples.size(), texts.rows());
    if (numbers.epochs.size() != 1) check_size("epoch", numbers.epochs.size(), texts.rows());

    const PackedOutputs outputs(context, texts.rows() * packing_.sequence_length);
    const size_t selected = texts.rows() * masking_model.selection_length;
    const Tensor positions = Tensor::output<int64_t>(context, 3, TF_INT64, selected);
    const Tensor ids = Tensor::output<int32_t>(context, 4, TF_INT32, selected);
    const Tensor weights = Tensor::output<float>(context, 5, TF_FLOAT, selected);
    const Status status = wordpiece::encode_and_mask(
        *model, texts.views(), options_, packing_, masking_model, numbers, outputs.rows(),
        {positions.flat<int64_t>().data(), ids.flat<int32_t>().data(), weights.flat<float>().data()});
    if (!status.ok()) throw as_error(status);
  }

 private:
  const size_t segments_, indices_;
  const packing::Packing packing_;
  wordpiece::EncodeOptions options_;  // one thread, as above
  LastModel last_model_;
};

class DecodeKernel {
 public:
  explicit DecodeKernel(TF_OpKernelConstruction*) {}

  void compute(TF_OpKernelContext* context) {
    const auto model = last_model_.get(Tensor::input(context, 0));
    const Tensor values = Tensor::input(context, 1);
    const Tensor splits = Tensor::input(context, 2);
    const auto ids = values.flat<const int32_t>();
    const auto row_splits = splits.flat<const int64_t>();
    check_row_splits(row_splits, ids.size());

    const Tensor output = Tensor::output<TString>(context, 0, TF_STRING, row_splits.size() - 1);
    const std::span<TString> elements = output.flat<TString>();
    const auto take = [&](size_t first_row, const wordpiece::RaggedText& texts) {
      for (size_t row = 0; row < texts.rows(); ++row) write(elements[first_row + row], texts[row]);
    };
    if (const Status status = wordpiece::decode(*model, ids, row_splits, 1, take); !status.ok()) throw as_error(status);
  }

 private:
  LastModel last_model_;
};

void infer_encode_shapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  ShapeInference shapes(context, status);
  shapes.vector_input(0);
  const int64_t rows = shapes.vector_input(1);
  shapes.set_vector_output(0, kUnknownSize);
  shapes.set_vector_output(1, rows == kUnknownSize ? kUnknownSize : rows + 1);
}

template <int kOutputs>
void infer_packed_shapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  ShapeInference shapes(context, status);
  for (int i = 0; i < shapes.inputs(); ++i) shapes.vector_input(i);
  for (int i = 0; i < kOutputs; ++i) shapes.set_vector_output(i, kUnknownSize);
}

void infer_decode_shapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  ShapeInference shapes(context, status);
  shapes.vector_input(0);
  shapes.vector_input(1);
  const int64_t splits = shapes.vector_input(2);
  shapes.set_vector_output(0, splits == kUnknownSize ? kUnknownSize : std::max<int64_t>(splits - 1, 0));
}

}  // namespace

void register_wordpiece() {
  register_op("FastnlpWordpieceEncode", {"model: uint8", "texts: string"}, {"values: int32", "row_splits: int64"},
              {"errors: {'replace', 'strict'} = 'replace'"}, infer_encode_shapes);
  register_kernel<EncodeKernel>("FastnlpWordpieceEncode");
  std::vector<const char*> packing = {"errors: {'replace', 'strict'} = 'replace'",
                                      "segments: int >= 1",
                                      "sequence_length: int >= 1",
                                      "start_value: list(int) = []",
                                      "end_value: list(int) = []",
                                      "sep_value: list(int) = []",
                                      "pad_value: int = 0",
                                      "truncate: {'round_robin', 'waterfall'} = 'round_robin'",
                                      "padding_side: {'right', 'left'} = 'right'"};
  register_op("FastnlpWordpieceEncodeAndPack", {"model: uint8", "texts: segments * string"},
              {"token_ids: int32", "segment_ids: int32", "padding_mask: bool"}, packing, infer_packed_shapes<3>);
  register_kernel<EncodeAndPackKernel>("FastnlpWordpieceEncodeAndPack");
  packing.push_back("indices: int >= 0");
  register_op("FastnlpWordpieceEncodeAndMask",
              {"model: uint8", "masking: uint8", "seed: int64", "epoch: int64", "index: indices * int64",
               "texts: segments * string"},
              {"token_ids: int32", "segment_ids: int32", "padding_mask: bool", "mask_positions: int64",
               "mask_ids: int32", "mask_weights: float"},
              packing, infer_packed_shapes<6>);
  register_kernel<EncodeAndMaskKernel>("FastnlpWordpieceEncodeAndMask");
  register_op("FastnlpWordpieceDecode", {"model: uint8", "values: int32", "row_splits: int64"}, {"texts: string"}, {},
              infer_decode_shapes);
  register_kernel<DecodeKernel>("FastnlpWordpieceDecode");
}

}  // namespace fastnlp::tf_ops

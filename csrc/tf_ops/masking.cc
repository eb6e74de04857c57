#include "tf_ops/masking.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/masking/mask_tokens.h"
#include "core/masking/model.h"
#include "tf_ops/attributes.h"
#include "tf_ops/kernel.h"
#include "tf_ops/op.h"
#include "tf_ops/row_splits.h"

namespace fastnlp::tf_ops {

void check_size(const char* name, size_t size, size_t right) {
  if (size == right) return;
  throw Error(TF_INVALID_ARGUMENT, "`" + std::string(name) + "` must hold " + std::to_string(right) +
                                       " elements; received " + std::to_string(size) + ".");
}

namespace {

class MaskTokensKernel {
 public:
  explicit MaskTokensKernel(TF_OpKernelConstruction* construction)
      : has_index_(int32_attribute(construction, "indices") > 0) {}

  void compute(TF_OpKernelContext* context) {
    const Tensor model_tensor = Tensor::input(context, 0);
    const std::span<const char> dumped = model_tensor.flat<const char>();
    masking::Model model;
    if (const Status status = masking::load({dumped.data(), dumped.size()}, model); !status.ok()) {
      throw as_error(status);
    }
    const Tensor token_ids = Tensor::input(context, 1), row_splits = Tensor::input(context, 2);
    const Tensor special_tokens_mask = Tensor::input(context, 3), seed = Tensor::input(context, 4);
    const Tensor epochs = Tensor::input(context, 5);
    const Tensor examples = has_index_ ? Tensor::input(context, 6) : Tensor();
    check_size("seed", seed.flat<const int64_t>().size(), 1);
    const masking::Rows rows = {token_ids.flat<const int32_t>(),
                                row_splits.flat<const int64_t>(),
                                special_tokens_mask.flat<const uint8_t>(),
                                static_cast<uint64_t>(seed.flat<const int64_t>().front()),
                                has_index_ ? examples.flat<const int64_t>() : std::span<const int64_t>(),
                                epochs.flat<const int64_t>()};
    check_row_splits(rows.row_splits, rows.token_ids.size());
    const size_t count = rows.row_splits.size() - 1;
    if (!rows.special_tokens_mask.empty()) {
      check_size("special_tokens_mask", rows.special_tokens_mask.size(), rows.token_ids.size());
    }
    if (has_index_) check_size("index", rows.examples.size(), count);
    if (rows.epochs.size() != 1) check_size("epoch", rows.epochs.size(), count);

    const Tensor masked = Tensor::output<int32_t>(context, 0, TF_INT32, rows.token_ids.size());
    if (model.selection_length > 0) {
      const size_t size = count * model.selection_length;
      const Tensor positions = Tensor::output<int64_t>(context, 1, TF_INT64, size);
      const Tensor ids = Tensor::output<int32_t>(context, 2, TF_INT32, size);
      const Tensor weights = Tensor::output<float>(context, 3, TF_FLOAT, size);
      Tensor::output<int64_t>(context, 4, TF_INT64, 0);
      check(masking::mask_tokens(
          model, rows, 1, masked.flat<int32_t>().data(),
          {positions.flat<int64_t>().data(), ids.flat<int32_t>().data(), weights.flat<float>().data()}));
      return;
    }
    masking::RaggedSelections selections;
    check(masking::mask_tokens(model, rows, 1, masked.flat<int32_t>().data(), selections));
    copy_to_output(context, 1, TF_INT64, selections.positions);
    copy_to_output(context, 2, TF_INT32, selections.ids);
    const auto weights = Tensor::output<float>(context, 3, TF_FLOAT, selections.ids.size()).flat<float>();
    std::fill(weights.begin(), weights.end(), 1.0F);
    copy_to_output(context, 4, TF_INT64, selections.row_splits);
  }

 private:
  static void check(const Status& status) {
    if (!status.ok()) throw as_error(status);
  }

  bool has_index_;
};

void infer_shapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  ShapeInference shapes(context, status);
  for (int input = 0; input < shapes.inputs(); ++input) shapes.vector_input(input);
  shapes.set_vector_output(0, shapes.vector_input(1));
  // How long they are is the model's secret: the graph sees its bytes only when it runs.
  for (int output = 1; output < 5; ++output) shapes.set_vector_output(output, kUnknownSize);
}

}  // namespace

void register_masking() {
  register_op(
      "FastnlpMaskTokens",
      {"model: uint8", "token_ids: int32", "row_splits: int64", "special_tokens_mask: bool", "seed: int64",
       "epoch: int64", "index: indices * int64"},
      {"masked: int32", "mask_positions: int64", "mask_ids: int32", "mask_weights: float", "mask_splits: int64"},
      {"indices: int >= 0"}, infer_shapes);
  register_kernel<MaskTokensKernel>("FastnlpMaskTokens");
}

}  // namespace fastnlp::tf_ops

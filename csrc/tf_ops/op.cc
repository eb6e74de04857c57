#include "tf_ops/op.h"

#include <cstddef>
#include <memory>

#include "tf_ops/kernel.h"

namespace fastnlp::tf_ops {
namespace {

using ShapeHandle = std::unique_ptr<TF_ShapeHandle, void (*)(TF_ShapeHandle*)>;
using DimensionHandle = std::unique_ptr<TF_DimensionHandle, void (*)(TF_DimensionHandle*)>;

}  // namespace

int64_t ShapeInference::vector_input(int index) {
  const ShapeHandle shape(c_api.TF_NewShapeHandle(), c_api.TF_DeleteShapeHandle);
  if (ok()) c_api.TF_ShapeInferenceContextGetInput(context_, index, shape.get(), status_);
  if (ok()) c_api.TF_ShapeInferenceContextWithRank(context_, shape.get(), 1, shape.get(), status_);
  if (!ok()) return kUnknownSize;
  const DimensionHandle dimension(c_api.TF_NewDimensionHandle(), c_api.TF_DeleteDimensionHandle);
  c_api.TF_ShapeInferenceContextDim(context_, shape.get(), 0, dimension.get());
  const bool known = c_api.TF_DimensionHandleValueKnown(dimension.get()) != 0;
  return known ? c_api.TF_DimensionHandleValue(dimension.get()) : kUnknownSize;
}

void ShapeInference::set_vector_output(int index, int64_t size) {
  if (!ok()) return;
  // The C API has no call for a vector of unknown size, but hands the size on to InferenceContext::Vector, where -1
  // (InferenceContext::kUnknownDim) makes one.
  const ShapeHandle shape(c_api.TF_ShapeInferenceContextVectorFromSize(context_, static_cast<size_t>(size)),
                          c_api.TF_DeleteShapeHandle);
  c_api.TF_ShapeInferenceContextSetOutput(context_, index, shape.get(), status_);
}

void register_op(const char* name, std::initializer_list<const char*> inputs,
                 std::initializer_list<const char*> outputs, const std::vector<const char*>& attributes,
                 void (*infer_shapes)(TF_ShapeInferenceContext*, TF_Status*)) {
  TF_OpDefinitionBuilder* const builder = c_api.TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs) c_api.TF_OpDefinitionBuilderAddInput(builder, input);
  for (const char* output : outputs) c_api.TF_OpDefinitionBuilderAddOutput(builder, output);
  for (const char* attribute : attributes) c_api.TF_OpDefinitionBuilderAddAttr(builder, attribute);
  c_api.TF_OpDefinitionBuilderSetShapeInferenceFunction(builder, infer_shapes);
  const OwnedStatus status;
  c_api.TF_RegisterOpDefinition(builder, status.get());  // takes the builder
  status.check();
}

}  // namespace fastnlp::tf_ops

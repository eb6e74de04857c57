// What ops are declared with: their signature and the shapes of their outputs.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "tf_ops/c_api.h"

namespace fastnlp::tf_ops {

constexpr int64_t kUnknownSize = -1;

// Reads and sets shapes of rank 1, the only ones that the ops have. The first failure is left in `status` and nothing
// is done after it.
class ShapeInference {
 public:
  ShapeInference(TF_ShapeInferenceContext* context, TF_Status* status) : context_(context), status_(status) {}

  int inputs() const { return static_cast<int>(c_api.TF_ShapeInferenceContextNumInputs(context_)); }
  // The size of an input, which must be of rank 1; kUnknownSize where the graph does not know it.
  int64_t vector_input(int index);
  void set_vector_output(int index, int64_t size);

 private:
  bool ok() const { return c_api.TF_GetCode(status_) == TF_OK; }

  TF_ShapeInferenceContext* context_;
  TF_Status* status_;
};

// Registers an op; the specs are written as in REGISTER_OP, "name: type". Throws Error where TensorFlow refuses it.
void register_op(const char* name, std::initializer_list<const char*> inputs,
                 std::initializer_list<const char*> outputs, const std::vector<const char*>& attributes,
                 void (*infer_shapes)(TF_ShapeInferenceContext*, TF_Status*));

}  // namespace fastnlp::tf_ops

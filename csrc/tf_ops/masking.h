// The TensorFlow op of masking.mask_tokens, and what other ops that mask share with it.
#pragma once

#include <cstddef>

namespace fastnlp::tf_ops {

// Throws Error where an input does not hold so many elements.
void check_size(const char* name, size_t size, size_t right);

// Throws Error where TensorFlow refuses it.
void register_masking();

}  // namespace fastnlp::tf_ops

// The TensorFlow op of masking.mask_tokens.
#pragma once

namespace fastnlp::tf_ops {

// Throws Error where TensorFlow refuses it.
void register_masking();

}  // namespace fastnlp::tf_ops

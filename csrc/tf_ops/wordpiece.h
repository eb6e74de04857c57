// The TensorFlow ops of wordpiece.encode and wordpiece.decode.
#pragma once

namespace fastnlp::tf_ops {

// Throws Error where TensorFlow refuses them.
void register_wordpiece();

}  // namespace fastnlp::tf_ops

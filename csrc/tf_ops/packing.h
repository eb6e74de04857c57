// The TensorFlow ops of packing.pack_segments.
#pragma once

namespace fastnlp::tf_ops {

// Throws Error where TensorFlow refuses them.
void register_packing();

}  // namespace fastnlp::tf_ops

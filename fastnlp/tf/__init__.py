"""The kernels on TensorFlow tensors: in eager code, `tf.function`, `tf.data`, SavedModel and tf.data service.

Importing this module registers fastnlp's ops with TensorFlow. A process that only runs graphs made elsewhere (one that
serves a SavedModel, a tf.data service worker) needs `import fastnlp.tf` and nothing else.
"""

from fastnlp.tf import masking, packing, wordpiece
from fastnlp.tf._library import library, library_error

__all__ = ["library_error", "masking", "packing", "wordpiece"]

library()

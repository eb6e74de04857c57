"""Multi-head attention that is fused whenever it can be."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="fastnlp")
class MultiHeadAttention(keras.layers.MultiHeadAttention):  # type: ignore[misc]  # Keras has no types
    """Keras's layer, with fused attention in inference too where it has dropout.

    Keras leaves `keras.ops.dot_product_attention` aside as soon as `dropout`
    is not 0, also where nothing is dropped.
    """

    def _compute_attention(
        self,
        query: Any,
        key: Any,
        value: Any,
        attention_mask: Any = None,
        training: bool | None = None,
        return_attention_scores: bool = False,
        **kwargs: Any,
    ) -> tuple[Any, Any]:
        is_plain = not (training or return_attention_scores or kwargs) and len(query.shape) == 4
        if self._dropout == 0 or not is_plain or not _has_fused_kernel():
            # Who asks for the scores gets attention step by step.
            step_by_step = return_attention_scores or _cannot_compile(query.dtype)
            return super()._compute_attention(  # type: ignore[no-any-return]
                query, key, value, attention_mask, training, step_by_step, **kwargs
            )
        if attention_mask is not None:
            attention_mask = ops.expand_dims(attention_mask, axis=1)  # the same for every head
        scale = self._inverse_sqrt_key_dim
        outputs = ops.dot_product_attention(query, key, value, mask=attention_mask, scale=scale)
        if attention_mask is not None:
            # As from Keras's own softmax, nothing comes of attending to nothing.
            attends = ops.any(attention_mask, axis=-1, keepdims=True)
            outputs = ops.where(ops.swapaxes(attends, 1, 2), outputs, 0)
        return outputs, None


def _on_cpu() -> bool:
    return all(device.startswith("cpu") for device in keras.distribution.list_devices())


def _has_fused_kernel() -> bool:
    """Whether `keras.ops.dot_product_attention` is more than attention step by step."""
    backend = keras.backend.backend()
    return backend == "torch" or (backend == "jax" and not _on_cpu())


def _cannot_compile(dtype: Any) -> bool:
    """Whether `keras.ops.dot_product_attention` fails under a compiler: JAX has no float16 for it on CPUs."""
    return keras.backend.backend() == "jax" and keras.backend.standardize_dtype(dtype) == "float16" and _on_cpu()

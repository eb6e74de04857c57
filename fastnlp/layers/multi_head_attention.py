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
        drops = training and self._dropout > 0
        if drops or return_attention_scores or kwargs or len(query.shape) != 4:
            return super()._compute_attention(  # type: ignore[no-any-return]
                query, key, value, attention_mask, training, return_attention_scores, **kwargs
            )
        if not _can_fuse(query):  # who asks for the scores gets attention step by step
            return super()._compute_attention(query, key, value, attention_mask, training, True)  # type: ignore[no-any-return]
        if attention_mask is not None:
            attention_mask = ops.expand_dims(attention_mask, axis=1)  # the same for every head
        scale = self._inverse_sqrt_key_dim
        return ops.dot_product_attention(query, key, value, mask=attention_mask, scale=scale), None


def _can_fuse(query: Any) -> bool:
    """Whether the backend computes `keras.ops.dot_product_attention` in this dtype: JAX has no float16 on CPUs."""
    if keras.backend.backend() != "jax" or keras.backend.standardize_dtype(query.dtype) != "float16":
        return True
    return not all(device.startswith("cpu") for device in keras.distribution.list_devices())

"""The base of all tasks."""

from __future__ import annotations

from typing import Any, Self

import keras

from fastnlp.models.backbone import Backbone
from fastnlp.models.batches import batches, split
from fastnlp.models.preprocessor import Preprocessor, is_text


class Task(keras.Model):  # type: ignore[misc]  # Keras has no types
    """A base class for models that can be trained on raw text: a preprocessor, a backbone, and a head.

    `fit()`, `evaluate()` and `predict()` take raw examples, and hand every
    batch to the preprocessor first. They take lists and arrays (tuples and
    dicts of them), or batches: a `tf.data.Dataset`, a
    `keras.utils.PyDataset`, or a generator. TensorFlow need not be installed.
    Calling the model itself, as in `task(inputs)`, does not preprocess.

    A subclass calls its backbone and the layers of its head, hands inputs and
    outputs to this constructor, and gives `compile()` its defaults.

    Args:
        backbone: the `fastnlp.models.Backbone` below the head.
        inputs: dict of `keras.Input`, by name.
        outputs: the symbolic output of the head.
        preprocessor: a `fastnlp.models.Preprocessor`, which sees labels and
            weights too; any callable, which sees `x` alone; or None, where
            examples are preprocessed already.
        compile: compile the model with the defaults of the task.
        **kwargs: `name` and `trainable`.
    """

    backbone_cls: Any = None
    preprocessor_cls: Any = None

    def __init__(
        self,
        backbone: Backbone,
        inputs: Any,
        outputs: Any,
        *,
        preprocessor: Any = None,
        compile: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)
        self.backbone = backbone
        self.preprocessor = preprocessor
        self.dtype_policy = backbone.dtype_policy
        if compile:
            self.compile()

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "preprocessor":  # no layer of the model: it has no weights, and does not run on tensors
            _check_length(value, self.backbone)
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Run the model on preprocessed inputs."""
        if any(is_text(leaf) for leaf in keras.tree.flatten(inputs)):
            raise ValueError(
                f"`inputs` must be tensors where {self.name} is called, which does not preprocess; received text. Use "
                "`predict()`, or preprocess it first."
            )
        return super().__call__(inputs, *args, **kwargs)

    def preprocess_samples(self, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Run the preprocessor, if there is one, on a batch of examples."""
        if isinstance(self.preprocessor, Preprocessor):
            _check_length(self.preprocessor, self.backbone)
            return self.preprocessor(x, y=y, sample_weight=sample_weight)
        if self.preprocessor is not None:
            x = self.preprocessor(x)
        return keras.utils.pack_x_y_sample_weight(x, y, sample_weight)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        *,
        sample_weight: Any = None,
        validation_data: Any = None,
        validation_split: float = 0.0,
        **kwargs: Any,
    ) -> Any:
        """Train on raw examples; see `keras.Model.fit`."""
        if self.preprocessor is not None:
            if validation_split and validation_data is None:
                (x, y, sample_weight), validation_data = split((x, y, sample_weight), validation_split)
            if validation_data is not None:
                validation_data = self._validation_batches(validation_data, batch_size)
            shuffle = kwargs.pop("shuffle", True)
            x = self._batches(x, y, sample_weight, batch_size, shuffle)
            kwargs["shuffle"] = shuffle and isinstance(x, keras.utils.PyDataset)  # Keras warns where it cannot
            y = sample_weight = batch_size = None
            validation_split = 0.0
        return super().fit(
            x,
            y,
            batch_size,
            sample_weight=sample_weight,
            validation_data=validation_data,
            validation_split=validation_split,
            **kwargs,
        )

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, *, sample_weight: Any = None, **kwargs: Any
    ) -> Any:
        """Evaluate on raw examples; see `keras.Model.evaluate`."""
        # `fit()` comes here with batches that are preprocessed already.
        if self.preprocessor is not None and not kwargs.get("_use_cached_eval_dataset"):
            x = self._batches(x, y, sample_weight, batch_size)
            y = sample_weight = batch_size = None
        return super().evaluate(x, y, batch_size, sample_weight=sample_weight, **kwargs)

    def predict(self, x: Any, batch_size: int | None = None, **kwargs: Any) -> Any:
        """Predict for raw examples; see `keras.Model.predict`."""
        if self.preprocessor is not None:
            x = self._batches(x, None, None, batch_size)
            batch_size = None
        return super().predict(x, batch_size, **kwargs)

    def train_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, **kwargs: Any) -> Any:
        """Train on one batch of raw examples; see `keras.Model.train_on_batch`."""
        return super().train_on_batch(*self._preprocess_batch(x, y, sample_weight), **kwargs)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, **kwargs: Any) -> Any:
        """Evaluate on one batch of raw examples; see `keras.Model.test_on_batch`."""
        return super().test_on_batch(*self._preprocess_batch(x, y, sample_weight), **kwargs)

    def predict_on_batch(self, x: Any) -> Any:
        """Predict for one batch of raw examples; see `keras.Model.predict_on_batch`."""
        return super().predict_on_batch(self._preprocess_batch(x, None, None)[0])

    def _batches(self, x: Any, y: Any, sample_weight: Any, batch_size: int | None, shuffle: bool = False) -> Any:
        return batches(x, y, sample_weight, batch_size=batch_size, preprocess=self.preprocess_samples, shuffle=shuffle)

    def _validation_batches(self, data: Any, batch_size: int | None) -> Any:
        if isinstance(data, (tuple, list)):
            x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(tuple(data))
            return self._batches(x, y, sample_weight, batch_size)
        return self._batches(data, None, None, None)

    def _preprocess_batch(self, x: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
        batch = self.preprocess_samples(x, y, sample_weight)
        unpacked: tuple[Any, Any, Any] = keras.utils.unpack_x_y_sample_weight(batch)
        return unpacked

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor: backbone and preprocessor, but not the layers that follow from them."""
        preprocessor = None if self.preprocessor is None else keras.saving.serialize_keras_object(self.preprocessor)
        return {"backbone": keras.layers.serialize(self.backbone), "preprocessor": preprocessor, "name": self.name}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile with what `get_compile_config()` gave."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """The task of a configuration that `get_config()` gave, with new weights."""
        parts = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects)
            for name in ("backbone", "preprocessor")
            if isinstance(config.get(name), dict)
        }
        return cls(**{**config, **parts})


def _check_length(preprocessor: Any, backbone: Backbone) -> None:
    """The preprocessor's sequences must not be longer than those that the backbone has positions for."""
    length, limit = getattr(preprocessor, "sequence_length", None), getattr(backbone, "max_sequence_length", None)
    if length is not None and limit is not None and length > limit:
        raise ValueError(
            f"`sequence_length` of the preprocessor must be at most {limit}, the backbone's `max_sequence_length`; "
            f"received {length}."
        )

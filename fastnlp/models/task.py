"""The base of all tasks."""

from __future__ import annotations

import inspect
import os
from typing import Any, Self

import keras

from fastnlp.models.backbone import MODEL_FILES, Backbone
from fastnlp.models.batches import batches, split
from fastnlp.models.checkpoints import checkpoint_module, module_of_backbone
from fastnlp.models.loading import check_arguments, class_in, concrete, dtype_of, make
from fastnlp.models.preprocessor import Preprocessor, is_text
from fastnlp.presets.handles import open_preset
from fastnlp.presets.preset import TASK, TASK_WEIGHTS, Preset
from fastnlp.presets.saving import staged_preset, write_object
from fastnlp.presets.tensors import Tensors
from fastnlp.presets.weights import has_task_weights, load_model_weights, load_task_weights, save_task_weights


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
        check_arguments(type(self), kwargs)
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

    @classmethod
    def from_preset(cls, preset: str | os.PathLike[str], load_weights: bool = True, **kwargs: Any) -> Self:
        """The task of a preset, with its backbone and its preprocessor.

        Where the preset was saved from such a task, its head is loaded too,
        unless `num_classes` is passed: a number of classes, also the
        preset's own, makes a new head. Else the head is new, and arguments
        that have no default must be passed.

        Args:
            preset: a folder, or a handle; see `Backbone.from_preset`.
            load_weights: give the model the preset's weights; else random
                ones.
            **kwargs: arguments of the constructor that replace the preset's,
                `preprocessor=None` for none; and `dtype`, for the backbone.

        Raises:
            FileNotFoundError: where the preset lacks a file.
            ValueError: where `preset` names none, or it holds no model for
                this task, or a file is damaged or does not fit the others.
            ConnectionError: where a file must be downloaded and cannot.

        Examples:

        >>> classifier = fastnlp.models.BertTextClassifier.from_preset(
        ...     "bert_tiny_en_uncased", num_classes=2
        ... )  # doctest: +SKIP
        """
        return cls._from_files(open_preset(preset), load_weights, **kwargs)

    @classmethod
    def _from_files(cls, preset: Preset, load_weights: bool, **kwargs: Any) -> Self:
        checkpoint = checkpoint_module(preset)
        if (
            checkpoint is None
            and "backbone" not in kwargs
            and preset.has(TASK)
            and issubclass(class_in(preset, TASK), cls)
        ):
            return cls._from_task_files(preset, load_weights, **kwargs)
        found = concrete(cls, preset)
        tensors = Tensors(preset) if checkpoint is not None and load_weights else None
        head = {} if checkpoint is None else checkpoint.head_options(found, preset, tensors)
        dtype, name = kwargs.pop("dtype", None), "backbone"
        if name not in kwargs:
            kwargs[name] = found.backbone_cls._from_files(
                preset, load_weights, **({} if dtype is None else {"dtype": dtype})
            )
        if "preprocessor" not in kwargs and found.preprocessor_cls is not None:
            kwargs["preprocessor"] = _fitting(found.preprocessor_cls._from_files(preset), kwargs["backbone"])
        task: Self = found(**_complete(found, preset, {**head, **kwargs}))
        if tensors is not None and "num_classes" not in kwargs:
            checkpoint.load_head(task, tensors)
        return task

    @classmethod
    def _from_task_files(cls, preset: Preset, load_weights: bool, **kwargs: Any) -> Self:
        """The task that `task.json` describes whole."""
        backbone = dict(preset.json(TASK)["config"].get("backbone") or {})
        backbone["config"] = {**backbone.get("config", {}), "dtype": dtype_of(preset, kwargs.pop("dtype", None))}
        task: Self = make(preset, TASK, **{"backbone": backbone, **kwargs})
        if isinstance(task.preprocessor, Preprocessor) and "preprocessor" not in kwargs:
            task.preprocessor.load_preset_assets(preset)
        if load_weights:
            load_model_weights(task.backbone, preset)
            if "num_classes" not in kwargs and has_task_weights(task):
                load_task_weights(task, preset)
        return task

    def save_to_preset(self, preset_dir: str | os.PathLike[str], max_shard_size: float | None = 10) -> None:
        """Save the task, its backbone and its preprocessor in KerasHub's format.

        Args:
            preset_dir: the preset's folder. Files there are replaced when all
                are written, not before.
            max_shard_size: size in GiB from which on the backbone's weights
                are split into several files; None for never.

        Raises:
            ValueError: where the preprocessor is some other callable, which
                no file can hold.
        """
        if self.preprocessor is not None and not isinstance(self.preprocessor, Preprocessor):
            raise ValueError(
                f"`preprocessor` must be a fastnlp Preprocessor or None to be saved; it is {self.preprocessor!r:.100}."
            )
        with staged_preset(preset_dir, stale=(*MODEL_FILES, TASK_WEIGHTS)) as folder:
            self.backbone._write_preset(folder, max_shard_size)
            write_object(folder / TASK, self)
            save_task_weights(self, folder)
            if self.preprocessor is not None:
                self.preprocessor._write_preset(folder)

    def export_to_transformers(self, path: str | os.PathLike[str]) -> None:
        """Write backbone, head and tokenizer as a checkpoint of Hugging Face's transformers.

        Args:
            path: the checkpoint's folder.

        Raises:
            ValueError: where transformers has no such model.
        """
        with staged_preset(path) as folder:
            module_of_backbone(self.backbone).write(self, folder)


def _complete(cls: Any, preset: Preset, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments again, if they are all that the class needs."""
    for name, parameter in inspect.signature(cls).parameters.items():
        if (
            name not in arguments
            and parameter.default is parameter.empty
            and parameter.kind is not parameter.VAR_KEYWORD
        ):
            raise ValueError(
                f"`{name}` must be passed: the preset {preset.name!r} was not saved from a {cls.__name__}."
            )
    return arguments


def _fitting(preprocessor: Any, backbone: Any) -> Any:
    """The preprocessor, its sequences no longer than those that the backbone has positions for."""
    length, limit = getattr(preprocessor, "sequence_length", None), getattr(backbone, "max_sequence_length", None)
    if length is not None and limit is not None and length > limit:
        preprocessor.sequence_length = limit
    return preprocessor


def _check_length(preprocessor: Any, backbone: Backbone) -> None:
    """The preprocessor's sequences must not be longer than those that the backbone has positions for."""
    length, limit = getattr(preprocessor, "sequence_length", None), getattr(backbone, "max_sequence_length", None)
    if length is not None and limit is not None and length > limit:
        raise ValueError(
            f"`sequence_length` of the preprocessor must be at most {limit}, the backbone's `max_sequence_length`; "
            f"received {length}."
        )

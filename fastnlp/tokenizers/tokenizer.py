"""The base of all tokenizers."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path, PurePosixPath
from typing import Any, Self

from fastnlp import tokenizers
from fastnlp.layers.masked_lm_mask_generator import MaskedLMMaskGenerator
from fastnlp.layers.multi_segment_packer import MultiSegmentPacker
from fastnlp.layers.preprocessing_layer import PreprocessingLayer
from fastnlp.presets.handles import open_preset
from fastnlp.presets.preset import CONFIG, TOKENIZER, Preset, check_inside
from fastnlp.presets.saving import staged_preset, write_object
from fastnlp.presets.serialized import class_of, deserialize

# By `model_type`: the tokenizers of checkpoints of transformers.
CHECKPOINTS = {"bert": "BertTokenizer"}


class Tokenizer(PreprocessingLayer):
    """A base class for tokenizer layers.

    A tokenizer turns strings into token ids and back. Subclasses implement
    `tokenize()`, and may implement `detokenize()`, `get_vocabulary()`,
    `vocabulary_size()`, `token_to_id()` and `id_to_token()`. Calling the layer
    calls `tokenize()`.

    What goes in decides what comes out. `tf.Tensor` and `tf.RaggedTensor`
    give the same, eagerly, inside `tf.function` and inside `tf.data`; there
    must be TensorFlow then, whatever Keras's backend is. Python, NumPy and
    Arrow data give `fastnlp.Ragged` and NumPy arrays, and need no TensorFlow.

    Args:
        config_file: name of the JSON file that presets store the
            configuration in.
        **kwargs: arguments of `keras.layers.Layer`.
    """

    backbone_cls: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.config_file = check_inside(kwargs.pop("config_file", TOKENIZER), "a tokenizer")
        super().__init__(*args, **kwargs)
        self.file_assets: list[str] | None = None

    def tokenize(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Turn strings into tokens."""
        raise NotImplementedError(f"{type(self).__name__} does not implement `tokenize()`.")

    def detokenize(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Turn tokens into strings."""
        raise NotImplementedError(f"{type(self).__name__} does not implement `detokenize()`.")

    def tokenize_and_pack(self, segments: tuple[Any, ...], packer: MultiSegmentPacker) -> tuple[Any, Any]:
        """Tokenize segments and pack them.

        Subclasses may do both at once, with the same result.

        Args:
            segments: a tuple of segments of text.
            packer: the layer that packs them.

        Returns:
            Token ids and segment ids, as the packer gives them.
        """
        token_ids, segment_ids = packer(tuple(self(segment) for segment in segments))
        return token_ids, segment_ids

    def tokenize_and_mask(
        self,
        segments: tuple[Any, ...],
        packer: MultiSegmentPacker,
        masker: MaskedLMMaskGenerator,
        index: Any = None,
        epoch: Any = 0,
    ) -> dict[str, Any]:
        """Tokenize segments, pack them, and mask what is packed.

        Subclasses may do all at once, with the same result.

        Args:
            segments: a tuple of segments of text.
            packer: the layer that packs them; it must have a `pad_value`.
            masker: the layer that masks.
            index, epoch: arguments of the masker's call.

        Returns:
            A dict of what the masker gives, and of `"segment_ids"` and
            `"padding_mask"`.
        """
        token_ids, segment_ids = self.tokenize_and_pack(segments, packer)
        masked = masker(token_ids, index=index, epoch=epoch)
        return {**masked, "segment_ids": segment_ids, "padding_mask": token_ids != packer.pad_value}

    def get_vocabulary(self) -> list[str]:
        """The tokens, by token id."""
        raise NotImplementedError(f"{type(self).__name__} does not implement `get_vocabulary()`.")

    def vocabulary_size(self) -> int:
        """The number of token ids."""
        raise NotImplementedError(f"{type(self).__name__} does not implement `vocabulary_size()`.")

    def id_to_token(self, id: int) -> str:
        """The token of an id."""
        raise NotImplementedError(f"{type(self).__name__} does not implement `id_to_token()`.")

    def token_to_id(self, token: str) -> int:
        """The id of a token."""
        raise NotImplementedError(f"{type(self).__name__} does not implement `token_to_id()`.")

    @property
    def special_tokens(self) -> list[str]:
        """The tokenizer's own special tokens, each once, in the order in which it added them."""
        return list(dict.fromkeys(getattr(self, attribute) for attribute in self._special_token_attributes()))

    @property
    def special_token_ids(self) -> list[int]:
        """The ids of `special_tokens`.

        Raises:
            ValueError: before a vocabulary is set.
        """
        ids = [getattr(self, f"{attribute}_id") for attribute in self._special_token_attributes()]
        if None in ids:
            raise ValueError("`special_token_ids` needs a vocabulary; none has been set on the tokenizer.")
        return list(dict.fromkeys(ids))

    def _special_token_attributes(self) -> list[str]:
        attributes: list[str] = self.__dict__.get("_special_token_attrs", [])
        return attributes

    def _add_special_token(self, token: str, name: str) -> None:
        """Keep `token` as attribute `name`, and its id as `name` + "_id"; called before the vocabulary is set."""
        self.__dict__.setdefault("_special_token_attrs", []).append(name)
        self.__dict__[name] = token
        self.__dict__[f"{name}_id"] = None

    def _check_special_tokens(self, vocabulary: Container[str]) -> None:
        for token in self.special_tokens:
            if token not in vocabulary:
                raise ValueError(
                    f"`vocabulary` of a {type(self).__name__} must hold the special token {token!r}; it does not."
                )

    def _update_special_token_ids(self) -> None:
        for attribute in self._special_token_attributes():
            setattr(self, f"{attribute}_id", self.token_to_id(getattr(self, attribute)))

    def call(self, inputs: Any, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Tokenize `inputs`."""
        return self.tokenize(inputs, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "config_file": self.config_file}

    @classmethod
    def from_preset(cls, preset: str | os.PathLike[str], config_file: str = TOKENIZER, **kwargs: Any) -> Self:
        """The tokenizer of a preset.

        Args:
            preset: a folder, or a handle; see
                `fastnlp.presets.handles.open_preset`. It may be a checkpoint
                of Hugging Face's transformers with a `vocab.txt`.
            config_file: name of the JSON file in the preset.
            **kwargs: arguments of the constructor that replace the preset's.

        Raises:
            FileNotFoundError: where the preset lacks a file.
            ValueError: where it names no preset, or the preset holds no
                tokenizer of this class.
        """
        return cls._from_files(open_preset(preset), config_file, **kwargs)

    @classmethod
    def _from_files(cls, preset: Preset, config_file: str = TOKENIZER, **kwargs: Any) -> Self:
        model_type = preset.optional_json(CONFIG).get("model_type")
        if model_type is not None:
            where = repr(str(preset.path(CONFIG)))
            if model_type not in CHECKPOINTS:
                raise ValueError(
                    f"{where}: 'model_type' must be one of {', '.join(CHECKPOINTS)}; it is {model_type!r:.100}."
                )
            tokenizer_cls = cls._or_below(getattr(tokenizers, CHECKPOINTS[model_type]), where)
            checkpoint: Self = tokenizer_cls(**{**tokenizer_cls._options_of_checkpoint(preset), **kwargs})
            return checkpoint
        config = preset.json(config_file)
        where = repr(str(preset.path(config_file)))
        cls._or_below(class_of(config, [tokenizers], where), where)
        tokenizer: Self = deserialize({**config, "config": {**config["config"], **kwargs}}, [tokenizers], where)
        tokenizer.load_preset_assets(preset)
        return tokenizer

    @classmethod
    def _or_below(cls, found: Any, where: str) -> Any:
        """The class that a file asks for, if it is this one or below it."""
        if not issubclass(found, cls):
            raise ValueError(f"{where} must be of a {cls.__name__}; it is of a {found.__name__}.")
        return found

    @classmethod
    def _options_of_checkpoint(cls, preset: Preset) -> dict[str, Any]:
        """The constructor's arguments for a checkpoint of transformers."""
        raise NotImplementedError(f"{cls.__name__} does not implement `_options_of_checkpoint()`.")

    def load_preset_assets(self, preset: Preset) -> None:
        """Read the tokenizer's files from a preset."""
        for asset in self.file_assets or ():
            folder = preset.path(f"{self._asset_folder()}/{asset}").parent
        self.load_assets(str(folder))

    def save_to_preset(self, preset_dir: str | os.PathLike[str]) -> None:
        """Save the tokenizer in KerasHub's format.

        Args:
            preset_dir: the preset's folder. It may have files of models
                already; the tokenizer's take their place among them when all
                are written.
        """
        with staged_preset(preset_dir) as folder:
            self._write_preset(folder)

    def _write_preset(self, folder: Path) -> None:
        write_object(folder / self.config_file, self)
        assets = folder / self._asset_folder()
        assets.mkdir(parents=True)
        self.save_assets(str(assets))

    def _asset_folder(self) -> str:
        return f"assets/{PurePosixPath(self.config_file).stem}"

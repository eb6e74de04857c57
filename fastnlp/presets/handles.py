"""The names of presets, and where they lead."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from fastnlp.presets.preset import Preset
from fastnlp.presets.sources import Folder, HuggingFaceHub, KaggleHub

SHORT_NAMES = {
    "bert_tiny_en_uncased": "kaggle://keras/bert/keras/bert_tiny_en_uncased/3",
    "bert_small_en_uncased": "kaggle://keras/bert/keras/bert_small_en_uncased/3",
    "bert_medium_en_uncased": "kaggle://keras/bert/keras/bert_medium_en_uncased/3",
    "bert_base_en_uncased": "kaggle://keras/bert/keras/bert_base_en_uncased/3",
    "bert_base_en": "kaggle://keras/bert/keras/bert_base_en/3",
    "bert_base_zh": "kaggle://keras/bert/keras/bert_base_zh/3",
    "bert_base_multi": "kaggle://keras/bert/keras/bert_base_multi/3",
    "bert_large_en_uncased": "kaggle://keras/bert/keras/bert_large_en_uncased/3",
    "bert_large_en": "kaggle://keras/bert/keras/bert_large_en/3",
    "bert_tiny_en_uncased_sst2": "kaggle://keras/bert/keras/bert_tiny_en_uncased_sst2/5",
    "all_minilm_l6_v2_en": "kaggle://keras/sentence-transformers/keras/all_minilm_l6_v2_en/1",
}


def open_preset(preset: str | os.PathLike[str]) -> Preset:
    """The preset of a name.

    Args:
        preset: a folder, `"kaggle://org/model/keras/variant[/version]"`,
            `"hf://[org/]model"`, or one of `SHORT_NAMES`.

    Raises:
        TypeError: where `preset` is neither str nor path.
        ValueError: where it names no preset.
    """
    if not isinstance(preset, (str, os.PathLike)):
        raise TypeError(f"`preset` must be a str or a path; received {preset!r:.100}.")
    name = os.fspath(preset)
    scheme, separator, rest = SHORT_NAMES.get(name, name).partition("://")
    if separator:
        if scheme == "kaggle" and len(rest.split("/")) in {4, 5} and all(rest.split("/")):
            return Preset(name, KaggleHub(rest))
        if scheme == "hf" and len(rest.split("/")) in {1, 2} and all(rest.split("/")):
            return Preset(name, HuggingFaceHub(rest))
        raise ValueError(
            "`preset` must have the form 'kaggle://org/model/keras/variant[/version]' or 'hf://[org/]model' where it "
            f"holds '://'; received {name!r}."
        )
    if Path(name).is_dir():
        return Preset(name, Folder(Path(name)))
    similar = difflib.get_close_matches(name, SHORT_NAMES, n=1)
    raise ValueError(
        f"`preset` must be a folder, a handle that begins with 'kaggle://' or 'hf://', or a known name; received "
        f"{name!r}. "
        + (f"Do you mean {similar[0]!r}?" if similar else f"The known names are {', '.join(SHORT_NAMES)}.")
    )

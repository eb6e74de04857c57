from collections.abc import Callable
from typing import Any, overload

import numpy as np
import numpy.typing as npt

def targets() -> list[str]: ...
def use_target(name: str) -> None: ...
def compiler() -> str: ...
def unicode_version() -> str: ...
def learn(
    counts: dict[str, int],
    vocabulary_size: int,
    reserved_tokens: list[str],
    suffix_indicator: str,
    *,
    upper_threshold: int,
    lower_threshold: int,
    num_iterations: int,
    max_input_tokens: int,
    max_token_length: int,
    max_unique_characters: int,
    slack_ratio: float,
    on_evaluate: Callable[[int, int], None] | None,
    subtract_kept: bool,
    num_threads: int,
) -> list[str]: ...

class Texts:
    @overload
    def __init__(self, source: object) -> None: ...
    @overload
    def __init__(self, buffer: memoryview, delimiter: bytes) -> None: ...
    def __len__(self) -> int: ...
    def tolist(self) -> list[Any]: ...

class WordPieceModel:
    def __init__(self, dumped: bytes) -> None: ...
    def encode(
        self, texts: Texts, num_threads: int, strict: bool
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]: ...
    def encode_with_offsets(
        self, texts: Texts, num_threads: int, strict: bool
    ) -> tuple[
        npt.NDArray[np.int32],
        npt.NDArray[np.int64],
        npt.NDArray[np.int64],
        npt.NDArray[np.int64],
        npt.NDArray[np.int64],
    ]: ...
    def decode(self, ids: npt.NDArray[np.int32], row_splits: npt.NDArray[np.int64], num_threads: int) -> list[str]: ...

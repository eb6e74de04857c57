from collections.abc import Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

def targets() -> list[str]: ...
def use_target(name: str) -> None: ...
def compiler() -> str: ...
def unicode_version() -> str: ...
def pack_segments(
    segments: Sequence[tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]],
    sequence_length: int,
    start_value: Sequence[int],
    end_value: Sequence[int],
    sep_value: Sequence[int],
    pad_value: int,
    truncate: str,
    padding_side: str,
    return_segment_ids: bool,
    num_threads: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.bool_]]: ...
def mask_tokens(
    dumped: bytes,
    token_ids: npt.NDArray[np.int32],
    row_splits: npt.NDArray[np.int64],
    special_tokens_mask: npt.NDArray[np.uint8],
    seed: int,
    examples: npt.NDArray[np.int64],
    epochs: npt.NDArray[np.int64],
    num_threads: int,
) -> tuple[
    npt.NDArray[np.int32],
    npt.NDArray[np.int64],
    npt.NDArray[np.int32],
    npt.NDArray[np.float32],
    npt.NDArray[np.int64],
]: ...

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
    def encode_and_pack(
        self,
        segments: Sequence[Texts],
        sequence_length: int,
        start_value: Sequence[int],
        end_value: Sequence[int],
        sep_value: Sequence[int],
        pad_value: int,
        truncate: str,
        padding_side: str,
        num_threads: int,
        strict: bool,
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.bool_]]: ...
    def encode_and_mask(
        self,
        segments: Sequence[Texts],
        sequence_length: int,
        start_value: Sequence[int],
        end_value: Sequence[int],
        sep_value: Sequence[int],
        pad_value: int,
        truncate: str,
        padding_side: str,
        masking: bytes,
        seed: int,
        examples: npt.NDArray[np.int64],
        epochs: npt.NDArray[np.int64],
        num_threads: int,
        strict: bool,
    ) -> tuple[
        tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.bool_]],
        tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float32]],
    ]: ...
    def decode(self, ids: npt.NDArray[np.int32], row_splits: npt.NDArray[np.int64], num_threads: int) -> list[str]: ...

class WordPieceLadder:
    def __init__(self, model: WordPieceModel, texts: Texts) -> None: ...
    def copy(self) -> int: ...
    def fill(self) -> int: ...
    def find_pieces(self) -> int: ...
    def make_keys(self) -> int: ...
    def look_up(self) -> int: ...
    def ids(self) -> npt.NDArray[np.int32]: ...
    @property
    def pieces(self) -> int: ...
    @property
    def missed(self) -> int: ...

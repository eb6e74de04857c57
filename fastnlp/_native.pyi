from collections.abc import Callable, Sequence
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
def pack_documents(
    ids: npt.NDArray[np.uint16] | npt.NDArray[np.int32],
    starts: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    sequence_length: int,
    start_value: Sequence[int],
    end_value: Sequence[int],
    sep_value: Sequence[int],
    pad_value: int,
    truncate: str,
    padding_side: str,
    dumped: bytes | None,
    seed: int,
    epoch: int,
    examples: npt.NDArray[np.int64],
    num_threads: int,
) -> tuple[
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
    npt.NDArray[np.bool_],
    npt.NDArray[np.int64],
    npt.NDArray[np.int32],
    npt.NDArray[np.float32],
]: ...

class Texts:
    @overload
    def __init__(self, source: object) -> None: ...
    @overload
    def __init__(self, buffer: memoryview, delimiter: bytes) -> None: ...
    def __len__(self) -> int: ...
    def tolist(self) -> list[Any]: ...

class WordCounter:
    def __init__(self, bert: bool, lowercase: bool, strip_accents: bool, split: bool, split_on_cjk: bool) -> None: ...
    def add(self, texts: Texts, num_threads: int, strict: bool) -> None: ...
    def memory(self) -> int: ...
    def take(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64], int]: ...

class WordTable:
    def __init__(self) -> None: ...
    def __len__(self) -> int: ...
    def add(
        self,
        bytes: npt.NDArray[np.uint8],
        splits: npt.NDArray[np.int64],
        counts: npt.NDArray[np.int64],
        firsts: npt.NDArray[np.int64],
    ) -> None: ...
    def take(
        self,
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]: ...

def partition_words(
    bytes: npt.NDArray[np.uint8], splits: npt.NDArray[np.int64], log2_partitions: int
) -> npt.NDArray[np.uint16]: ...
def take_words(
    bytes: npt.NDArray[np.uint8], splits: npt.NDArray[np.int64], indices: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]: ...
def word_counts_to_dict(
    bytes: npt.NDArray[np.uint8], splits: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]
) -> dict[str, int]: ...

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
    def forget(self) -> None: ...
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

"""Input files: found, and read in batches of documents."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import json
import lzma
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

import orjson

from fastnlp.files import naming
from fastnlp.ops.texts import is_strict

TEXT_SUFFIX = ".txt"
JSON_LINES_SUFFIX = ".jsonl"
COMPRESSIONS: dict[str, Any] = {".gz": gzip.open, ".xz": lzma.open}
SUFFIXES = tuple(base + packed for base in (TEXT_SUFFIX, JSON_LINES_SUFFIX) for packed in ("", *COMPRESSIONS))

READ_BYTES = 1 << 20  # of uncompressed text, taken from a file at once
BATCH_BYTES = 4 << 20  # the read that reaches this size ends a batch

Paths: TypeAlias = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
Document: TypeAlias = str | bytes  # bytes are UTF-8, or were meant to be


@dataclass(frozen=True)
class InputRecord:
    """What is known of an input file after it has been read."""

    path: str
    size: int  # bytes on disk
    sha256: str  # of these bytes
    uncompressed_size: int
    documents: int


def find_inputs(inputs: Paths) -> list[Path]:
    """List the files that `inputs` names.

    Args:
        inputs: files and folders, or one of them. Folders are searched to any
            depth for files with a suffix of `SUFFIXES`; links to other
            folders are not followed.

    Returns:
        The files in the order of `inputs`, those of a folder sorted by name.

    Raises:
        FileNotFoundError: where a path does not exist, or a folder holds no
            file with a known suffix.
        ValueError: where `inputs` is empty, or names a file of another suffix.
    """
    paths: list[Path] = []
    for path in map(Path, [inputs] if isinstance(inputs, (str, os.PathLike)) else inputs):
        if path.is_dir():
            found = _search(path)
            if not found:
                raise FileNotFoundError(f"`inputs`: the folder {str(path)!r} holds no file named {_known_names()}.")
            paths += found
        elif not path.exists():
            raise FileNotFoundError(f"`inputs`: {str(path)!r} does not exist.")
        elif not _is_known(path):
            raise ValueError(f"`inputs` must be folders, or files named {_known_names()}; received {str(path)!r}.")
        else:
            paths.append(path)
    if not paths:
        raise ValueError("`inputs` must name at least one file or folder; received none.")
    return paths


def _search(folder: Path) -> list[Path]:
    def stop(error: OSError) -> None:
        raise error

    files = (Path(parent, name) for parent, _, names in os.walk(folder, onerror=stop) for name in names)
    return sorted(path for path in files if _is_known(path))


def _is_known(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES)


def _known_names() -> str:
    return f"*{', *'.join(SUFFIXES)}"


class InputReader:
    """Reads input files one after another, in batches of documents.

    In a text file every line is a document, and an empty line an empty
    document: line `i` of a file is its document `i`. A line ends with a line
    feed, before which one carriage return is dropped. With `document="file"`,
    the whole file is one document.

    In a JSON Lines file every line is an object, one of whose fields is the
    document. Blank lines are skipped.

    A byte order mark at the start of a file is dropped.

    Args:
        inputs: see `find_inputs`.
        document: `"line"` or `"file"`: what a document is in a text file.
        field: name of the field that holds the document in JSON Lines.
        errors: what invalid UTF-8 does, and in JSON a lone surrogate:
            `"replace"` lets U+FFFD stand for it, `"strict"` raises.

    Raises:
        FileNotFoundError, ValueError: where an argument is unusable.
    """

    def __init__(self, inputs: Paths, *, document: str = "line", field: str = "text", errors: str = "replace") -> None:
        if document not in ("line", "file"):
            raise ValueError(f"`document` must be 'line' or 'file'; received {document!r}.")
        is_strict(errors)
        self.document = document
        self.field = field
        self.errors = errors
        self.paths = find_inputs(inputs)
        self.total_bytes = sum(path.stat().st_size for path in self.paths)  # on disk
        self.records: list[InputRecord] = []  # of the files read so far
        self._file: _DiskFile | None = None

    @property
    def bytes_read(self) -> int:
        """How many of the `total_bytes` have been read so far."""
        return sum(record.size for record in self.records) + (self._file.size if self._file else 0)

    def batches(self, num_bytes: int = BATCH_BYTES) -> Iterator[list[Document]]:
        """Read all documents in order.

        Args:
            num_bytes: the size at which a batch ends. It is exceeded by up to
                `READ_BYTES`, or by a document that is larger.

        Raises:
            OSError: where a file cannot be read.
            ValueError: where a file is cut short or not of its format; names
                the file and the line.
        """
        batch: list[Document] = []
        size = 0
        for path in self.paths:
            for documents, read in self._read(path):
                batch += documents
                size += read
                if size >= num_bytes:
                    yield batch
                    batch, size = [], 0
        if batch:
            yield batch

    def _read(self, path: Path) -> Iterator[tuple[Sequence[Document], int]]:
        """Some documents, and the number of bytes that they took."""
        uncompressed_size = num_documents = 0
        try:
            with naming(path), path.open("rb", buffering=0) as raw:
                self._file = _DiskFile(raw)
                for documents, num_bytes in self._parse(path, _uncompress(self._file, path)):
                    uncompressed_size += num_bytes
                    num_documents += len(documents)
                    yield documents, num_bytes
                self._file.drain()
        except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
            raise ValueError(f"{path} is cut short or corrupt: {error}.") from error
        file, self._file = self._file, None
        name = os.fsencode(path).decode(errors="replace")  # a name may be any bytes, the manifest is UTF-8
        self.records.append(InputRecord(name, file.size, file.sha256.hexdigest(), uncompressed_size, num_documents))

    def _parse(self, path: Path, file: IO[bytes]) -> Iterator[tuple[Sequence[Document], int]]:
        is_json = _is_json_lines(path)
        if self.document == "file" and not is_json:
            text = file.read()
            self._check_utf8(text, str(path))
            yield [text], len(text)
            return
        line_number = 1
        for lines, num_bytes in _lines(file):
            if is_json:
                yield self._parse_json(path, lines, line_number), num_bytes
            else:
                if self.errors == "strict":
                    for number, line in enumerate(lines, line_number):
                        self._check_utf8(line, f"{path}, line {number}")
                yield lines, num_bytes
            line_number += len(lines)

    def _check_utf8(self, text: bytes, place: str) -> None:
        if self.errors == "strict":
            try:
                text.decode()
            except UnicodeDecodeError as error:
                raise ValueError(f"{place}: invalid UTF-8 at byte {error.start} (errors='strict').") from None

    def _parse_json(self, path: Path, lines: list[bytes], line_number: int) -> list[Document]:
        documents: list[Document] = []
        for number, line in enumerate(lines, line_number):
            if line and not line.isspace():
                try:
                    documents.append(_json_document(line, self.field, self.errors))
                except ValueError as error:
                    raise ValueError(f"{path}, line {number}: {error}") from None
        return documents


def _json_document(line: bytes, field: str, errors: str) -> str:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        record = _lenient_json(line) if errors == "replace" else None
        if record is None:
            raise ValueError(f"invalid JSON at column {error.colno}: {error.msg}.") from None
    if not isinstance(record, dict):
        raise ValueError(f"must hold a JSON object; received {record!r:.100}.")
    if field not in record:
        raise ValueError(f"has no field {field!r}; its fields are {list(record)!r:.200}.")
    text = record[field]
    if not isinstance(text, str):
        raise ValueError(f"the field {field!r} must be a string; received {text!r:.100}.")
    return text


def _lenient_json(line: bytes) -> Any:
    """The value of a line with invalid UTF-8 or a lone surrogate, which orjson refuses; None where it is no JSON."""
    try:
        return json.loads(line.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None


def _lines(file: IO[bytes]) -> Iterator[tuple[list[bytes], int]]:
    """Some lines without their ends, and the number of bytes that were read for them."""
    rest: list[bytes] = []  # of a line whose end is still to come: joined once, however long it gets
    num_bytes = 0
    while read := file.read(READ_BYTES):
        num_bytes += len(read)
        lines = read.split(b"\n")
        rest.append(lines[0])
        if len(lines) > 1:
            lines[0] = b"".join(rest)
            rest = [lines.pop()]
            if b"\r" in read or lines[0].endswith(b"\r"):
                lines = [line.removesuffix(b"\r") for line in lines]
            yield lines, num_bytes
            num_bytes = 0
    if last := b"".join(rest):
        yield [last], num_bytes


def _is_json_lines(path: Path) -> bool:
    name = path.name.lower()
    return any(name.endswith(JSON_LINES_SUFFIX + packed) for packed in ("", *COMPRESSIONS))


def _uncompress(file: _DiskFile, path: Path) -> IO[bytes]:
    """The bytes that the file holds, less compression and byte order mark."""
    text: Any = io.BufferedReader(file, READ_BYTES)
    open_packed = COMPRESSIONS.get(path.suffix.lower())
    if open_packed:
        if not text.peek():  # which the decompressors do not mind
            raise EOFError("the file is empty")
        text = open_packed(text)
    if text.peek(3).startswith(codecs.BOM_UTF8):
        text.read(3)
    return text  # type: ignore[no-any-return]


class _DiskFile(io.RawIOBase):
    """A file that counts and hashes its bytes while they are read."""

    def __init__(self, raw: io.FileIO) -> None:
        self._raw = raw
        self.size = 0
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = self._raw.readinto(buffer)
        self.sha256.update(memoryview(buffer)[:size])
        self.size += size
        return size

    def drain(self) -> None:
        """Read what a decompressor left unread, which belongs to the checksum."""
        while self.read(READ_BYTES):
            pass

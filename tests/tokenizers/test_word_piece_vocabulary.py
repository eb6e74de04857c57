from __future__ import annotations

import gzip
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnlp.ops.vocabulary_learning import count_words, learn_vocabulary
from fastnlp.tokenizers import compute_word_piece_vocabulary

TEXT = "Bat sat, pat mat: rat. " * 30 + "Émile sat 中文 " * 20
VOCABULARY = learn_vocabulary(count_words(TEXT), 40)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_learns_from_files_without_tensorflow_and_keras(file):
    script = (
        "import sys\n"
        "from fastnlp.tokenizers import compute_word_piece_vocabulary\n"
        "compute_word_piece_vocabulary([sys.argv[1]], 40, sys.argv[2])\n"
        "assert not {'tensorflow', 'keras', 'keras_hub'} & set(sys.modules)\n"
    )
    output = file.with_name("vocabulary.txt")
    subprocess.run([sys.executable, "-c", script, str(file), str(output)], check=True)
    assert output.read_text(encoding="utf-8").splitlines() == VOCABULARY


def test_learns_from_files(file):
    assert compute_word_piece_vocabulary([str(file)], 40) == VOCABULARY
    assert compute_word_piece_vocabulary([file], 40) == VOCABULARY
    assert compute_word_piece_vocabulary([file, file], 40) == learn_vocabulary(count_words([TEXT, TEXT]), 40)


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=3), st.booleans(), st.booleans(), st.booleans())
def test_a_file_counts_as_one_text(tmp_path_factory, contents, lowercase, strip_accents, split_on_cjk):
    folder = tmp_path_factory.mktemp("files")
    contents = [b"\n" + content + "\na\u0301\n\u0301b\r\n中\n".encode() * 5 for content in contents]
    paths = []
    for number, content in enumerate(contents):
        paths.append(folder / str(number))
        paths[-1].write_bytes(content)
    options = {"lowercase": lowercase, "strip_accents": strip_accents, "split_on_cjk": split_on_cjk}
    assert compute_word_piece_vocabulary(paths, 2000, **options) == learn_vocabulary(
        count_words(contents, **options), 2000
    )


@pytest.mark.parametrize("texts", [[TEXT, "", TEXT[:7], TEXT[9:]], [f"w{i % 50}" for i in range(5000)]])
def test_learns_from_texts_in_memory(texts):
    expected = learn_vocabulary(count_words(texts), 80)
    for data in (
        iter(texts),
        (text.encode() for text in texts),
        iter([texts[:2], texts[2:]]),
        np.array(texts, dtype=object),
        np.array(texts),
        pa.array(texts),
        pa.chunked_array([texts[:1], texts[1:]]),
    ):
        assert compute_word_piece_vocabulary(data, 80) == expected


def test_iterators_over_anything_else():
    with pytest.raises(TypeError, match="must hold str or bytes; text 1 is int: 3"):
        compute_word_piece_vocabulary(iter(["a", 3]), 60)


def test_options_reach_the_learner(file):
    def learn(**options):
        return compute_word_piece_vocabulary([file], 100, **options)

    assert "É" in learn()
    assert "中文" not in learn()
    assert "é" in learn(lowercase=True)
    assert "E" in learn(strip_accents=True)
    assert "中文" in learn(split_on_cjk=False)
    assert "@@t" in learn(suffix_indicator="@@")
    assert learn(reserved_tokens=["[UNK]", "中"])[:2] == ["[UNK]", "中"]


def test_writes_the_vocabulary(file, tmp_path):
    output = tmp_path / "vocabulary.txt"
    assert compute_word_piece_vocabulary([file], 40, vocabulary_output_file=str(output)) is None
    assert output.read_bytes() == "".join(f"{token}\n" for token in VOCABULARY).encode()
    assert sorted(os.listdir(tmp_path)) == ["text.txt", "vocabulary.txt"]


def test_unusable_data(tmp_path, file):
    missing = tmp_path / "missing.txt"
    with pytest.raises(FileNotFoundError, match=r"`data` names no file: '.*missing\.txt'"):
        compute_word_piece_vocabulary([file, missing], 40)
    with pytest.raises(IsADirectoryError, match=r"`data` must name files; .* is a folder"):
        compute_word_piece_vocabulary([tmp_path], 40)
    with pytest.raises(TypeError, match="`data` must be a list of file names; received 3"):
        compute_word_piece_vocabulary([3], 40)
    for data in (str(file), (file,), None, {"a": 1}):
        with pytest.raises(
            ValueError, match=r"`data` must be a `tf\.data\.Dataset`, a list of file names, .*; received"
        ):
            compute_word_piece_vocabulary(data, 40)
    with pytest.raises(ValueError, match="`split` must be True where `data` is a list"):
        compute_word_piece_vocabulary([file], 40, split=False)
    file.write_bytes(gzip.compress(b"a b"))
    with pytest.raises(ValueError, match=r"must be a file of plain text; '.*text\.txt' is compressed \(gzip\)"):
        compute_word_piece_vocabulary([file], 40)
    file.write_text(" \n \n")
    for data in ([], [file]):
        with pytest.raises(ValueError, match="at least one word; received none"):
            compute_word_piece_vocabulary(data, 40)


def test_unreadable_file(file, ordinary_user):
    file.chmod(0)
    with ordinary_user(), pytest.raises(PermissionError, match=r"text\.txt"):
        compute_word_piece_vocabulary([file], 40)


def test_unusable_output_file_is_found_before_the_work(tmp_path, file, monkeypatch):
    monkeypatch.setattr("builtins.open", None)
    with pytest.raises(IsADirectoryError, match=r"`vocabulary_output_file` must be a file; .* is a folder"):
        compute_word_piece_vocabulary([file], 40, tmp_path)
    with pytest.raises(FileNotFoundError, match="`vocabulary_output_file` must be in a folder that exists"):
        compute_word_piece_vocabulary([file], 40, tmp_path / "missing" / "vocabulary.txt")


class TestDataset:
    tf = pytest.importorskip("tensorflow")

    def test_shapes_of_the_elements(self):
        tf = self.tf
        texts = [TEXT, "", TEXT[:7], TEXT[9:]]
        expected = learn_vocabulary(count_words(texts), 60)
        scalars = tf.data.Dataset.from_tensor_slices(texts)
        ragged = tf.data.Dataset.from_tensors(tf.ragged.constant([[texts[0]], texts[1:3], [], [texts[3]]]))
        for data in (
            scalars,
            scalars.batch(3),
            scalars.batch(2).batch(2),
            scalars.ragged_batch(3),
            scalars.batch(2).ragged_batch(2),
            ragged,
        ):
            assert compute_word_piece_vocabulary(data, 60) == expected

    def test_words_that_were_split_before(self):
        tf = self.tf
        data = tf.data.Dataset.from_tensor_slices([TEXT, "a b\0"]).map(tf.strings.split)
        expected = learn_vocabulary(count_words([*TEXT.split(), "a", "b\0"], split=False), 60)
        assert compute_word_piece_vocabulary(data, 60, split=False) == expected

    @pytest.mark.parametrize("elements", [[1, 2], (["a"], ["b"]), {"text": ["a"]}])
    def test_elements_that_are_no_strings(self, elements):
        data = self.tf.data.Dataset.from_tensor_slices(elements)
        with pytest.raises(ValueError, match=r"elements of the dataset `data` must be strings; received .*TensorSpec"):
            compute_word_piece_vocabulary(data, 40)

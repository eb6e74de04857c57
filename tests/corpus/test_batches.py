"""Token stores to batches: what the packer and the masker make of documents, in every target."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnlp import corpus
from fastnlp.corpus.document_examples import DocumentExamples
from fastnlp.ops import Masker, WordPiece, pack_start_end
from fastnlp.ops.packing_options import as_packing

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij"]
SPECIAL = [0, 2, 3, 4]
MASKER = Masker(len(VOCABULARY), 0.3, 4, mask_selection_length=3, unselectable_token_ids=SPECIAL)
LENGTHS = [3, 0, 20, 6, 7, 5, 1, 0, 0, 12, 13, 2, 30, 0, 4, 4, 4, 18, 19, 1]


def make(folder, lengths, vocabulary=VOCABULARY):
    generator = np.random.default_rng(len(lengths))
    texts = [" ".join(generator.choice(list("abcdefghij"), length)) for length in lengths]
    (folder / "texts.txt").write_text("".join(text + "\n" for text in texts))
    return corpus.build(folder / "texts.txt", folder / "store", WordPiece(vocabulary))


@pytest.fixture(scope="module", params=["uint16", "int32"])
def store(request, tmp_path_factory):
    more = [f"more{i}" for i in range(70_000)] if request.param == "int32" else []
    store = make(tmp_path_factory.mktemp("corpus"), LENGTHS, [*VOCABULARY, *more])
    assert store.dtype == request.param
    return store


def documents_of(store, budget, long_documents):
    """The tokens of every example."""
    rows = [row.astype(np.int32) for row in store]
    if long_documents == "cut":
        return rows
    return [row[start : start + budget] for row in rows for start in range(0, max(len(row), 1), budget)]


@pytest.mark.parametrize("long_documents", ["split", "cut"])
@pytest.mark.parametrize("padding_side", ["right", "left"])
def test_definition(store, target, long_documents, padding_side):
    """A batch is what pack_start_end and then mask_tokens make of its documents."""
    options = {"start_value": [2, 2], "end_value": 3, "pad_value": 0, "padding_side": padding_side}
    packed = pack_start_end(documents_of(store, 6, long_documents), 9, **options)
    for masker in (None, MASKER):
        batches = store.batches(9, 7, masker=masker, long_documents=long_documents, seed=5, **options)
        assert len(batches.examples) == len(packed.token_ids)
        for step in range(2 * len(batches)):
            epoch, index = batches.index(step)
            token_ids = packed.token_ids[index]
            if masker is None:
                x, expected = batches[step], ()
            else:
                x, *selected = batches[step]
                token_ids, *expected = masker.mask_tokens(token_ids, seed=5, epoch=epoch, index=index)
                assert list(x) == ["token_ids", "segment_ids", "padding_mask", "mask_positions"]
                for part, right in zip((x["mask_positions"], *selected), expected, strict=True):
                    assert part.dtype == right.dtype
                    np.testing.assert_array_equal(part, right)
            for name, right in (("token_ids", token_ids), ("padding_mask", packed.padding_mask[index])):
                assert x[name].dtype == right.dtype
                np.testing.assert_array_equal(x[name], right)
            assert x["segment_ids"].dtype == np.int32
            assert x["segment_ids"].shape == token_ids.shape
            assert not x["segment_ids"].any()


class Lengths:
    """What of a token store says how long its documents are."""

    def __init__(self, lengths):
        self.lengths = np.array(lengths, np.int32)

    def __len__(self):
        return len(self.lengths)


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 12))
def test_every_token_is_in_one_example(lengths, budget):
    packing = as_packing(budget)
    examples = DocumentExamples(Lengths(lengths), packing, None, split=True)
    expected = [(row, start) for row, n in enumerate(lengths) for start in range(0, max(n, 1), budget)]
    assert len(examples) == len(expected)
    if expected:
        documents, starts = examples._find(np.arange(len(expected)))
        assert list(zip(documents.tolist(), starts.tolist(), strict=True)) == expected


def test_tokens_have_names(store):
    named = store.batches(9, 7, start_value="[CLS]", end_value=["[SEP]", "[SEP]"], pad_value="[PAD]")
    numbered = store.batches(9, 7, start_value=2, end_value=[3, 3])
    np.testing.assert_array_equal(named[1]["token_ids"], numbered[1]["token_ids"])


def test_tf_dataset_has_the_same_batches(store):
    tf = pytest.importorskip("tensorflow")
    pytest.importorskip("keras")
    batches = store.batches(9, 7, masker=MASKER, start_value=2, end_value=3, seed=5)
    steps = 2 * len(batches)
    for first, second in zip(batches.as_py_dataset(epochs=2), batches.as_tf_dataset(epochs=2), strict=True):
        steps -= 1
        for part, other in zip(tf.nest.flatten(first), tf.nest.flatten(second), strict=True):
            assert part.dtype == other.dtype.as_numpy_dtype
            assert part.tobytes() == other.numpy().tobytes()
    assert steps == 0


def test_pickle(store):
    batches = store.batches(9, 7, masker=MASKER)
    pickled = pickle.dumps(batches)
    assert len(pickled) < 3000
    for part, other in zip(batches[3][1:], pickle.loads(pickled)[3][1:], strict=True):
        np.testing.assert_array_equal(part, other)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sequence_length": 0}, ValueError, "`sequence_length` must be an int in [1, 2147483647]; received 0."),
        ({"sequence_length": 2}, ValueError, "`sequence_length` must leave room for tokens; received 2, for 2 special"),
        ({"sequence_length": 1}, ValueError, "`sequence_length` must be at least 2"),
        ({"batch_size": 0}, ValueError, "`batch_size` must be at least 1; received 0."),
        ({"long_documents": "drop"}, ValueError, "`long_documents` must be 'split' or 'cut'; received 'drop'."),
        ({"padding_side": "top"}, ValueError, "`padding_side` must be 'right' or 'left'; received 'top'."),
        ({"start_value": "[X]"}, ValueError, "'[X]' is not among its"),
        ({"end_value": 1.5}, TypeError, "`end_value` must be int or str"),
        ({"pad_value": 2**40}, ValueError, "`pad_value` must fit the dtype of the segments, int32"),
        ({"masker": Masker(15, 0.3, 4)}, ValueError, "`masker` must have a `mask_selection_length`"),
    ],
)
def test_bad_arguments(store, arguments, error, message):
    with pytest.raises(error, match=re.escape(message)):
        store.batches(**{"sequence_length": 9, "batch_size": 7, "start_value": 2, "end_value": 3, **arguments})


def test_masker_of_a_smaller_vocabulary(store, target):
    batches = store.batches(9, 7, masker=Masker(7, 0.3, 4, mask_selection_length=3))
    with pytest.raises(ValueError, match=r"`token_ids` must be in \[0, 6\]; received \d+ in row \d, position \d"):
        batches[0]


def test_empty_store(tmp_path):
    empty = make(tmp_path, [])
    for long_documents in ("split", "cut"):
        with pytest.raises(ValueError, match="`examples` must be enough for a batch; received 0"):
            empty.batches(9, 7, long_documents=long_documents)

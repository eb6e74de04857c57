"""`fastnlp vocab`."""

from __future__ import annotations

import pytest

from fastnlp.ops.vocabulary_learning import RESERVED_TOKENS, count_words, learn_vocabulary

LINES = ["The bat sat on the mat", "a RAT \u00e9t \u4e2d\u6587", "", "the cat"] * 20


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(LINES), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("arguments", "counting", "learning"),
    [
        ([], {}, {}),
        (["--lowercase"], {"lowercase": True}, {}),
        (["--rules", "bert", "--lowercase"], {"rules": "bert", "lowercase": True}, {}),
        (["--strip-accents"], {"strip_accents": True}, {}),
        (["--no-split"], {"split": False}, {}),
        (["--no-split-on-cjk"], {"split_on_cjk": False}, {}),
        (["--suffix-indicator", "@@"], {}, {"suffix_indicator": "@@"}),
        (["--reserved-token", "[UNK]", "--reserved-token", "<s>"], {}, {"reserved_tokens": ["[UNK]", "<s>"]}),
    ],
)
def test_learn(fastnlp, text, tmp_path, arguments, counting, learning):
    status, out, err = fastnlp("vocab", "learn", text, "--size", "40", "--out", "new/vocab.txt", *arguments)
    assert (status, err) == (0, "")
    tokens = (tmp_path / "new/vocab.txt").read_text(encoding="utf-8").split("\n")
    counts = count_words(LINES, **counting)
    assert tokens == [*learn_vocabulary(counts, 40, **learning), ""]
    assert tokens[: len(learning.get("reserved_tokens", RESERVED_TOKENS))] == list(
        learning.get("reserved_tokens", RESERVED_TOKENS)
    )
    assert out == (
        f"new/vocab.txt: {len(tokens) - 1} tokens, learned from {sum(counts.values())} words, "
        f"{len(counts)} of them different\n"
    )


def test_a_learned_vocabulary_builds_a_store(fastnlp, text):
    assert fastnlp("vocab", "learn", text, "--size", "40", "--out", "vocab.txt")[0] == 0
    status, out, _ = fastnlp("corpus", "build", text, "--vocabulary", "vocab.txt", "--out", "tokens")
    assert status == 0
    assert out.startswith("tokens: 80 documents, ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.txt"], "`inputs`: 'missing.txt' does not exist."),
        (["empty.txt"], "`word_counts` must hold at least one word; received none."),
        (["text.txt", "--out", "folder"], "`out` must be a file; 'folder' is a folder."),
        (["text.txt", "--reserved-token", ""], "`reserved_tokens` must hold no empty token; received ''."),
        (["bad.txt", "--errors", "strict"], "bad.txt, line 2: invalid UTF-8 at byte 0 (errors='strict')."),
    ],
)
def test_errors_leave_nothing(fastnlp, text, tmp_path, arguments, message):
    (tmp_path / "empty.txt").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "bad.txt").write_bytes(b"ok\n\xff")
    before = sorted(tmp_path.rglob("*"))
    status, out, err = fastnlp("vocab", "learn", "--size", "40", "--out", "vocab.txt", *arguments)
    assert (status, out, err) == (1, "", f"error: {message}\n")
    assert sorted(tmp_path.rglob("*")) == before

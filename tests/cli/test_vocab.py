"""`fastnlp vocab`."""

from __future__ import annotations

import re

import pytest

from fastnlp.corpus import WordCounts
from fastnlp.corpus.spilling_counter import SpillingCounter
from fastnlp.ops.vocabulary_learning import RESERVED_TOKENS, count_words, learn_vocabulary

LINES = ["The bat sat on the mat", "a RAT \u00e9t \u4e2d\u6587", "", "the cat"] * 20

SUBTRACT_KEPT = {"algorithm": "subtract_kept", "lower_threshold": 90}
REPORT = """\
path            vocab.txt
tokens          46 of 60 asked for; the search found no threshold that comes nearer
threshold       20
corpus          260 words, 12 of them different
                1.000 tokens per word, 0.000% of words unknown
held out        9 words, 3 of them different
                1.667 tokens per word, 33.333% of words unknown
longest tokens  the RAT The bat cat mat sat on \u00e9t A
"""


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
        (["--algorithm", "subtract_kept", "--lower-threshold", "90"], {}, SUBTRACT_KEPT),
        (["--upper-threshold", "30"], {}, {"upper_threshold": 30}),
        (["--lower-threshold", "200"], {}, {"lower_threshold": 200}),
        (["--num-iterations", "1", "--lower-threshold", "90"], {}, {"num_iterations": 1, "lower_threshold": 90}),
        (["--max-input-tokens", "3"], {}, {"max_input_tokens": 3}),
        (["--max-token-length", "2"], {}, {"max_token_length": 2}),
        (["--max-unique-characters", "4"], {}, {"max_unique_characters": 4}),
        (["--slack-ratio", "0.5"], {}, {"slack_ratio": 0.5}),
        (["--threads", "2"], {}, {}),
    ],
)
def test_learn(fastnlp, text, tmp_path, arguments, counting, learning):
    status, out, err = fastnlp("vocab", "learn", text, "--size", "60", "--out", "new/vocab.txt", *arguments)
    assert (status, err) == (0, "")
    tokens = (tmp_path / "new/vocab.txt").read_text(encoding="utf-8").split("\n")
    counts = count_words(LINES, **counting)
    assert tokens == [*learn_vocabulary(counts, 60, **learning), ""]
    assert tokens[: len(learning.get("reserved_tokens", RESERVED_TOKENS))] == list(
        learning.get("reserved_tokens", RESERVED_TOKENS)
    )
    facts = dict(re.split(r"  +", line, maxsplit=1) for line in out.splitlines())
    assert facts["path"] == "new/vocab.txt"
    assert facts["tokens"].startswith(f"{len(tokens) - 1} of 60 asked for")
    assert facts["corpus"] == f"{sum(counts.values())} words, {len(counts)} of them different"
    assert ("held out" in facts) == ("--held-out" in arguments)


def test_report(fastnlp, text, tmp_path):
    (tmp_path / "other.txt").write_text("the hat\nxyz\n" * 3)
    status, out, _ = fastnlp("vocab", "learn", text, "--size", "60", "--out", "vocab.txt", "--held-out", "other.txt")
    assert status == 0
    assert out == REPORT
    assert fastnlp("vocab", "count", "other.txt", "--out", "other.parquet")[0] == 0
    from_counts = fastnlp("vocab", "learn", text, "--size", "60", "--out", "vocab.txt", "--held-out", "other.parquet")
    assert from_counts == (0, REPORT, "")


def test_held_out_text_follows_the_rules_of_the_corpus(fastnlp, text, tmp_path):
    (tmp_path / "upper.txt").write_text("THE HAT\n")
    learn = ("vocab", "learn", "--size", "60", "--out", "vocab.txt", "--held-out")
    known = "0.000% of words unknown"
    status, out, _ = fastnlp(*learn, "upper.txt", "--lowercase", text)
    assert (status, out.count(known)) == (0, 2)
    assert fastnlp("vocab", "count", text, "--lowercase", "--out", "lower.parquet")[0] == 0
    assert fastnlp(*learn, "upper.txt", "lower.parquet") == (0, out, "")
    assert fastnlp("vocab", "count", "upper.txt", "--lowercase", "--out", "upper.parquet")[0] == 0
    assert fastnlp(*learn, "upper.parquet", "lower.parquet") == (0, out, "")
    assert fastnlp(*learn, "upper.parquet", "--lowercase", text) == (0, out, "")
    assert fastnlp("vocab", "count", "upper.txt", "--out", "upper.parquet")[0] == 0
    status, out, err = fastnlp(*learn, "upper.parquet", "lower.parquet")
    assert (status, out) == (1, "")
    assert err.startswith("error: `held_out` must be counted by the rules of the corpus, ")


def test_a_size_without_room_for_the_alphabet(fastnlp, text, tmp_path):
    status, out, err = fastnlp("vocab", "learn", text, "--size", "12", "--out", "vocab.txt")
    assert (status, out) == (1, "")
    characters = len(set("".join(count_words(LINES))))
    assert err == (
        f"error: `vocabulary_size` must be at least {5 + characters}, for 5 reserved tokens and {characters} "
        "characters; received 12.\n"
    )
    assert not (tmp_path / "vocab.txt").exists()


def test_a_size_without_room_for_all_tokens(fastnlp, text):
    size = 5 + len(set("".join(count_words(LINES)))) + 3
    status, out, err = fastnlp("vocab", "learn", text, "--size", size, "--out", "vocab.txt")
    assert (status, err) == (0, "")
    assert re.search(rf"tokens +{size} of {size} asked for; \d+ more, the rarest, are cut off: ", out)


def test_a_learned_vocabulary_builds_a_store(fastnlp, text):
    assert fastnlp("vocab", "learn", text, "--size", "40", "--out", "vocab.txt")[0] == 0
    status, out, _ = fastnlp("corpus", "build", text, "--vocabulary", "vocab.txt", "--out", "tokens")
    assert status == 0
    assert out.startswith("tokens: 80 documents, ")


@pytest.mark.parametrize("options", [[], ["--threads", "2", "--max-memory", "1"]])
def test_count_and_learn(fastnlp, text, tmp_path, options):
    status, out, err = fastnlp("vocab", "count", text, "--lowercase", "--out", "new/counts.parquet", *options)
    counts = count_words(LINES, lowercase=True)
    size = f"{sum(counts.values())} words, {len(counts)} of them different"
    assert (status, out, err) == (0, f"new/counts.parquet: {size}\n", "")
    assert list(WordCounts.load(tmp_path / "new/counts.parquet").items()) == list(counts.items())

    status, out, err = fastnlp(
        "vocab", "learn", "new/counts.parquet", "--size", "42", "--size", "41", "--out", "vocab-{size}.txt"
    )
    assert (status, err) == (0, "")
    for size, report in zip((42, 41), out.split("path ")[1:], strict=True):
        tokens = (tmp_path / f"vocab-{size}.txt").read_text(encoding="utf-8").split("\n")
        assert tokens == [*learn_vocabulary(counts, size), ""]
        assert f"vocab-{size}.txt\n" in report
        assert f" {len(tokens) - 1} of {size} asked for\n" in report
        assert f" {sum(counts.values())} words, {len(counts)} of them different\n" in report


def test_several_counts_files_are_added_up(fastnlp, text, tmp_path):
    (tmp_path / "other.txt").write_text("cats and rats\n" * 30)
    for name in ("text", "other"):
        assert fastnlp("vocab", "count", f"{name}.txt", "--out", f"{name}.parquet")[0] == 0
    assert fastnlp("vocab", "learn", "text.parquet", "other.parquet", "--size", "50", "--out", "a.txt")[0] == 0
    assert fastnlp("vocab", "learn", "text.txt", "other.txt", "--size", "50", "--out", "b.txt")[0] == 0
    assert (tmp_path / "a.txt").read_bytes() == (tmp_path / "b.txt").read_bytes()


def test_what_is_replaced_is_said(fastnlp, tmp_path):
    (tmp_path / "bad.txt").write_bytes(b"a\xff \xfe\n")
    status, out, _ = fastnlp("vocab", "count", "bad.txt", "--out", "counts.parquet")
    assert (status, out) == (
        0,
        "counts.parquet: 2 words, 2 of them different; 2 ill-formed sequences of bytes replaced\n",
    )


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("count", ["text.txt", "--out", "counts"], "`out` must be named *.parquet; received 'counts'."),
        ("count", ["missing.txt", "--out", "c.parquet"], "`inputs`: 'missing.txt' does not exist."),
        (
            "count",
            ["bad.txt", "--errors", "strict", "--out", "c.parquet"],
            "bad.txt, line 2: invalid UTF-8 at byte 0 (errors='strict').",
        ),
        (
            "learn",
            ["text.txt", "a.parquet", "--size", "9", "--out", "v.txt"],
            "`inputs` must be all text, or all counts files (*.parquet); received both.",
        ),
        (
            "learn",
            ["a.parquet", "--lowercase", "--size", "9", "--out", "v.txt"],
            "`--lowercase` is for text; the words of counts files have been counted already.",
        ),
        (
            "learn",
            ["a.parquet", "b.parquet", "--size", "9", "--out", "v.txt"],
            "Word counts of different rules cannot be added up: lowercase=False and lowercase=True.",
        ),
        (
            "learn",
            ["missing.parquet", "--size", "9", "--out", "v.txt"],
            "There is no counts file 'missing.parquet'.",
        ),
        (
            "learn",
            ["text.txt", "--size", "9", "--size", "8", "--out", "v.txt"],
            "`out` must hold {size} where several sizes are asked for; received 'v.txt'.",
        ),
    ],
)
def test_errors_of_counts_leave_nothing(fastnlp, text, tmp_path, command, arguments, message):
    (tmp_path / "bad.txt").write_bytes(b"ok\n\xff")
    assert fastnlp("vocab", "count", "text.txt", "--out", "a.parquet")[0] == 0
    assert fastnlp("vocab", "count", "text.txt", "--out", "b.parquet", "--lowercase")[0] == 0
    before = sorted(tmp_path.rglob("*"))
    status, out, err = fastnlp("vocab", command, *arguments)
    assert (status, out, err) == (1, "", f"error: {message}\n")
    assert sorted(tmp_path.rglob("*")) == before


def test_ctrl_c_leaves_nothing(fastnlp, text, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(SpillingCounter, "finish", interrupt)
    before = sorted(tmp_path.rglob("*"))
    assert fastnlp("vocab", "count", "text.txt", "--out", "counts.parquet")[0] == 130
    assert sorted(tmp_path.rglob("*")) == before


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

"""`fastnlp corpus`."""

from __future__ import annotations

import pytest

from fastnlp import corpus
from fastnlp.ops import WordPiece


def test_build_and_show(fastnlp, text, vocabulary, tmp_path):
    status, out, err = fastnlp("corpus", "build", text, "--vocabulary", vocabulary, "--out", "tokens")
    assert (status, err) == (0, "")
    assert out.startswith("tokens: 3 documents, 8 tokens; 0.0 MB of text in ")
    assert corpus.open("tokens")[:].to_list() == [[1, 2, 3], [], [0, 3, 5, 7, 6]]

    status, out, err = fastnlp("corpus", "show", "tokens")
    assert (status, err) == (0, "")
    facts = dict(line.split("  ", 1) for line in out.splitlines())
    facts = {name.strip(): value.strip() for name, value in facts.items()}
    assert facts["path"] == str(tmp_path / "tokens")
    assert facts["documents"] == "3"
    assert facts["vocabulary"] == "8"
    assert facts["input files"] == "1"
    assert facts[""] == str(text)
    assert "rules='keras', lowercase=False" in facts["encoder"]

    status, out, err = fastnlp("corpus", "show", "tokens", "--document", "0", "--document", "-1", "--document", "1")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "document 0, 3 tokens",
        "1 2 3",
        "the quick fox",
        "document -1, 5 tokens",
        "0 3 5 7 6",
        "[UNK] fox [ SEP ]",
        "document 1, 0 tokens",
        "",
        "",
    ]


@pytest.mark.parametrize("index", [3, -4])
def test_show_a_document_that_is_not_there(fastnlp, text, vocabulary, index):
    fastnlp("corpus", "build", text, "--vocabulary", vocabulary, "--out", "tokens")
    status, out, err = fastnlp("corpus", "show", "tokens", "--document", "0", "--document", index)
    assert (status, out, err) == (1, "", f"error: `--document`: document {index} is out of range for 3 documents.\n")


def test_show_lists_some_inputs(fastnlp, vocabulary, tmp_path):
    (tmp_path / "many").mkdir()
    for number in range(12):
        (tmp_path / "many" / f"{number:02}.txt").touch()
    fastnlp("corpus", "build", "many", "--vocabulary", vocabulary, "--out", "tokens")
    _, out, _ = fastnlp("corpus", "show", "tokens")
    assert [line.split()[-1] for line in out.splitlines()[-12:]] == [
        "12",
        *(f"many/{number:02}.txt" for number in range(10)),
        "…",
    ]


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["--lowercase"], {"lowercase": True}),
        (["--rules", "bert", "--lowercase"], {"rules": "bert", "lowercase": True}),
        (["--rules", "bert", "--no-strip-accents"], {"rules": "bert", "strip_accents": False}),
        (["--strip-accents"], {"strip_accents": True}),
        (["--no-split"], {"split": False}),
        (["--no-split-on-cjk"], {"split_on_cjk": False}),
        (["--suffix-indicator", "@@"], {"suffix_indicator": "@@"}),
        (["--oov-token", "fox"], {"oov_token": "fox"}),
        (["--special-token", "[SEP]"], {"special_tokens": ["[SEP]"], "special_tokens_in_strings": True}),
        (["--threads", "2", "--errors", "strict"], {}),
    ],
)
def test_options_reach_the_encoder(fastnlp, text, vocabulary, arguments, options):
    status, _, _ = fastnlp("corpus", "build", text, "--vocabulary", vocabulary, "--out", "tokens", *arguments)
    assert status == 0
    encoder = WordPiece(vocabulary, **options)
    store = corpus.open("tokens")
    assert store.encoder == encoder
    assert store[:] == encoder.encode(text.read_text().splitlines())


def test_options_reach_the_reader(fastnlp, text, vocabulary, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"body": "the fox"}\n')
    arguments = ["--document", "file", "--field", "body"]
    fastnlp("corpus", "build", text, "a.jsonl", "--vocabulary", vocabulary, "--out", "tokens", *arguments)
    assert corpus.open("tokens")[:].to_list() == [[1, 2, 3, 0, 3, 5, 7, 6], [1, 3]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text.txt": "missing.txt"}, "`inputs`: 'missing.txt' does not exist."),
        ({"text.txt": "vocab.md"}, "`inputs`: 'vocab.md' does not exist."),
        ({"text.txt": "folder"}, "`inputs`: the folder 'folder' holds no file named *.txt,"),
        ({"vocab.txt": "missing.txt"}, "`vocabulary` names no file: 'missing.txt'."),
        ({"vocab.txt": "folder"}, "`vocabulary` must be a file; 'folder' is a folder."),
        ({"tokens": "full"}, "`out` must be a new or an empty folder; "),
        ({"tokens": "text.txt/tokens"}, "File exists: "),
    ],
)
def test_errors_leave_nothing(fastnlp, text, vocabulary, tmp_path, changes, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "full/kept").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    arguments = ["text.txt", "--vocabulary", "vocab.txt", "--out", "tokens"]
    status, out, err = fastnlp("corpus", "build", *(changes.get(argument, argument) for argument in arguments))
    assert (status, out) == (1, "")
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_an_error_inside_a_file(fastnlp, text, vocabulary, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "the"}\n{"text": 3}\n')
    status, _, err = fastnlp("corpus", "build", text, "a.jsonl", "--vocabulary", vocabulary, "--out", "tokens")
    assert (status, err) == (1, "error: a.jsonl, line 2: the field 'text' must be a string; received 3.\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "text.txt", "vocab.txt"]

"""`fastnlp bench`."""

from __future__ import annotations

import json
from importlib import import_module

import pytest

from fastnlp.bench import peers
from fastnlp.bench.ladder import RUNGS
from fastnlp.bench.names import FAST_BERT
from fastnlp.bench.targets import native_targets

TEXT = "the quick fox\n\nThe fox, the\u00e9 [SEP]\n" * 20


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def without(monkeypatch):
    """Make packages as if they were not installed."""

    def hide(*packages):
        def find(name):
            if name.split(".")[0] in packages:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            return import_module(name)

        monkeypatch.setattr(peers, "import_module", find)

    return hide


def test_without_peers(fastnlp, text, vocabulary, tmp_path, without):
    without("tokenizers", "tensorflow", "tensorflow_text", "keras", "keras_hub", "nanotoken")
    status, out, err = fastnlp("bench", text, "--vocabulary", vocabulary, "--threads", 2, "--json", "results.json")
    assert (status, err) == (0, "")
    results = json.loads((tmp_path / "results.json").read_bytes())
    assert (results["documents"], results["megabytes"]) == (60, len(TEXT.replace("\n", "").encode()) / 1e6)
    assert (results["vocabulary_size"], results["threads"], results["rules"]) == (8, [1, 2], "bert")

    ladder = results["ladder"]
    assert ladder["ids_equal"]
    assert ladder["target"] == native_targets()[0]
    assert [rung["name"] for rung in ladder["rungs"]] == list(RUNGS)

    targets = [row["implementation"].split()[1] for row in results["targets"]]
    assert targets == [name for name in native_targets() for _ in ("warm", "cold")]
    assert all(entrance["ids_equal"] for entrance in results["entrances"])
    assert {"list of str", "lines of a file"} <= {entrance["name"] for entrance in results["entrances"]}
    rows = [*results["targets"], *results["comparison"]["rows"]]
    assert {row["different"] for row in rows} == {0}
    assert all(set(row["timings"]) == {"1", "2"} for row in rows)
    assert results["comparison"]["oracles"] == {"bert": "fastnlp", "keras": "fastnlp"}
    missing = ["nanotoken", "tensorflow_text", "tokenizers", "tensorflow", "keras_hub"]
    assert list(results["comparison"]["missing"]) == missing
    assert f"Not installed: {', '.join(missing)}." in out
    for name in (*RUNGS.values(), *native_targets(), "list of str", "differ", "noise"):
        assert name in out


def test_a_peer_with_other_ids_is_not_passed_over(fastnlp, text, vocabulary, tmp_path, without, monkeypatch):
    pytest.importorskip("tokenizers")
    pytest.importorskip("nanotoken")
    without("tensorflow", "tensorflow_text", "keras", "keras_hub")
    right = peers.hugging_face

    def make_spoiled(tokens, **options):
        return right(["wolf" if token == "fox" else token for token in tokens], **options)

    monkeypatch.setattr(peers, "hugging_face", make_spoiled)
    status, out, _ = fastnlp("bench", text, "--vocabulary", vocabulary, "--threads", 1, "--json", "results.json")
    assert status == 0
    comparison = json.loads((tmp_path / "results.json").read_bytes())["comparison"]
    assert comparison["oracles"] == {"bert": "tokenizers encode_batch", "keras": "fastnlp"}
    different = {(row["implementation"], row["rules"]): row["different"] for row in comparison["rows"]}
    assert different["fastnlp", "bert"] == 40  # those with a fox
    assert different["fastnlp", "keras"] == different["tokenizers encode_batch", "bert"] == 0
    assert "40 of 60" in out


def test_all_peers(fastnlp, text, vocabulary, tmp_path):
    for package in ("tokenizers", "nanotoken", "tensorflow_text", "keras_hub"):
        pytest.importorskip(package)
    pytest.importorskip("matplotlib")
    status, out, _ = fastnlp(
        *("bench", text, "--vocabulary", vocabulary, "--threads", 1),
        *("--json", "results.json", "--chart", "chart.png"),
    )
    assert status == 0
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    comparison = json.loads((tmp_path / "results.json").read_bytes())["comparison"]
    assert comparison["missing"] == {}
    assert comparison["oracles"] == {"bert": "tokenizers encode_batch", "keras": "KerasHub WordPieceTokenizer"}
    assert {row["implementation"] for row in comparison["rows"] if row["different"]} <= {FAST_BERT}
    assert len(comparison["rows"]) == 12
    assert "Not installed" not in out


def test_own_text_and_vocabulary(fastnlp, tmp_path, without, monkeypatch):
    """Without arguments, the documentation that Python carries, and a vocabulary learned from it."""
    without("tokenizers", "tensorflow", "tensorflow_text", "keras", "keras_hub", "nanotoken")
    monkeypatch.setattr("fastnlp.cli.bench.LEARNED_BYTES", 20_000)
    status, out, err = fastnlp(
        "bench", "--megabytes", 0.1, "--threads", 1, "--target", "scalar", "--json", "results.json"
    )
    assert (status, err) == (0, "")
    results = json.loads((tmp_path / "results.json").read_bytes())
    assert results["text"] == "Python's own documentation, and a vocabulary learned from it"
    assert 0.05 < results["megabytes"] <= 0.1
    assert results["vocabulary_size"] > 100
    assert results["ladder"]["target"] == "scalar"
    assert results["ladder"]["ids_equal"]
    assert "Ladder, scalar" in out


def test_lone_surrogates_are_replaced(fastnlp, vocabulary, tmp_path, without):
    without("tensorflow", "tensorflow_text", "keras", "keras_hub", "nanotoken")
    (tmp_path / "text.jsonl").write_text('{"text": "the \\ud800 fox"}\n' * 3)
    status, _, err = fastnlp("bench", "text.jsonl", "--vocabulary", vocabulary, "--threads", 1)
    assert (status, err) == (0, "")


def test_errors(fastnlp, text, vocabulary, tmp_path, monkeypatch):
    status, out, err = fastnlp("bench", text, "--vocabulary", vocabulary, "--target", "fpga")
    assert (status, out) == (2, "")
    assert f"`--target` must be one of {native_targets()} on this machine; received 'fpga'." in err
    status, out, err = fastnlp("bench", "missing.txt", "--vocabulary", vocabulary)
    assert (status, out) == (1, "")
    assert "`inputs`: 'missing.txt' does not exist." in err
    (tmp_path / "empty.txt").write_text("\n\n")
    status, out, err = fastnlp("bench", "empty.txt", "--vocabulary", vocabulary)
    assert (status, out, err) == (1, "", "error: `inputs` must hold text; there is none.\n")
    monkeypatch.setattr("fastnlp.cli.bench.find_spec", lambda name: None)
    status, out, err = fastnlp("bench", text, "--vocabulary", vocabulary, "--chart", "chart.png")
    assert (status, out) == (2, "")
    assert "`--chart` needs matplotlib" in err

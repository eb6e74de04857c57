"""What holds for every command: help, exit status, streams, Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

import pytest

import fastnlp as package
from fastnlp.cli import main

COMMANDS = [
    [],
    ["demo"],
    ["vocab"],
    ["vocab", "learn"],
    ["corpus"],
    ["corpus", "build"],
    ["corpus", "show"],
    ["example"],
    ["info"],
]


def start(*arguments: object, module: str = "fastnlp", **options) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    return subprocess.Popen(command, **options)


@pytest.mark.parametrize("command", COMMANDS)
def test_help(fastnlp, command):
    status, out, err = fastnlp(*command, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(" ".join(["Usage: fastnlp", *command]))


def test_help_imports_nothing_heavy():
    command = [sys.executable, "-X", "importtime", "-m", "fastnlp", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = {line.split("|")[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "click" in imported
    assert not imported & {"numpy", "rich", "orjson", "tensorflow", "keras", "jax", "torch", "pyarrow"}


@pytest.mark.parametrize("module", ["fastnlp", "fastnlp.cli"])
def test_version(module):
    process = start("--version", module=module)
    assert process.communicate() == (f"fastnlp {package.__version__}\n", "")
    assert process.returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["info", "--no-such-option"],
        ["corpus", "build", "text.txt"],
        ["corpus", "build", "--vocabulary", "vocab.txt", "--out", "out"],
        ["corpus", "build", "a.txt", "--vocabulary", "v", "--out", "out", "--threads", "0"],
        ["corpus", "build", "a.txt", "--vocabulary", "v", "--out", "out", "--rules", "other"],
        ["corpus", "show"],
        ["vocab", "learn", "a.txt", "--size", "none", "--out", "v"],
        ["demo", "--size", "0"],
        ["example"],
        ["example", "7"],
        ["example", "2", "--epochs", "0"],
        ["example", "2", "--learning-rate", "0"],
        ["example", "2", "--backend", "numpy"],
    ],
)
def test_unusable_arguments(fastnlp, arguments):
    status, out, err = fastnlp(*arguments)
    assert (status, out) == (2, "")
    assert "Error: " in err
    assert err.startswith("Usage: fastnlp")


def test_info(fastnlp):
    config = package.show_config()
    status, out, err = fastnlp("info", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out) == config
    status, out, _ = fastnlp("info")
    assert status == 0
    lines = dict(line.split(None, 1) for line in out.splitlines())
    assert lines.keys() == config.keys()
    assert lines["targets"] == ", ".join(config["targets"])


def in_terminal(*arguments: object, **environment: str) -> str:
    """What a command writes to standard error where that is a terminal."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", **environment}
    process = start(*arguments, stderr=slave, env=environment)
    os.close(slave)
    written = b""
    try:
        while data := os.read(master, 65_536):
            written += data
    except OSError:  # the end, on Linux
        pass
    os.close(master)
    out, _ = process.communicate()
    assert process.returncode == 0, written
    assert "\x1b" not in out
    assert "3 documents" in out
    return written.decode()


COLOR = re.compile(r"\x1b\[[0-9;]*[39][0-7]m")


def test_progress_where_there_is_a_terminal(tmp_path, text, vocabulary):
    build = ["corpus", "build", text, "--vocabulary", vocabulary, "--out"]
    bars = in_terminal(*build, tmp_path / "a", NO_COLOR="")
    assert "build token store" in bars
    assert "100%" in bars
    assert COLOR.search(bars)
    assert not COLOR.search(in_terminal(*build, tmp_path / "b", NO_COLOR="1"))
    assert in_terminal(*build, tmp_path / "c", "--quiet") == ""


@pytest.mark.parametrize("part", ["", "the quick fox\n" * 100_000])
def test_ctrl_c_leaves_nothing(tmp_path, vocabulary, part):
    pipe = tmp_path / "text.txt"
    os.mkfifo(pipe)
    process = start("corpus", "build", pipe, "--vocabulary", vocabulary, "--out", tmp_path / "out")
    with pipe.open("w") as file:  # open until the end, so that the command waits for more
        file.write(part)
        file.flush()
        while not list(tmp_path.glob(".out.*")):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.strip()) == (130, "", "error: interrupted")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["text.txt", "vocab.txt"]


def test_a_closed_pipe_is_no_crash(tmp_path, text, vocabulary):
    assert main(["corpus", "build", str(text), "--vocabulary", str(vocabulary), "--out", str(tmp_path / "out")]) == 0
    show = ["corpus", "show", str(tmp_path / "out"), *["--document", "0"] * 10_000]
    process = start(*show)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 1


def test_an_unknown_target_is_named(tmp_path, text, vocabulary):
    environment = {**os.environ, "FASTNLP_TARGET": "abacus"}
    process = start("info", env=environment)
    out, err = process.communicate()
    assert (process.returncode, out) == (1, "")
    assert err.startswith("error: `target` must be one of ")
    assert "'abacus'" in err

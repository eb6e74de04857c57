"""What a measurement was made on, and with."""

from __future__ import annotations

import platform
import re
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fastnlp.config import show_config

PEERS = ("nanotoken", "tokenizers", "tensorflow", "tensorflow-text", "keras", "keras-hub")


def describe_machine() -> str:
    """The processor and its number of cores."""
    name = platform.processor() or platform.machine()
    with suppress(OSError):
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
        name = found[1] if found else name
    cores = show_config()["cores"]
    return f"{re.sub(r'[(](R|TM)[)]', '', name)}, {cores} {'core' if cores == 1 else 'cores'}"


def describe_software() -> str:
    """fastnlp and the peers that are installed, with their versions."""
    config = show_config()
    parts = [f"fastnlp {config['fastnlp']} ({config['target']}, {config['compiler']})", f"Python {config['python']}"]
    for peer in PEERS:
        with suppress(PackageNotFoundError):
            parts.append(f"{peer} {version(peer)}")
    return ", ".join(parts)

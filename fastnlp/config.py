"""What this installation of fastnlp is made of."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from fastnlp import _dispatch
from fastnlp._version import __version__


def show_config() -> dict[str, Any]:
    """Describe the installation, for bug reports and benchmarks.

    Returns:
        A dict with the versions of fastnlp, Python, NumPy, TensorFlow and
        Keras (None where absent); the extension's file, compiler and Unicode
        version, or why it is missing; the CPU targets that can be used and
        the one in use; the number of cores; and whether TensorFlow's ops are
        loaded in this process (None as long as `fastnlp.tf` was not imported)
        and, if not, why.
    """
    native = _dispatch.native
    tf = sys.modules.get("fastnlp.tf")
    return {
        "fastnlp": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "numpy": np.__version__,
        "tensorflow": _version("tensorflow"),
        "keras": _version("keras"),
        "extension": native.__file__ if native is not None else None,
        "extension_error": _dispatch.native_error,
        "compiler": native.compiler() if native is not None else None,
        "unicode": native.unicode_version() if native is not None else None,
        "targets": _dispatch.available_targets(),
        "target": _dispatch.target(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "tensorflow_ops": tf.library_error() is None if tf is not None else None,
        "tensorflow_ops_error": tf.library_error() if tf is not None else None,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None

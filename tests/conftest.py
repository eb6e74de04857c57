"""What every test shares: the guard that the extension is there, and where real text lies."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from fastnlp import _dispatch

if "PYTEST_XDIST_WORKER" in os.environ:
    # There is a worker for every core: threads of PyTorch's own would wait for one another.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

for name in ("CI", "BUILD_NUMBER"):
    # With these pytest writes out how things differ that should be equal: of long lists, that takes hours.
    os.environ.pop(name, None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reference-only", action="store_true", help="run without the extension")


def pytest_report_header() -> str:
    native = _dispatch.native
    return f"fastnlp: {native.__file__ if native else 'no extension'}, targets {_dispatch.available_targets()}"


def pytest_sessionstart(session: pytest.Session) -> None:
    if _dispatch.native is None and not session.config.getoption("--reference-only"):
        pytest.exit(f"the extension is missing ({_dispatch.native_error}); see --reference-only", returncode=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of a few long tests come first: the last to end would else be waited for by one worker."""
    long = ("test_backends.py", "test_core.py", "test_workflows.py", "test_tutorial.py")
    items.sort(key=lambda item: item.path.name not in long)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real text and vocabularies, which is no part of the project."""
    folder = Path(os.environ.get("FASTNLP_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real text at {folder}; set FASTNLP_DATA")
    return folder


@pytest.fixture(scope="session")
def run_python() -> Callable[..., str]:
    """Run code in a fresh Python process; its standard output."""

    def run(code: str, *arguments: object, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-P", "-c", code, *map(str, arguments)],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def ordinary_user(tmp_path: Path) -> Callable[[], AbstractContextManager[None]]:
    """A context in which files can be out of reach: root, who can read them all, is somebody else in it."""
    for folder in (tmp_path, *list(tmp_path.parents)[:3]):  # in parallel runs, one more than else
        if folder.name.startswith(("test_", "popen-", "pytest-")):
            folder.chmod(0o755)

    @contextmanager
    def become() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return become


@pytest.fixture(params=_dispatch.available_targets())
def target(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every implementation, one after another."""
    with _dispatch.use_target(request.param):
        yield request.param

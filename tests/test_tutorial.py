"""docs/tutorial.ipynb runs from its first cell to its last."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

NOTEBOOK = Path(__file__).parents[1] / "docs" / "tutorial.ipynb"
REVIEWS = 64


def test_tutorial(data, tmp_path):
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] or "print" not in "".join(cell["source"]) for cell in cells), "run tools/run_tutorial.py"
    script = tmp_path / "tutorial.py"
    script.write_text("\n\n".join("".join(cell["source"]) for cell in cells))
    environment = {**os.environ, "FASTNLP_DATA": str(data), "TUTORIAL_REVIEWS": str(REVIEWS)}
    finished = subprocess.run(
        [sys.executable, script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert f"{REVIEWS} reviews to train on" in finished.stdout

"""Run docs/tutorial.ipynb, and keep what its cells print; not what they write to stderr, which is the machine's own."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

from fastnlp.files import staged_file

PAGE = Path(__file__).parents[1] / "docs" / "tutorial.ipynb"


def main() -> None:
    notebook = nbformat.read(PAGE, as_version=4)
    NotebookClient(notebook, timeout=None).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        cell.metadata.clear()  # when it ran
    notebook.metadata.pop("language_info", None)
    with staged_file(PAGE) as file:
        file.write(nbformat.writes(notebook).encode() + b"\n")


if __name__ == "__main__":
    main()

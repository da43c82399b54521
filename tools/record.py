"""Run the lessons and the transcripts on a real Docker Engine and store what they print (``make record``)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]


def record(path: Path) -> None:
    """Execute a notebook from top to bottom and keep its outputs."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        keep_picture(cell, path.parent / "pictures")
    nbformat.write(notebook, path)
    print(f"recorded {path.name}")


def keep_picture(cell: nbformat.NotebookNode, folder: Path) -> None:
    """The first picture of a cell with the tag ``picture: NAME`` is the illustration of that name."""
    for tag in cell.metadata.get("tags", []):
        if tag.startswith("picture: "):
            drawn = [output.data for output in cell.outputs if "image/svg+xml" in output.get("data", {})]
            path = folder / f"{tag.removeprefix('picture: ')}.svg"
            path.write_text(drawn[0]["image/svg+xml"] + "\n")


if __name__ == "__main__":
    os.environ["NETCOURSE_MODE"] = "real"
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    for lesson in lessons:
        record(lesson)
    subprocess.run([sys.executable, "-m", "jupyter", "trust", *map(str, lessons)], check=True)
    if "--lessons" not in sys.argv:
        subprocess.run([sys.executable, str(ROOT / "tests/parity/record_transcripts.py")], check=True)

"""Play transcripts on a real engine and store its answers: ``python tests/parity/record_transcripts.py [NAME ...]``.

New scenes are written as a title and ``$`` lines alone; this fills in the answers.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.parity.transcripts import FOLDER, clear, play, read_scenes

ADDRESS = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")


def record(path: Path) -> None:
    scenes = []
    for scene in read_scenes(path):
        clear(ADDRESS)
        scenes.append(str(play(scene, ADDRESS)))
    clear(ADDRESS)
    introduction = path.read_text().partition("## ")[0]
    path.write_text(introduction + "\n".join(scenes))


if __name__ == "__main__":
    names = sys.argv[1:] or sorted(path.stem for path in FOLDER.glob("*.txt"))
    for name in names:
        record(FOLDER / f"{name}.txt")

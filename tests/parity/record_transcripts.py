"""Play transcripts on a real engine and store its answers: ``python tests/parity/record_transcripts.py [NAME ...]``.

New scenes are written as a title and ``$`` lines alone, new sessions on a terminal with ``>`` lines of keys after them;
this fills in the answers.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.parity import terminals
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


def record_terminal(path: Path) -> None:
    sessions = []
    for session in terminals.read_sessions(path):
        clear(ADDRESS)
        keys = tuple((keys, None) for keys, _ in session.steps)
        sessions.append(str(terminals.play(replace(session, steps=keys), ADDRESS)))
    clear(ADDRESS)
    path.write_text("\n".join(sessions))


if __name__ == "__main__":
    for folder, kind in ((FOLDER, record), (terminals.FOLDER, record_terminal)):
        for file in sorted(folder.glob("*.txt")):
            if file.stem in sys.argv[1:] or not sys.argv[1:]:
                kind(file)

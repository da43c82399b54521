"""The docker command answers on each engine as it did when the transcripts were recorded on a real one."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

from tests.conftest import EngineAddress
from tests.parity.transcripts import FOLDER, Scene, clear, play, read_scenes

SCENES = [scene for path in sorted(FOLDER.glob("*.txt")) for scene in read_scenes(path)]


@pytest.fixture
def stage(engine: EngineAddress, docker_command: str) -> Iterator[str]:
    """DOCKER_HOST of an engine that nothing of an earlier scene is left on."""
    clear(engine.address)
    yield engine.address
    clear(engine.address)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: f"{scene.file}: {scene.title}".replace("[", "("))
def test_an_engine_answers_as_recorded(scene: Scene, stage: str, engine: EngineAddress) -> None:
    answer = str(play(scene, stage)).rstrip()
    if engine.kind == "real" and answer != str(scene).rstrip():
        # a busy real engine now and then loses a line of a container that has ended: it may try once more, and says so
        warnings.warn(f"a second try on the real engine; the first said: {answer}", stacklevel=1)
        clear(stage)
        answer = str(play(scene, stage)).rstrip()
    assert answer == str(scene).rstrip()

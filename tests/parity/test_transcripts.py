"""The docker command answers on each engine as it did when the transcripts were recorded on a real one."""

from __future__ import annotations

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
def test_an_engine_answers_as_recorded(scene: Scene, stage: str) -> None:
    assert str(play(scene, stage)).rstrip() == str(scene).rstrip()

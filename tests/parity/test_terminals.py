"""Whoever sits at a terminal sees the same on each engine, key for key."""

from __future__ import annotations

import sys

import pytest

from tests.conftest import EngineAddress
from tests.parity.transcripts import clear

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals here", allow_module_level=True)

from tests.parity.terminals import FOLDER, Session, play, read_sessions

SESSIONS = [session for path in sorted(FOLDER.glob("*.txt")) for session in read_sessions(path)]


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: f"{session.file}: {session.title}")
def test_a_terminal_shows_what_was_recorded(session: Session, engine: EngineAddress, docker_command: str) -> None:
    played = None
    try:
        # keys that come before a program has begun are for the shell: a busy real engine may try once more
        for _ in range(2 if engine.kind == "real" else 1):
            clear(engine.address)
            played = play(session, engine.address)
            if played == session:
                return
    finally:
        clear(engine.address)
    assert str(played) == str(session)

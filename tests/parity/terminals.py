"""Sessions on a terminal: which keys were pressed, and what a real engine's container showed for each.

A file holds sessions. A session has a title and a command; then, for each row of keys, what came on the screen, both as
strings of JSON. At the end stands the exit code:

    ## A line is corrected
    $ docker run --rm -it --name nc-t busybox
    > ""
    "^M\\n^M\\nBusyBox ..."
    > "eco\\u007fho hi\\r"
    ...
    [0]

What differs from run to run is replaced as in transcripts, and a carriage return shows as there.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import termios
import time
from dataclasses import dataclass
from pathlib import Path

from tests.parity.transcripts import without_what_varies

FOLDER = Path(__file__).parent / "terminals"
PATIENCE, QUIET = 10.0, 1.5
"""Seconds: for what is expected, and after which nothing more is."""
STARTING = 0.4
"""A key for a program that has only just been started is pressed so much later, when it runs."""
PROMPT = "\x1b[6n"
ROWS, COLUMNS = 24, 80
EXIT = re.compile(r"^\[(\d+)\]$", re.MULTILINE)


@dataclass(frozen=True)
class Session:
    """``steps`` are (keys, what appears)."""

    file: str
    title: str
    command: str
    steps: tuple[tuple[str, str | None], ...]
    code: int | None

    def __str__(self) -> str:
        rows = [f"> {json.dumps(keys)}\n{json.dumps(shown)}\n" for keys, shown in self.steps]
        return f"## {self.title}\n$ {self.command}\n{''.join(rows)}[{self.code}]\n"


def read_sessions(path: Path) -> list[Session]:
    parts = re.split(r"^## ", path.read_text(), flags=re.MULTILINE)[1:]
    return [_read_session(path.stem, part) for part in parts]


def _read_session(file: str, text: str) -> Session:
    title, command, *lines = text.strip().splitlines()
    code = EXIT.fullmatch(lines[-1]) if lines else None
    steps: list[tuple[str, str | None]] = []
    for line in lines[:-1] if code else lines:
        if line.startswith("> "):
            steps.append((json.loads(line[2:]), None))
        else:
            steps[-1] = steps[-1][0], json.loads(line)
    return Session(file, title, command.removeprefix("$ "), tuple(steps), int(code[1]) if code else None)


def play(session: Session, address: str) -> Session:
    """Press the same keys on the engine at ``address``: what appears, up to the first thing that wasn't expected."""
    terminal = _Terminal(session.command, address)
    try:
        steps: list[tuple[str, str]] = []
        for keys, expected in session.steps:
            if steps and steps[-1][0].endswith("\r") and not steps[-1][1].endswith(PROMPT):
                time.sleep(STARTING)
            shown = terminal.press(keys, expected)
            steps.append((keys, shown))
            if expected not in (None, shown):
                break
        return Session(session.file, session.title, session.command, tuple(steps), terminal.ended())
    finally:
        terminal.close()


class _Terminal:
    def __init__(self, command: str, address: str) -> None:
        self._process, self._screen = pty.fork()
        if self._process == 0:
            os.environ |= {"DOCKER_HOST": address, "TERM": "xterm"}
            os.execvp("sh", ["sh", "-c", command])
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def press(self, keys: str, expected: str | None) -> str:
        """What appears until it is what is expected, or until nothing more comes."""
        if keys:
            os.write(self._screen, keys.encode())
        data, end = b"", time.monotonic() + PATIENCE
        while _shown(data) != expected and time.monotonic() < end:
            ready, _, _ = select.select([self._screen], [], [], QUIET if expected is None else PATIENCE)
            piece = self._read() if ready else b""
            if not piece:
                break
            data += piece
        return _shown(data)

    def _read(self) -> bytes:
        try:
            return os.read(self._screen, 1 << 16)
        except OSError:  # the other side is closed
            return b""

    def ended(self) -> int | None:
        """The exit code; None when the command goes on."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            process, status = os.waitpid(self._process, os.WNOHANG)
            if process:
                self._process = 0
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        return None

    def close(self) -> None:
        os.close(self._screen)
        if self._process:
            os.kill(self._process, 9)
            os.waitpid(self._process, 0)


def _shown(data: bytes) -> str:
    return without_what_varies(data.decode(errors="replace"))

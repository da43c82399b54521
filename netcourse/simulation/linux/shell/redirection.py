"""Where the streams of a command come from and go to (POSIX, Shell Command Language, section 2.7)."""

from __future__ import annotations

import errno
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from netcourse.simulation.linux.pipes import Pipe
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.shell.tree import Redirection

TERMINALS = ("/dev/tty", "/dev/console", "/dev/pts/0")
Expand = Callable[[str], Awaitable[str]]


@dataclass
class Streams:
    """``others``: those that a script has opened by a number of its own."""

    stdin: Pipe
    stdout: Pipe
    stderr: Pipe
    others: dict[int, Pipe] = field(default_factory=dict)

    def copy(self) -> Streams:
        return Streams(self.stdin, self.stdout, self.stderr, dict(self.others))

    def become(self, other: Streams) -> None:
        """Be what ``other`` is, from now on."""
        self.stdin, self.stdout, self.stderr, self.others = other.stdin, other.stdout, other.stderr, other.others

    def get(self, number: int) -> Pipe | None:
        return {0: self.stdin, 1: self.stdout, 2: self.stderr}.get(number) or self.others.get(number)

    def set(self, number: int, pipe: Pipe) -> None:
        if number == 0:
            self.stdin = pipe
        elif number == 1:
            self.stdout = pipe
        elif number == 2:
            self.stderr = pipe
        else:
            self.others[number] = pipe


class Redirected:
    """The streams of a command, some of them going to or coming from files.

    ``expand`` and ``fill`` say what the target of a redirection and the text of a here-document become.
    """

    def __init__(self, process: Process, streams: Streams, expand: Expand, fill: Expand) -> None:
        self._process, self._expand, self._fill = process, expand, fill
        self.streams = streams.copy()
        self.created: set[str] = set()
        self._opened: list[Pipe] = []

    async def apply(self, redirections: tuple[Redirection, ...]) -> None:
        """Raises OSError with the file's name."""
        for redirection in redirections:
            if redirection.operator == "<<":
                text = redirection.target if redirection.is_literal else await self._fill(redirection.target)
                self.streams.set(redirection.number, self._holding(text.encode()))
                continue
            target = await self._expand(redirection.target)
            if redirection.operator in (">&", "<&"):
                self._duplicate(redirection.number, target)
            else:
                self._open(redirection.operator, redirection.number, target)

    def _duplicate(self, number: int, target: str) -> None:
        if target == "-":
            closed = Pipe()
            closed.close()
            self.streams.set(number, closed)
            return
        source = self.streams.get(int(target)) if target.isdigit() else None
        if source is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), f"dup2({target},{number})")
        self.streams.set(number, source)

    def _open(self, operator: str, number: int, target: str) -> None:
        stream = self._process.files.own_stream(target) if target.startswith(("/dev/", "/proc/")) else None
        if stream is not None:
            self._duplicate(number, str(stream))
            return
        terminal = self._process.terminal
        if target in TERMINALS and terminal is not None:
            self.streams.set(number, terminal.input if operator == "<" else terminal.output)
            return
        if operator == "<":
            self.streams.set(number, self._holding(self._read(target)))
            return
        pipe = Pipe()
        self._opened.append(pipe)
        self.created.add(target)
        self._write_to(pipe, target, append=operator == ">>")
        self.streams.set(number, pipe)
        if operator == "&>":
            self.streams.stderr = pipe

    def _holding(self, data: bytes) -> Pipe:
        pipe = Pipe()
        pipe.write(data)
        pipe.close()
        return pipe

    def _read(self, target: str) -> bytes:
        try:
            return self._process.files.read(self._process.files.resolve(target, self._process.directory))
        except OSError as error:
            error.filename = target
            raise

    def _write_to(self, pipe: Pipe, target: str, *, append: bool) -> None:
        files = self._process.files
        path = files.resolve(target, self._process.directory)
        if path == "/dev/null":
            pipe.listen(lambda _: None)
            return
        try:
            files.write(path, b"", append=append)
        except OSError as error:
            error.filename = target
            raise
        pipe.listen(lambda data: files.write(path, data, append=True))

    def close(self) -> None:
        for pipe in self._opened:
            pipe.close()


def problem(error: OSError, created: set[str]) -> str:
    """As busybox words it."""
    if error.errno == errno.EBADF:
        return f"{error.filename}: {error.strerror}"
    creating = error.filename in created
    missing = "nonexistent directory" if creating else "no such file"
    words = {errno.ENOENT: missing, errno.EISDIR: "Is a directory", errno.EACCES: "Permission denied"}
    reason = words.get(error.errno or 0, os.strerror(error.errno or 0))
    return f"can't {'create' if creating else 'open'} {error.filename}: {reason}"

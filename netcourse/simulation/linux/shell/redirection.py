"""Where the streams of a command come from and go to (POSIX, Shell Command Language, section 2.7)."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netcourse.simulation.linux.pipes import Pipe
from netcourse.simulation.linux.shell.parser import Redirection

if TYPE_CHECKING:
    from netcourse.simulation.linux.shell.interpreter import Shell


@dataclass
class Streams:
    stdin: Pipe
    stdout: Pipe
    stderr: Pipe


class Redirected:
    """The streams of a command, some of them going to or coming from files."""

    def __init__(self, shell: Shell, streams: Streams) -> None:
        self._shell = shell
        self.streams = Streams(streams.stdin, streams.stdout, streams.stderr)
        self.created: set[str] = set()
        self._opened: list[Pipe] = []

    async def apply(self, redirections: tuple[Redirection, ...]) -> None:
        """Raises OSError with the file's name."""
        for redirection in redirections:
            if redirection.operator == "2>&1":
                self.streams.stderr = self.streams.stdout
            elif redirection.operator in (">&2", "1>&2"):
                self.streams.stdout = self.streams.stderr
            else:
                self._open(redirection.operator, " ".join(await self._shell.expand(redirection.target, split=False)))

    def _open(self, operator: str, target: str) -> None:
        pipe = Pipe()
        self._opened.append(pipe)
        if operator == "<":
            pipe.write(self._read(target))
            pipe.close()
            self.streams.stdin = pipe
            return
        self.created.add(target)
        self._write_to(pipe, target, append=operator.endswith(">>"))
        if operator.startswith("2"):
            self.streams.stderr = pipe
        else:
            self.streams.stdout = pipe

    def _read(self, target: str) -> bytes:
        process = self._shell.process
        try:
            return process.files.read(process.files.resolve(target, process.directory))
        except OSError as error:
            error.filename = target
            raise

    def _write_to(self, pipe: Pipe, target: str, *, append: bool) -> None:
        process = self._shell.process
        path = process.files.resolve(target, process.directory)
        if path == "/dev/null":
            pipe.listen(lambda _: None)
            return
        try:
            process.files.write(path, b"", append=append)
        except OSError as error:
            error.filename = target
            raise
        pipe.listen(lambda data: process.files.write(path, data, append=True))

    def close(self) -> None:
        for pipe in self._opened:
            pipe.close()


def reason(error: OSError, *, creating: bool = False) -> str:
    """As busybox words it."""
    missing = "nonexistent directory" if creating else "no such file"
    words = {errno.ENOENT: missing, errno.EISDIR: "Is a directory", errno.EACCES: "Permission denied"}
    return words.get(error.errno or 0, os.strerror(error.errno or 0))

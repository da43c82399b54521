"""The files that a busybox program reads, or its standard input."""

from __future__ import annotations

import errno
import os

from netcourse.simulation.linux.process import Process

Input = tuple[str, bytes]
STANDARD_INPUT = "(standard input)"


async def read_all(process: Process, names: list[str], *, verb: str = "can't open ", quiet: bool = False,
                   folders: bool = False) -> tuple[list[Input], int]:
    """Name and content of each, and the exit code: 1 when one that can't be read was complained of and left out.

    ``folders``: one that can be opened counts as empty.
    """
    found: list[Input] = []
    failed = 0
    for name in names or ["-"]:
        if name == "-" or is_standard_input(process, name):
            found.append((STANDARD_INPUT, await process.stdin.read_all()))
            continue
        try:
            found.append((name, process.files.read(process.files.resolve(name, process.directory))))
        except OSError as error:
            failed = 1
            if folders and error.errno == errno.EISDIR:
                found.append((name, b""))
            if not quiet:
                process.complain(f"{process.arguments[0]}: {_problem(process.arguments[0], error, name, verb)}")
    return found, failed


def is_standard_input(process: Process, name: str) -> bool:
    """Whether it is /dev/stdin, or another name of it."""
    return name.startswith(("/dev/", "/proc/")) and process.files.own_stream(name) == 0


def lines_of(data: bytes) -> list[str]:
    """Lines without their newlines; only a newline ends one. What is no UTF-8 is kept for ``Process.write``."""
    lines = data.decode(errors="surrogateescape").split("\n")
    return lines if lines[-1] else lines[:-1]


_READ_ERRORS = {"head": os.strerror(errno.EIO), "uniq": "I/O error"}
"""What some programs say of whatever goes wrong in reading."""


def _problem(program: str, error: OSError, name: str, verb: str) -> str:
    """A folder, and what the kernel won't tell, can be opened; it is only then that something is wrong."""
    reason = error.strerror
    if not verb:
        return f"{name}: {_READ_ERRORS.get(program, reason) if error.errno == errno.EISDIR else reason}"
    is_open = error.errno == errno.EISDIR or error.filename is None
    return f"read error: {reason}" if is_open else f"{verb}'{name}': {reason}"

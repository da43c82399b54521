"""The files that a busybox program reads, or its standard input."""

from __future__ import annotations

import errno
import os

from netcourse.simulation.linux.process import Process

Input = tuple[str, bytes]
STANDARD_INPUT = "(standard input)"
# what goes wrong only after a file has been opened
_AT_READING = (errno.EISDIR, errno.EINVAL, errno.EIO)


async def read_all(process: Process, names: list[str], *, verb: str = "can't open ",
                   quiet: bool = False) -> tuple[list[Input], int]:
    """Name and content of each, and the exit code: 1 when one that can't be read was left out, and complained of."""
    found: list[Input] = []
    for name in names or ["-"]:
        if name == "-":
            found.append((STANDARD_INPUT, await process.stdin.read_all()))
            continue
        try:
            found.append((name, process.files.read(process.files.resolve(name, process.directory))))
        except OSError as error:
            if not quiet:
                process.complain(f"{process.arguments[0]}: {_problem(error, name, verb)}")
    return found, int(len(found) < len(names))


def lines_of(data: bytes) -> list[str]:
    """Lines without their newlines; only a newline ends one."""
    lines = data.decode(errors="replace").split("\n")
    return lines if lines[-1] else lines[:-1]


def _problem(error: OSError, name: str, verb: str) -> str:
    reason = os.strerror(error.errno or 0)
    if not verb:
        return f"{name}: {reason}"
    return f"read error: {reason}" if error.errno in _AT_READING else f"{verb}'{name}': {reason}"

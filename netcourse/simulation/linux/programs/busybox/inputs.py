"""The files that a busybox program reads, or its standard input."""

from __future__ import annotations

import errno

from netcourse.simulation.linux.process import Process

Input = tuple[str, bytes]
STANDARD_INPUT = "(standard input)"


async def read_all(process: Process, names: list[str], *, verb: str = "can't open ",
                   quiet: bool = False) -> tuple[list[Input], int]:
    """Name and content of each, and the exit code: 1 when one that can't be read was left out, and complained of."""
    found: list[Input] = []
    for name in names or ["-"]:
        if name == "-" or is_standard_input(process, name):
            found.append((STANDARD_INPUT, await process.stdin.read_all()))
            continue
        try:
            found.append((name, process.files.read(process.files.resolve(name, process.directory))))
        except OSError as error:
            if not quiet:
                process.complain(f"{process.arguments[0]}: {_problem(error, name, verb)}")
    return found, int(len(found) < len(names))


def is_standard_input(process: Process, name: str) -> bool:
    """Whether it is /dev/stdin, or another name of it."""
    return name.startswith(("/dev/", "/proc/")) and process.files.own_stream(name) == 0


def lines_of(data: bytes) -> list[str]:
    """Lines without their newlines; only a newline ends one."""
    lines = data.decode(errors="replace").split("\n")
    return lines if lines[-1] else lines[:-1]


def _problem(error: OSError, name: str, verb: str) -> str:
    """A folder, and what the kernel won't tell, can be opened; it is only then that something is wrong."""
    reason = error.strerror
    if not verb:
        return f"{name}: {reason}"
    is_open = error.errno == errno.EISDIR or error.filename is None
    return f"read error: {reason}" if is_open else f"{verb}'{name}': {reason}"

"""How a program starts another one: execvp(3) for env, nc, timeout, xargs and their like."""

from __future__ import annotations

import errno
import os

from netcourse.simulation.linux.machine import PATH
from netcourse.simulation.linux.process import Process, ProgramNotFound
from netcourse.simulation.linux.scripts import script_command

NOT_EXECUTABLE, NOT_FOUND = 126, 127


class CannotStart(Exception):
    """The message is why; ``code`` is what a program that can't start another exits with."""

    def __init__(self, number: int) -> None:
        super().__init__(os.strerror(number))
        self.code = NOT_FOUND if number == errno.ENOENT else NOT_EXECUTABLE


def start(process: Process, arguments: list[str], environment: dict[str, str] | None = None) -> Process:
    """A child that is ready to ``start()``, with the streams of ``process``. Raises CannotStart."""
    variables = process.environment if environment is None else environment
    try:
        child = process.machine.spawn(arguments, namespace=process.namespace, files=process.files,
                                      environment=dict(variables), pids=process.pids)
    except ProgramNotFound:
        command = script_command(arguments, process.files, process.directory, variables.get("PATH", PATH))
        if command is not None and command[0] != arguments[0]:
            return start(process, command, environment)
        path = process.files.resolve(arguments[0], process.directory)
        is_there = "/" in arguments[0] and process.files.exists(path)
        raise CannotStart(errno.EACCES if is_there else errno.ENOENT) from None
    except BlockingIOError:
        raise CannotStart(errno.EAGAIN) from None
    child.inherit(process)
    child.stdin, child.stdout, child.stderr = process.stdin, process.stdout, process.stderr
    return child

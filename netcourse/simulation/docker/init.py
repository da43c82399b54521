"""docker-init (tini), the first process of a container with ``--init``: it starts another one and hands signals on."""

from __future__ import annotations

import os

from netcourse.simulation.docker.signals import NUMBERS
from netcourse.simulation.linux.process import Process, ProgramNotFound
from netcourse.simulation.linux.signals import Signal

PATH = "/sbin/docker-init"
NOT_FOUND = 127


async def docker_init(process: Process) -> int:
    """``docker-init -- PROGRAM [ARGUMENT...]`` ends as the program does."""
    words = process.arguments[2:]
    try:
        child = process.machine.spawn(words, namespace=process.namespace, files=process.files,
                                      environment=process.environment, pids=process.pids)
    except ProgramNotFound:
        process.complain(f"[FATAL tini ({process.pid})] exec {words[0]} failed: {os.strerror(2)}")
        return NOT_FOUND
    child.inherit(process)
    child.stdin, child.stdout, child.stderr = process.stdin, process.stdout, process.stderr
    for number in NUMBERS.values():
        if number not in (Signal.SIGKILL, Signal.SIGCHLD):
            process.signal_handlers[number] = lambda number=number: child.signal(number)  # type: ignore[misc]
    child.start()
    return await child.exit

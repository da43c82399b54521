"""``docker exec``: another process in a running container."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netcourse.simulation.docker.containers import RUNTIME_THREADS, Container
from netcourse.simulation.docker.errors import conflict
from netcourse.simulation.docker.logs import STDERR, STDOUT
from netcourse.simulation.linux.process import Process, ProgramNotFound
from netcourse.simulation.linux.terminal import Terminal

NOT_FOUND = 127
MISSING = ('OCI runtime exec failed: exec failed: unable to start container process: exec: "{}": executable file not '
           "found in $PATH")


@dataclass(eq=False)
class Exec:
    """Created by one call, started by the next."""

    id: str
    container: Container
    config: dict[str, Any]
    process: Process | None = None
    terminal: Terminal | None = None
    exit_code: int | None = None

    @property
    def has_terminal(self) -> bool:
        return bool(self.config.get("Tty"))

    @property
    def command(self) -> list[str]:
        return list(self.config.get("Cmd") or [])

    def start(self, show: Callable[[int, bytes], None]) -> None:
        """Start the program; what it prints goes to ``show``. A program that isn't there is told of in its output."""
        container = self.container
        if not container.is_running or container.namespace is None or container.process is None:
            raise conflict(f"container {container.id} is not running")
        container.emit(f"exec_start: {' '.join(self.command)} ", execID=self.id)
        environment = container.environment | dict(text.split("=", 1) for text in self.config.get("Env") or []
                                                   if "=" in text)
        try:
            process = container.engine.machine.spawn(self.command, namespace=container.namespace, files=container.files,
                                                     environment=environment, pids=container.process.pids)
        except ProgramNotFound:
            show(STDOUT, (MISSING.format(self.command[0]) + "\r\n" * self.has_terminal + "\n" *
                          (not self.has_terminal)).encode())
            self.exit_code = NOT_FOUND
            return
        directory = str(self.config.get("WorkingDir") or container.config.get("WorkingDir") or "/")
        container.prepare(process, terminal=self.has_terminal, directory=directory)
        process.privileged = process.privileged or bool(self.config.get("Privileged"))
        process.pids.skip(RUNTIME_THREADS)
        self.process = process
        if self.has_terminal:
            self.terminal = Terminal(process, lambda data: show(STDOUT, data))
        else:
            process.stdout.listen(lambda data: show(STDOUT, data))
            process.stderr.listen(lambda data: show(STDERR, data))
        if not self.config.get("AttachStdin"):
            process.stdin.close()
        process.exit.when_done(self._ended)
        process.start()

    def _ended(self) -> None:
        assert self.process is not None
        self.exit_code = self.process.exit.result()
        self.container.emit("exec_die", execID=self.id, exitCode=str(self.exit_code))

    @property
    def is_over(self) -> bool:
        return self.exit_code is not None

    def feed(self, data: bytes) -> None:
        if self.terminal is not None:
            self.terminal.type(data)
        elif self.process is not None and not self.process.stdin.closed:
            self.process.stdin.write(data)

    def end_input(self) -> None:
        if self.process is not None and self.terminal is None:
            self.process.stdin.close()

"""``docker exec``: another process in a running container."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netcourse.simulation.docker.containers import Container
from netcourse.simulation.docker.errors import conflict
from netcourse.simulation.docker.output import STDERR, STDOUT
from netcourse.simulation.docker.starting import CannotStart, check_directory, refusal
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.terminal import Terminal


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

    @property
    def command_text(self) -> str:
        """As events show it: there is a space after the program even where nothing follows."""
        return f"{self.command[0]} {' '.join(self.command[1:])}"

    def start(self, show: Callable[[int, bytes], None]) -> None:
        """Start the program; what it prints goes to ``show``. Raises EngineError."""
        container = self.container
        if not container.is_running or container.namespace is None or container.process is None:
            raise conflict(f"container {container.id} is not running")
        container.emit(f"exec_start: {self.command_text}", execID=self.id)
        try:
            process = self._spawn()
        except CannotStart as mistake:
            self.exit_code = mistake.code
            raise refusal(mistake, "OCI runtime exec failed: exec failed") from None
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

    def _spawn(self) -> Process:
        container, directory = self.container, str(self.config.get("WorkingDir") or "")
        if directory:
            check_directory(directory, container.files)
        process = container.new_process(self.command, terminal=self.has_terminal, directory=directory,
                                        variables=self.config.get("Env") or [], user=str(self.config.get("User") or ""))
        process.privileged = process.privileged or bool(self.config.get("Privileged"))
        return process

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

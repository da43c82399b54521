"""Health checks: a command that is run in a container from time to time, and what its results mean.

Seen on Engine 28.5.2 (moby daemon/health.go).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netcourse.simulation.docker.errors import EngineError, bad_request
from netcourse.simulation.docker.timestamps import duration_as_go, timestamp_text
from netcourse.simulation.linux.clock import MILLISECOND, SECOND, Timer

if TYPE_CHECKING:
    from netcourse.simulation.docker.containers import Container
    from netcourse.simulation.docker.execs import Exec

STARTING, HEALTHY, UNHEALTHY = "starting", "healthy", "unhealthy"
DEFAULTS = {"Interval": 30 * SECOND, "Timeout": 30 * SECOND, "StartPeriod": 0, "StartInterval": 5 * SECOND,
            "Retries": 3}
KEPT_RESULTS, LONGEST_OUTPUT = 5, 4096
NO_RESULT = -1


def check_health(config: dict[str, Any], _: dict[str, Any]) -> None:
    """Raises EngineError for times and numbers that make no sense."""
    wanted = config.get("Healthcheck") or {}
    for name in ("Interval", "Timeout"):
        _check_duration(wanted, name)
    if (wanted.get("Retries") or 0) < 0:
        raise bad_request("Retries in Healthcheck cannot be negative")
    for name in ("StartPeriod", "StartInterval"):
        _check_duration(wanted, name)


def _check_duration(wanted: dict[str, Any], name: str) -> None:
    if 0 != (wanted.get(name) or 0) < MILLISECOND:
        raise bad_request(f"{name} in Healthcheck cannot be less than 1ms")


def command_of(config: dict[str, Any]) -> list[str]:
    """The command that checks; empty where nothing is to be checked."""
    kind, *words = (config.get("Healthcheck") or {}).get("Test") or [""]
    return {"CMD": words, "CMD-SHELL": ["/bin/sh", "-c", *words[:1]]}.get(kind, [])


@dataclass(frozen=True)
class Result:
    """Times are nanoseconds since the epoch."""

    start: int
    end: int
    exit_code: int
    output: str

    @property
    def shown(self) -> dict[str, Any]:
        return {"Start": timestamp_text(self.start), "End": timestamp_text(self.end), "ExitCode": self.exit_code,
                "Output": self.output}


class Health:
    """Of one container, from its first start on."""

    def __init__(self, container: Container, command: list[str]) -> None:
        self._container, self._command = container, command
        given = container.config.get("Healthcheck") or {}
        self._times = {name: given.get(name) or default for name, default in DEFAULTS.items()}
        self._clock = container.engine.machine.clock
        self._results: deque[Result] = deque(maxlen=KEPT_RESULTS)
        self._next: Timer | None = None
        self._streak = 0
        self.status = STARTING

    @property
    def shown(self) -> dict[str, Any]:
        return {"Status": self.status, "FailingStreak": self._streak, "Log": [found.shown for found in self._results]}

    def begin(self) -> None:
        """The container has started."""
        self.status, self._streak = STARTING, 0
        self._plan()

    def end(self) -> None:
        """The container has ended."""
        self.status = UNHEALTHY
        if self._next is not None:
            self._next.cancel()

    @property
    def _is_young(self) -> bool:
        age = self._clock.now - self._container.started
        return self.status == STARTING and age < self._times["StartPeriod"]

    def _plan(self) -> None:
        pause = self._times["StartInterval" if self._is_young else "Interval"]
        self._next = self._clock.call_later(pause, self._check)

    def _check(self) -> None:
        start, output = self._clock.now, bytearray()
        run = self._container.engine.create_exec(self._container, {"Cmd": self._command})
        try:
            run.start(lambda _, data: output.extend(data))
        except EngineError as error:
            self._take(Result(start, self._clock.now, NO_RESULT, str(error)))
            return
        self._next = self._clock.call_later(self._times["Timeout"], lambda: self._give_up(run, start))
        assert run.process is not None
        run.process.exit.when_done(lambda: self._finished(run, start, output))

    def _give_up(self, run: Exec, start: int) -> None:
        text = f"Health check exceeded timeout ({duration_as_go(self._times['Timeout'])})"
        self._take(Result(start, self._clock.now, NO_RESULT, text))
        assert run.process is not None
        run.process.kill()

    def _finished(self, run: Exec, start: int, output: bytearray) -> None:
        """In time, or long given up, or with the container."""
        in_time = self._clock.now < start + self._times["Timeout"]
        if in_time and self._container.is_running and self._next is not None:
            self._next.cancel()
            text = bytes(output[:LONGEST_OUTPUT]).decode(errors="replace")
            self._take(Result(start, self._clock.now, run.exit_code or 0, text))

    def _take(self, result: Result) -> None:
        """What a result means; the next check follows an interval later."""
        was, was_young = self.status, self._is_young
        self._results.append(result)
        if result.exit_code == 0:
            self.status, self._streak = HEALTHY, 0
        elif not was_young:
            self._streak += 1
            self.status = UNHEALTHY if self._streak >= self._times["Retries"] else self.status
        if self.status != was:
            self._container.emit(f"health_status: {self.status}")
        self._plan()

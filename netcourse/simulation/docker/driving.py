"""How virtual time meets real time, and many threads one simulation.

Virtual time never lags behind real time, so that "Up 5 seconds" and work in the background are true. A client that
waits for a process lets time run ahead while that process waits for nothing but time (``sleep 10`` and a lost ping cost
nothing). A process that waits for somebody else, or that goes on printing, gets real time.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from netcourse.simulation.docker.engine import Engine
from netcourse.simulation.linux.clock import MILLISECOND, SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.tasks import Future, Task

FREE_CHUNKS = 100
STEPS_AT_A_TIME = 2000
PACKETS_UNDER_WAY = 20 * MILLISECOND
PAUSE = 0.02
FOR_EVER = 1 << 63
PATIENCE = 200 * MILLISECOND


class World:
    """An engine, and the lock that whoever touches it holds."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._lock = threading.RLock()
        self._last = time.monotonic_ns()
        self.closing = threading.Event()

    @contextmanager
    def enter(self) -> Iterator[Engine]:
        """Have the engine to oneself, up to date."""
        with self._lock:
            self._catch_up()
            yield self.engine
            self._deliver_packets()

    def moment(self, told: int) -> int:
        """A client's time in the simulation's, which may be far ahead: as long ago as the client means; nanoseconds.

        A time to come is one that the client has from the simulation.
        """
        ago = time.time_ns() - told
        with self.enter() as engine:
            return engine.now - ago if ago >= 0 else told

    def _catch_up(self) -> None:
        now = time.monotonic_ns()
        passed, self._last = now - self._last, now
        clock = self.engine.machine.clock
        # who is too busy to keep up runs late, and keeps nobody waiting
        clock.run_until(clock.now + passed, going_on=lambda: time.monotonic_ns() < now + PATIENCE)

    def _deliver_packets(self) -> None:
        """Let what was begun just now take its first steps: a server that was started listens at once."""
        clock = self.engine.machine.clock
        limit, end = clock.now + PACKETS_UNDER_WAY, time.monotonic_ns() + PATIENCE
        for _ in range(STEPS_AT_A_TIME):
            due = clock.next_time()
            if due is None or due > limit or time.monotonic_ns() > end:
                return
            clock.step()

    def let_pass(self, seconds: int, over: Callable[[], bool]) -> None:
        """Let so much time pass, or as much as there is until ``over()``; others have their turns meanwhile.

        It takes no longer than it really would. Less than none is any time: for ever, maybe.
        """
        clock = self.engine.machine.clock
        limit = clock.now + seconds * SECOND if seconds >= 0 else FOR_EVER
        end = time.monotonic() + seconds if seconds >= 0 else math.inf
        while not (over() or self.closing.is_set() or clock.now >= limit or time.monotonic() > end):
            with self._lock:
                self._run_a_while(over, limit)
                due = clock.next_time()
                idle = not over() and (due is None or due > limit)
                if idle and seconds >= 0:
                    clock.run_until(limit)
            if idle and seconds < 0:
                self.closing.wait(PAUSE)

    def _run_a_while(self, over: Callable[[], bool], limit: int) -> None:
        end = time.monotonic_ns() + PATIENCE
        self.engine.machine.clock.run_while(lambda: not over() and time.monotonic_ns() < end, limit=limit)

    def drive(self, process: Process | None, over: Callable[[], bool], *, hung_up: Callable[[], bool],
              chunks: Callable[[], int] = lambda: 0) -> None:
        """Wait until ``over()``, or until the client has gone, letting time run where that helps.

        On a terminal it goes as it really does: whoever sits there can press Ctrl-C in time.
        """
        hurries = process is not None and process.terminal is None
        while not (over() or self.closing.is_set() or (process is not None and process.exit.done)):
            with self._lock:
                self._catch_up()
                ahead = hurries and process is not None and chunks() < FREE_CHUNKS and waits_for_time(process)
                moved = ahead and self._run_ahead(process, over)
            if hung_up():
                return
            if not moved:
                time.sleep(PAUSE)
                if process is None:
                    return

    def _run_ahead(self, process: Process | None, over: Callable[[], bool]) -> bool:
        clock = self.engine.machine.clock
        for step in range(STEPS_AT_A_TIME):
            if over() or process is None or not waits_for_time(process) or not clock.step():
                return step > 0
        return True


def waits_for_time(process: Process) -> bool:
    """Whether the process, or one that it waits for, waits for the clock alone."""
    if process.task is None or process.exit.done or process.freezer.frozen:
        return False
    return _passes(process.task) or any(waits_for_time(child) for child in process.children)


def _passes(future: Future[object] | Task[int]) -> bool:
    if isinstance(future, Task):
        return not future.done and (future.awaiting is None or _passes(future.awaiting))
    return future.passes_with_time

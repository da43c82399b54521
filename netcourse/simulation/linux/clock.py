"""Virtual time: a queue of things that will happen, and a now that jumps from one to the next.

The clock knows nothing of the computer's own time. Whoever owns the simulation decides how far to let it run.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

SECOND = 1_000_000_000
MILLISECOND = 1_000_000
MICROSECOND = 1_000


class Timer:
    """One thing that will happen; ``cancel()`` makes it not happen."""

    __slots__ = ("action", "when")

    def __init__(self, when: int, action: Callable[[], None]) -> None:
        self.when = when
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        self.action = None


class Clock:
    """Discrete-event time in nanoseconds since the epoch.

    Things due at the same moment happen in the order in which they were asked for, so that a run can be repeated.
    """

    def __init__(self, start: int = 0) -> None:
        self.now = start
        self._order = itertools.count()
        self._queue: list[tuple[int, int, Timer]] = []

    def call_at(self, when: int, action: Callable[[], None]) -> Timer:
        """Have ``action`` called at ``when`` (nanoseconds since the epoch; a time gone by means now)."""
        timer = Timer(max(when, self.now), action)
        heapq.heappush(self._queue, (timer.when, next(self._order), timer))
        return timer

    def call_later(self, delay: int, action: Callable[[], None]) -> Timer:
        """Have ``action`` called ``delay`` nanoseconds from now."""
        return self.call_at(self.now + delay, action)

    def call_soon(self, action: Callable[[], None]) -> Timer:
        """Have ``action`` called at this very moment, after what is already due."""
        return self.call_at(self.now, action)

    def next_time(self) -> int | None:
        """When the next thing happens, or None when nothing is left to do."""
        while self._queue and self._queue[0][2].action is None:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else None

    def step(self) -> bool:
        """Jump to the next thing and do it; False when nothing is left to do."""
        if self.next_time() is None:
            return False
        when, _, timer = heapq.heappop(self._queue)
        self.now = when
        action, timer.action = timer.action, None
        assert action is not None  # next_time() has thrown out the cancelled ones
        action()
        return True

    def run_until(self, when: int, *, going_on: Callable[[], bool] = lambda: True) -> None:
        """Do everything due up to and including ``when``, and stop there; or earlier, when ``going_on()`` says no."""
        while (due := self.next_time()) is not None and due <= when:
            if not going_on():
                return
            self.step()
        self.now = max(self.now, when)

    def run_while(self, condition: Callable[[], bool], *, limit: int | None = None) -> None:
        """Let time run while ``condition()`` holds and something is left to do, ``limit`` (a time) at the latest."""
        while condition() and (due := self.next_time()) is not None and (limit is None or due <= limit):
            self.step()

"""Timing things side by side: each in every round, so that a busy moment of the machine falls on all alike.

A real engine has work to do for a while after it has answered (mounts, programs that end): a pause lets it finish, so
that it isn't measured as a part of what comes next.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

PAUSE = 0.3
"""Seconds before each row of calls."""

Action = Callable[[], object]


def medians(actions: Mapping[str, Action], rounds: int, *, in_a_row: int = 1) -> dict[str, float]:
    """The median duration of each action in milliseconds, done ``in_a_row`` times in each round."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            if in_a_row > 1:
                time.sleep(PAUSE)
            times[name] += [duration(action) for _ in range(in_a_row)]
    return {name: statistics.median(found) for name, found in times.items()}


def duration(action: Action) -> float:
    """In milliseconds."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000

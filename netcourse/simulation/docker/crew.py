"""Threads that are used again: to start one takes longer than to answer most requests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

MOST_IDLE = 16


class Crew:
    """Does each piece of work in a thread of its own. Up to MOST_IDLE of them wait for the next piece."""

    def __init__(self) -> None:
        self._handed = SimpleQueue[Callable[[], None] | None]()
        self._lock = threading.Lock()
        self._idle = 0
        self._threads = set[threading.Thread]()

    def do(self, work: Callable[[], None]) -> None:
        with self._lock:
            waiting = self._idle > 0
            self._idle -= waiting
        if waiting:
            self._handed.put(work)
        else:
            thread = threading.Thread(target=self._do_one_after_the_other, args=(work,), daemon=True)
            self._threads.add(thread)
            thread.start()

    def _do_one_after_the_other(self, first: Callable[[], None]) -> None:
        work: Callable[[], None] | None = first
        while work is not None:
            work()
            work = self._handed.get() if self._stays() else None
        self._threads.discard(threading.current_thread())

    def _stays(self) -> bool:
        with self._lock:
            stays = self._idle < MOST_IDLE
            self._idle += stays
        return stays

    def close(self) -> None:
        """Wait for the work under way, and send everybody home; there must be no more work."""
        threads = list(self._threads)
        for _ in threads:
            self._handed.put(None)
        for thread in threads:
            thread.join()

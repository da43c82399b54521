"""Threads that take turns at a door."""

from __future__ import annotations

import threading
from collections.abc import Callable

MOST_IDLE = 16

Work = Callable[[], None]


class Crew:
    """One waits at the door; when somebody comes it looks after them, and the next one steps up.

    To start a thread for a client, or to hand a client over to one, would take longer than most answers.
    ``wait`` returns the work that has come, or None when there is no more.
    """

    def __init__(self, wait: Callable[[], Work | None]) -> None:
        self._wait = wait
        self._door, self._count = threading.Lock(), threading.Lock()
        self._idle = 0
        self._threads = set[threading.Thread]()
        self._hire()

    def _hire(self) -> None:
        thread = threading.Thread(target=self._serve, daemon=True)
        with self._count:
            self._threads.add(thread)
            thread.start()

    def _serve(self) -> None:
        while self._is_needed():
            with self._door:
                work = self._wait()
            if work is None:
                break
            if self._was_last():
                self._hire()
            work()
        with self._count:
            self._threads.discard(threading.current_thread())

    def _is_needed(self) -> bool:
        with self._count:
            needed = self._idle < MOST_IDLE
            self._idle += needed
        return needed

    def _was_last(self) -> bool:
        """Whether nobody is left for the door."""
        with self._count:
            self._idle -= 1
            return self._idle == 0

    def join(self) -> None:
        """Wait until everybody has gone home, those too who are hired meanwhile."""
        while True:
            with self._count:
                threads = list(self._threads)
            if not threads:
                return
            for thread in threads:
                thread.join()

"""A pipe: what one process writes, another (or a client of the engine) reads (pipe(7))."""

from __future__ import annotations

from collections.abc import Callable

from netcourse.simulation.linux.tasks import Future

CAPACITY = 65536
MOST_AT_ONCE = 16 << 20


class TooMuch(Exception):
    """More is to be held in memory than a simulated program may have."""

    def __init__(self) -> None:
        super().__init__(f"out of memory: a simulated program holds at most {MOST_AT_ONCE >> 20} MiB")


class Pipe:
    """Bytes in, bytes out. ``read`` waits until there are some or the writer has closed.

    ``write`` takes everything at once; who writes much waits in ``drain`` until the pipe has room again.
    ``listen`` hands on whatever is written at the moment it is written, for logs and attached clients.
    """

    def __init__(self) -> None:
        self._data = bytearray()
        self._waiting: list[Future[None]] = []
        self._listeners: list[Callable[[bytes], None]] = []
        self._is_abandoned = False
        self._ends_once = False
        self.closed = False

    def write(self, data: bytes) -> None:
        """Raises BrokenPipeError after ``close`` or ``abandon``."""
        if self.closed or self._is_abandoned:
            raise BrokenPipeError
        for listener in list(self._listeners):
            listener(data)
        if not self._listeners:
            self._data += data
        self._wake()

    async def drain(self) -> None:
        """Wait until the reader has taken enough for more to be written. Raises BrokenPipeError when it has gone."""
        while len(self._data) >= CAPACITY and not self._is_abandoned and not self.closed:
            await self._change()
        if self._is_abandoned:
            raise BrokenPipeError

    def listen(self, listener: Callable[[bytes], None]) -> None:
        """Hand everything written from now on to ``listener`` instead of keeping it for ``read``."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Nothing more will be written."""
        self.closed = True
        self._wake()

    def end_once(self) -> None:
        """Have the reader find the end, and more after it, as on a terminal after Ctrl-D."""
        self._ends_once = True
        self._wake()

    @property
    def has_data(self) -> bool:
        return bool(self._data)

    def abandon(self) -> None:
        """Nobody will read any more."""
        self._is_abandoned = True
        self._data.clear()
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            future.set(None)

    async def _change(self) -> None:
        future: Future[None] = Future()
        self._waiting.append(future)
        await future

    async def _have(self) -> bool:
        """Wait for data; whether there is some, and not the end."""
        while not (self._data or self.closed or self._ends_once):
            await self._change()
        if not self._data:
            self._ends_once = False
        return bool(self._data)

    async def read(self, size: int = CAPACITY) -> bytes:
        """Up to ``size`` bytes; empty at the end."""
        await self._have()
        return self._take(min(size, len(self._data)))

    async def readline(self) -> bytes:
        """One line with its newline; what is left of one at the end; then empty. Raises TooMuch."""
        line = bytearray()
        while not line.endswith(b"\n") and await self._have():
            line += self._take(self._data.find(b"\n") + 1 or len(self._data))
            if len(line) > MOST_AT_ONCE:
                raise TooMuch
        return bytes(line)

    async def read_all(self) -> bytes:
        """Everything until the writer closes. Raises TooMuch."""
        everything = bytearray()
        while data := await self.read():
            everything += data
            if len(everything) > MOST_AT_ONCE:
                self.abandon()
                raise TooMuch
        return bytes(everything)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._data[:size])
        del self._data[:size]
        self._wake()
        return taken

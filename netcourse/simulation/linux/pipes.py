"""A pipe: what one process writes, another (or a client of the engine) reads."""

from __future__ import annotations

from collections.abc import Callable

from netcourse.simulation.linux.tasks import Future


class Pipe:
    """Bytes in, bytes out, without a limit; ``read`` waits until there are some or the writer has closed.

    ``listen`` hands on whatever is written at the moment it is written, for logs and attached clients.
    """

    def __init__(self) -> None:
        self._data = bytearray()
        self._readers: list[Future[None]] = []
        self._listeners: list[Callable[[bytes], None]] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        """Raises BrokenPipeError after ``close``."""
        if self.closed:
            raise BrokenPipeError
        for listener in list(self._listeners):
            listener(data)
        if not self._listeners:
            self._data += data
        self._wake()

    def listen(self, listener: Callable[[bytes], None]) -> None:
        """Hand everything written from now on to ``listener`` instead of keeping it for ``read``."""
        self._listeners.append(listener)

    def close(self) -> None:
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        readers, self._readers = self._readers, []
        for reader in readers:
            reader.set(None)

    async def _more(self) -> None:
        future: Future[None] = Future()
        self._readers.append(future)
        await future

    async def read(self, size: int = 65536) -> bytes:
        """Up to ``size`` bytes; empty at the end."""
        while not self._data and not self.closed:
            await self._more()
        return self._take(min(size, len(self._data)))

    async def readline(self) -> bytes:
        """One line with its newline; what is left of one at the end; then empty."""
        while b"\n" not in self._data and not self.closed:
            await self._more()
        end = self._data.find(b"\n")
        return self._take(end + 1 if end >= 0 else len(self._data))

    async def read_all(self) -> bytes:
        """Everything until the writer closes."""
        while not self.closed:
            await self._more()
        return self._take(len(self._data))

    def _take(self, size: int) -> bytes:
        taken = bytes(self._data[:size])
        del self._data[:size]
        return taken

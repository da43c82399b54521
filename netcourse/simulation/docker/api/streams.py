"""Output to a client: raw where there is a terminal, else each piece behind an eight-byte header that names its stream.

Engine API reference, "Stream format" of ContainerAttach.
"""

from __future__ import annotations

import queue
import struct
from collections.abc import Callable

from netcourse.simulation.docker.api.messages import Connection, Request
from netcourse.simulation.docker.driving import World
from netcourse.simulation.linux.process import Process

RAW, MULTIPLEXED = "application/vnd.docker.raw-stream", "application/vnd.docker.multiplexed-stream"
MOST_WAITING = 64 << 20


def wanted_streams(request: Request) -> set[int]:
    return {number for number, name in ((1, "stdout"), (2, "stderr")) if request.flag(name)}


def framed(stream: int, data: bytes) -> bytes:
    return struct.pack("!BxxxI", stream, len(data)) + data


class Outlet:
    """Collects what a process prints under the lock, sends it outside. Who doesn't read it is let go."""

    def __init__(self, *, raw: bool) -> None:
        self._raw = raw
        self._shown = self._sent = 0
        self._waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.chunks = 0
        self.gone = False

    def show(self, stream: int, data: bytes) -> None:
        self.chunks += 1
        if self._shown - self._sent > MOST_WAITING:
            self.gone = True
            return
        piece = data if self._raw else framed(stream, data)
        self._shown += len(piece)
        self._waiting.put(piece)

    def flush(self, connection: Connection) -> None:
        """Send what has come; a client that has gone is remembered."""
        while not self._waiting.empty():
            piece = self._waiting.get()
            self._sent += len(piece)
            try:
                connection.send(piece)
            except OSError:
                self.gone = True
                return


def follow(world: World, connection: Connection, outlet: Outlet, process: Process | None,
           over: Callable[[], bool]) -> None:
    """Send what a process prints until it is over, letting time run for it."""

    def pause() -> bool:
        outlet.flush(connection)
        return outlet.gone or connection.hung_up()

    world.drive(process, over, hung_up=pause, chunks=lambda: outlet.chunks)
    outlet.flush(connection)

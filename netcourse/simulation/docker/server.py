"""The simulated engine as a notebook or a command holds it: served while it is open."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from netcourse.simulation.docker.driving import World
from netcourse.simulation.docker.engine import Engine
from netcourse.simulation.docker.listening import LoopbackServer, Server, UnixServer


class SimulatedEngine:
    """An engine served from this process: ``address`` is its DOCKER_HOST. Close it, or use it in a ``with`` block.

    ``path`` is where its socket will be; None stands for a port of this computer and a token in the address.
    Raises FileExistsError when something is at ``path`` already, OSError when a socket can't be there.
    """

    def __init__(self, path: str | Path | None, *, seed: int = 0) -> None:
        self.path = None if path is None else Path(path)
        self.world = World(Engine(seed=seed))
        self._server: Server = LoopbackServer(self.world) if self.path is None else UnixServer(self.path, self.world)
        self.address = self._server.address

    @property
    def engine(self) -> Engine:
        return self.world.engine

    def close(self) -> None:
        """Stop serving, hang up on every client, and remove the socket."""
        self._server.server_close()

    def __enter__(self) -> SimulatedEngine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

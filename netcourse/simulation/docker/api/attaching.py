"""/containers/{id}/attach: a client at a container's streams, from before its start until after its end."""

from __future__ import annotations

from collections.abc import Callable

from netcourse.simulation.docker.api.detaching import check_detach_keys
from netcourse.simulation.docker.api.messages import Connection, Request, Response, Route, Stream
from netcourse.simulation.docker.api.streams import MULTIPLEXED, RAW, Outlet, follow, wanted_streams
from netcourse.simulation.docker.containers import Container
from netcourse.simulation.docker.errors import EngineError


def attach(request: Request) -> Stream | Response:
    with request.world.enter() as engine:
        try:
            check_detach_keys(request.one("detachKeys"), "detach")
            container = engine.containers.get(request.parts["id"])
        except EngineError as error:
            return Response(f"{error}\r\n".encode(), error.status, {"Content-Type": RAW}, hijacked=True)
        container.emit("attach")
        client = _Client(request, container)
        client.listen()
    return Stream(client.run, RAW if container.has_terminal else MULTIPLEXED, hijack=True)


class _Client:
    def __init__(self, request: Request, container: Container) -> None:
        self._request, self._container, self._streams = request, container, container.streams
        self._wanted = wanted_streams(request)
        self._outlet = Outlet(raw=container.has_terminal)
        self._finished = container.finished

    def listen(self) -> None:
        """From now on, and to what has been printed before where that is asked for."""
        if self._request.flag("logs") and self._streams.log is not None:
            for entry in self._streams.log.since(0):
                self._show(entry.stream, entry.data)
        self._streams.listeners.append(self._show)

    def _show(self, stream: int, data: bytes) -> None:
        if stream in self._wanted:
            self._outlet.show(stream, data)

    def run(self, connection: Connection) -> None:
        world = self._request.world
        if self._request.flag("stdin") and self._container.config.get("OpenStdin"):
            connection.receive(lambda data: self._unless_over(lambda: self._streams.feed(data)),
                               lambda: self._unless_over(self._container.input_ended))
        try:
            while not (self._over() or self._outlet.gone or connection.hung_up() or world.closing.is_set()):
                follow(world, connection, self._outlet, self._container.process, self._over)
        finally:
            with world.enter():
                self._streams.listeners.remove(self._show)
            self._outlet.flush(connection)

    def _over(self) -> bool:
        container = self._container
        ended = not container.is_running and container.finished > self._finished
        return ended or container.state == "dead" or bool(container.error)

    def _unless_over(self, action: Callable[[], None]) -> None:
        """What comes too late isn't for the container's next start."""
        self._request.alone(lambda: None if self._over() else action())


ROUTES: list[Route] = [("POST", "/containers/{id}/attach", attach)]

"""/containers/{id}/wait and logs: what a client follows until the container, or the client, has enough."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote_plus

from netcourse.simulation.docker.api.messages import Connection, Request, Route, Stream
from netcourse.simulation.docker.api.streams import MULTIPLEXED, RAW, framed, wanted_streams
from netcourse.simulation.docker.containers import Container
from netcourse.simulation.docker.errors import bad_request, failed, not_implemented
from netcourse.simulation.docker.log_attributes import attributes_of
from netcourse.simulation.docker.output import LogEntry
from netcourse.simulation.docker.timestamps import timestamp_text

POLL = 0.03
CONDITIONS = ("not-running", "next-exit", "removed")


def wait(request: Request) -> Stream:
    condition = request.one("condition") or "not-running"
    if condition not in CONDITIONS:
        raise bad_request(f'invalid condition: "{condition}"')
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
    started = container.started

    def over() -> bool:
        if condition == "removed":
            return container.state == "dead"
        if condition == "next-exit":
            return container.finished > started and not container.is_running
        return not container.is_running

    def run(connection: Connection) -> None:
        # ``docker run`` asks before it starts the container: what is waited for may not be there yet
        while not over() and not connection.hung_up() and not request.world.closing.is_set():
            # which asks for its next exit, and follows it by attaching: only a plain wait lets time run ahead
            process = container.process if condition == "not-running" else None
            request.world.drive(process, over, hung_up=connection.hung_up, chunks=lambda: container.streams.chunks)
        connection.send(b'{"StatusCode":%d}\n' % container.exit_code)

    return Stream(run)


def logs(request: Request) -> Stream:
    wanted = wanted_streams(request)
    if not wanted:
        raise bad_request("Bad parameters: you must choose at least one stream")
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
    log = container.streams.log
    if log is None:
        raise not_implemented("configured logging driver does not support reading")
    shown = _chosen(request, wanted)
    written = _writer(request, container)
    position = 0

    def run(connection: Connection) -> None:
        nonlocal position
        with request.world.enter():
            found, position = log.since(0), log.count
        for entry in _tail([entry for entry in found if shown(entry)], request.one("tail", "all")):
            for line in entry.lines():
                connection.send(written(line))
        while request.flag("follow") and not connection.hung_up() and not request.world.closing.is_set():
            with request.world.enter():
                running = container.is_running
                found, position = log.since(position), log.count
            for entry in filter(shown, found):
                for line in entry.lines():
                    connection.send(written(line))
            if not running:
                return
            request.world.closing.wait(POLL)

    return Stream(run, RAW if container.has_terminal else MULTIPLEXED)


def _chosen(request: Request, streams: set[int]) -> Callable[[LogEntry], bool]:
    since, until = request.moment("since") or 0, request.moment("until")
    return lambda entry: (entry.stream in streams and entry.time >= since and
                          (until is None or entry.time <= until))


def _writer(request: Request, container: Container) -> Callable[[LogEntry], bytes]:
    """moby daemon/server/httputils, WriteLogStream."""
    stamps = request.flag("timestamps")
    details = f"{_details(container)} " if request.flag("details") else ""

    def written(entry: LogEntry) -> bytes:
        stamp = f"{timestamp_text(entry.time, all_digits=True)} " if stamps else ""
        data = (stamp + details).encode() + entry.data
        return data if container.has_terminal else framed(entry.stream, data)

    return written


def _details(container: Container) -> str:
    """Raises EngineError."""
    try:
        return ",".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in attributes_of(container).items())
    except ValueError as error:
        raise failed(str(error)) from None


def _tail(entries: list[LogEntry], wanted: str) -> list[LogEntry]:
    """The last so many lines; all for what is no number."""
    if not (wanted.isascii() and wanted.isdigit()):
        return entries
    found: list[LogEntry] = []
    left = int(wanted[:19])
    for entry in reversed(entries):
        if not left:
            break
        found[:0] = lines = entry.lines()[-left:]
        left -= len(lines)
    return found


ROUTES: list[Route] = [
    ("POST", "/containers/{id}/wait", wait), ("GET", "/containers/{id}/logs", logs),
]

"""/containers: create, list, inspect, start, stop, wait, logs, attach and the rest."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable
from typing import Any

from netcourse.simulation.docker.api.bodies import STRUCTS
from netcourse.simulation.docker.api.messages import Connection, Request, Response, Route, Stream
from netcourse.simulation.docker.api.streams import MULTIPLEXED, RAW, Outlet, follow, framed
from netcourse.simulation.docker.containers import Container
from netcourse.simulation.docker.engine import Engine, timestamp_text
from netcourse.simulation.docker.errors import bad_request, conflict
from netcourse.simulation.docker.inspecting import inspect_container, summarise_container
from netcourse.simulation.linux.clock import SECOND

DEFAULT_GRACE = 10


def create(request: Request) -> Response:
    if not request.body:
        raise bad_request("invalid JSON: got EOF while reading request body")
    wanted = request.json("container.CreateRequest")
    if all(wanted.get(name) in (None, "", [], {}, False) for name in STRUCTS["container.CreateRequest"]
           if name not in ("HostConfig", "NetworkingConfig")):
        raise bad_request("config cannot be empty in order to create a container")
    with request.world.enter() as engine:
        container = engine.containers.create(request.one("name"), wanted)
        warnings = ["Published ports are discarded when using host network mode"] if (
            container.network_mode == "host" and container.host_config.get("PortBindings")) else []
        return Response({"Id": container.id, "Warnings": warnings}, 201)


def list_containers(request: Request) -> Response:
    filters = request.filters()
    everything = request.flag("all") or "status" in filters
    with request.world.enter() as engine:
        found = [c for c in engine.containers if (everything or c.is_running) and _matches(engine, c, filters)]
        found.sort(key=lambda container: -container.created)
        limit = request.number("limit", 0)
        return Response([summarise_container(c) for c in (found[:limit] if limit > 0 else found)])


def _matches(engine: Engine, container: Container, filters: dict[str, list[str]]) -> bool:
    labels = container.config.get("Labels") or {}
    tests: dict[str, Callable[[str], bool]] = {
        "name": lambda value: _name_matches(container.name, value),
        "id": lambda value: container.id.startswith(value),
        "status": lambda value: container.state == value,
        "label": lambda value: labels.get(value.partition("=")[0]) == value.partition("=")[2] or
        ("=" not in value and value in labels),
        "network": lambda value: any(value in (e.network.name, e.network.id) for e in container.endpoints.values()),
        "ancestor": lambda value: container.image is engine.images.get(value),
        "exited": lambda value: container.state == "exited" and str(container.exit_code) == value,
    }
    unknown = next((key for key in filters if key not in tests), None)
    if unknown is not None:
        raise bad_request(f"invalid filter '{unknown}'")
    return all((all if key == "label" else any)(tests[key](v) for v in values) for key, values in filters.items())


def _name_matches(name: str, pattern: str) -> bool:
    """A name filter is a regular expression on "/name" and "name"."""
    try:
        return bool(re.search(pattern, f"/{name}") or re.search(pattern, name))
    except re.error:
        return pattern in name


def inspect(request: Request) -> Response:
    with request.world.enter() as engine:
        return Response(inspect_container(engine.containers.get(request.parts["id"])))


def start(request: Request) -> Response:
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
        if container.is_running:
            return Response(status=304)
        container.start()
    return Response(status=204)


def stop(request: Request) -> Response:
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
        if not container.is_running:
            return Response(status=304)
        _stop(engine, container, request.number("t", DEFAULT_GRACE))
        container.emit("stop")
    return Response(status=204)


def _stop(engine: Engine, container: Container, grace: int) -> None:
    """SIGTERM, then SIGKILL when the time is up; the time passes at once."""
    process, clock = container.process, engine.machine.clock
    container.kill(signal.SIGTERM)
    if process is None:
        return
    clock.run_while(lambda: not process.exit.done, limit=clock.now + grace * SECOND)
    if not process.exit.done:
        clock.run_until(clock.now + grace * SECOND)
        container.kill(signal.SIGKILL)


def restart(request: Request) -> Response:
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
        if container.is_running:
            _stop(engine, container, request.number("t", DEFAULT_GRACE))
        container.start()
        container.emit("restart")
    return Response(status=204)


def kill(request: Request) -> Response:
    text = request.one("signal", "SIGKILL") or "SIGKILL"
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
        container.kill(_signal(text))
    return Response(status=204)


def _signal(text: str) -> int:
    name = text if text.startswith("SIG") else f"SIG{text}"
    if text.isdigit():
        return int(text)
    if name not in signal.Signals.__members__:
        raise bad_request(f"invalid signal: {text}")
    return signal.Signals[name]


def rename(request: Request) -> Response:
    with request.world.enter() as engine:
        engine.containers.rename(engine.containers.get(request.parts["id"]), request.one("name"))
    return Response(status=204)


def remove(request: Request) -> Response:
    with request.world.enter() as engine:
        engine.containers.remove(engine.containers.get(request.parts["id"]), force=request.flag("force"))
    return Response(status=204)


def wait(request: Request) -> Stream:
    condition = request.one("condition", "not-running") or "not-running"
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
            request.world.drive(process, over, hung_up=connection.hung_up, chunks=lambda: container.logs.count)
        connection.send(json.dumps({"StatusCode": container.exit_code}).encode() + b"\n")

    return Stream(run)


def logs(request: Request) -> Stream:
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
    streams = {n for n, name in ((1, "stdout"), (2, "stderr")) if request.flag(name)}
    if not streams:
        raise bad_request("Bad parameters: you must choose at least one stream")
    raw = bool(container.config.get("Tty"))
    stamps, position = request.flag("timestamps"), 0

    def pieces(first: int) -> list[bytes]:
        lines = container.logs.since(first)
        return [_log_piece(line.stream, line.data, line.time if stamps else None, raw=raw)
                for line in lines if line.stream in streams]

    def run(connection: Connection) -> None:
        nonlocal position
        with request.world.enter():
            found, position = pieces(0), container.logs.count
        for piece in _tail(found, request.one("tail", "all")):
            connection.send(piece)
        while request.flag("follow") and not connection.hung_up() and not request.world.closing.is_set():
            with request.world.enter():
                running = container.is_running
                found, position = pieces(position), container.logs.count
            for piece in found:
                connection.send(piece)
            if not running:
                return
            request.world.closing.wait(0.03)

    return Stream(run, RAW if raw else MULTIPLEXED)


def _log_piece(stream: int, data: bytes, time: int | None, *, raw: bool) -> bytes:
    text = f"{timestamp_text(time)} ".encode() + data if time is not None else data
    return text if raw else framed(stream, text)


def _tail(pieces: list[bytes], wanted: str) -> list[bytes]:
    if not wanted.isdigit():
        return pieces
    return pieces[-int(wanted):] if int(wanted) else []


def attach(request: Request) -> Stream:
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
        raw = bool(container.config.get("Tty"))
        container.emit("attach")
    streams = {n for n, name in ((1, "stdout"), (2, "stderr")) if request.flag(name)}
    outlet = Outlet(raw=raw)

    def show(stream: int, data: bytes) -> None:
        if stream in streams:
            outlet.show(stream, data)

    with request.world.enter():
        if request.flag("logs"):
            for line in container.logs.since(0):
                show(line.stream, line.data)
        container.listeners.append(show)
    finished = container.finished

    def over() -> bool:
        ended = not container.is_running and container.finished > finished
        return ended or container.state == "dead" or bool(container.error)

    def run(connection: Connection) -> None:
        if request.flag("stdin") and container.config.get("OpenStdin"):
            connection.receive(lambda data: _locked(request, lambda: container.feed(data)),
                               lambda: _locked(request, container.end_input))
        try:
            while not over() and not outlet.gone and not connection.hung_up() and not request.world.closing.is_set():
                follow(request.world, connection, outlet, container.process, over)
        finally:
            with request.world.enter():
                container.listeners.remove(show)
            outlet.flush(connection)

    return Stream(run, RAW if raw else MULTIPLEXED, hijack=True)


def _locked(request: Request, action: Callable[[], None]) -> None:
    with request.world.enter():
        action()


def top(request: Request) -> Response:
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
        if not container.is_running:
            raise conflict(f"container {container.id} is not running")
        rows = [["root", str(p.host_pid), str(p.parent.host_pid if p.parent else 1), "0", "00:00", "?", "00:00:00",
                 " ".join(p.arguments)] for p in engine.machine.processes.values() if p.files is container.files]
    return Response({"Titles": ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"], "Processes": rows})


def resize(request: Request) -> Response:
    with request.world.enter() as engine:
        engine.containers.get(request.parts["id"])
    return Response()


def update(request: Request) -> Response:
    wanted = request.json("container.UpdateConfig")
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
        if "RestartPolicy" in wanted:
            container.host_config["RestartPolicy"] = wanted["RestartPolicy"]
        container.emit("update")
    return Response({"Warnings": None})


def prune(request: Request) -> Response:
    filters = {key: values for key, values in request.filters().items() if key == "label"}
    with request.world.enter() as engine:
        ended = [c for c in engine.containers if not c.is_running and _matches(engine, c, filters)]
        for container in ended:
            engine.containers.remove(container, force=False)
    names: list[Any] = [container.id for container in ended]
    return Response({"ContainersDeleted": names or None, "SpaceReclaimed": 0})


ROUTES: list[Route] = [
    ("GET", "/containers/json", list_containers), ("POST", "/containers/create", create),
    ("POST", "/containers/prune", prune), ("GET", "/containers/{id}/json", inspect),
    ("POST", "/containers/{id}/start", start), ("POST", "/containers/{id}/stop", stop),
    ("POST", "/containers/{id}/restart", restart), ("POST", "/containers/{id}/kill", kill),
    ("POST", "/containers/{id}/rename", rename), ("DELETE", "/containers/{id}", remove),
    ("POST", "/containers/{id}/wait", wait), ("GET", "/containers/{id}/logs", logs),
    ("POST", "/containers/{id}/attach", attach), ("GET", "/containers/{id}/top", top),
    ("POST", "/containers/{id}/resize", resize), ("POST", "/containers/{id}/update", update),
]

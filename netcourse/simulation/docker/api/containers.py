"""/containers: create, list, inspect, start, stop, wait, logs, attach and the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from netcourse.simulation.docker import signalling
from netcourse.simulation.docker.api.bodies import STRUCTS
from netcourse.simulation.docker.api.messages import Handler, Request, Response, Route
from netcourse.simulation.docker.api.numbers import size_of_terminal
from netcourse.simulation.docker.api.platforms import check_created, platform_of
from netcourse.simulation.docker.cgroups import check_updated_groups
from netcourse.simulation.docker.checking import check_restart_policy
from netcourse.simulation.docker.containers import Container
from netcourse.simulation.docker.errors import EngineError, bad_request, conflict, not_simulated
from netcourse.simulation.docker.inspecting import inspect_container, sizes
from netcourse.simulation.docker.limits import settle_new, updated_limits, without_unsupported
from netcourse.simulation.docker.mac_addresses import move_to_endpoint
from netcourse.simulation.docker.signals import signal_number
from netcourse.simulation.linux.signals import Signal

WITHOUT_WARNING = tuple(f"1.{minor}" for minor in range(24, 44))
"""Versions of the API in which a MAC address was a container's own."""


def create(request: Request) -> Response:
    if not request.body:
        raise bad_request("invalid JSON: got EOF while reading request body")
    wanted = request.json("container.CreateRequest")
    if not wanted.keys() & STRUCTS["container.CreateRequest"].keys() - {"HostConfig", "NetworkingConfig"}:
        raise bad_request("config cannot be empty in order to create a container")
    platform = platform_of(request.one("platform"))
    moved = move_to_endpoint(wanted)
    warnings = [*settle_new(wanted.get("HostConfig") or {}),
                *([] if request.version in WITHOUT_WARNING else moved)]
    with request.world.enter() as engine:
        check_created(engine.images, platform, str(wanted.get("Image") or ""))
        container = engine.containers.create(request.one("name"), wanted)
        if container.network_mode == "host" and container.host_config.get("PortBindings"):
            warnings.append("Published ports are discarded when using host network mode")
        return Response({"Id": container.id, "Warnings": warnings}, 201)


def inspect(request: Request) -> Response:
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
        return Response(inspect_container(container) | (sizes(container) if request.flag("size") else {}))


def start(request: Request) -> Response:
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
        if container.state == "paused":
            raise conflict("cannot start a paused container, try unpause instead")
        if container.is_up:
            return Response(status=304)
        container.start()
    return Response(status=204)


def stop(request: Request) -> Response:
    patience = _patience(request)
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
        if not container.is_up:
            return Response(status=304)
    with _said_of(f"cannot stop container: {request.parts['id']}"):
        _end(request, container, patience)
    return Response(status=204)


def _end(request: Request, container: Container, patience: int | None) -> None:
    """Ask it to end, and kill it when its time is up, which passes at once. Raises EngineError."""
    number = _signal(request)
    with request.world.enter():
        process, seconds = container.process, signalling.grace(container) if patience is None else patience
        if container.state == "restarting":
            signalling.cancel_restart(container)
            container.emit("stop")
        if process is None:
            return
        container.is_being_stopped = True
        signalling.kill(container, number or container.stop_signal)
    request.world.let_pass(seconds, lambda: process.exit.done)
    with request.world.enter():
        if container.process is process and not process.exit.done:
            signalling.kill(container, Signal.SIGKILL)
        container.is_being_stopped = False


def _patience(request: Request) -> int | None:
    """Seconds to wait; None for the container's own. Raises EngineError."""
    return request.number("t", 0) if request.one("t") else None


def _signal(request: Request) -> int | None:
    """None for the container's own. Raises EngineError."""
    text = request.one("signal")
    return signal_number(text) if text else None


@contextmanager
def _said_of(beginning: str) -> Iterator[None]:
    """Errors get a beginning that tells what has failed."""
    try:
        yield
    except EngineError as error:
        raise EngineError(error.status, f"{beginning}: {error}") from None


def restart(request: Request) -> Response:
    patience = _patience(request)
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
    with _said_of(f"Cannot restart container {request.parts['id']}"):
        _end(request, container, patience)
        request.alone(container.start)
    request.alone(lambda: container.emit("restart"))
    return Response(status=204)


def kill(request: Request) -> Response:
    with request.world.enter() as engine, _said_of(f"cannot kill container: {request.parts['id']}"):
        number = signal_number(request.one("signal") or "SIGKILL")
        signalling.kill(engine.containers.get(request.parts["id"]), number)
    return Response(status=204)


def pause(request: Request) -> Response:
    with request.world.enter() as engine:
        signalling.pause(engine.containers.get(request.parts["id"]))
    return Response(status=204)


def unpause(request: Request) -> Response:
    with request.world.enter() as engine:
        signalling.unpause(engine.containers.get(request.parts["id"]))
    return Response(status=204)


def rename(request: Request) -> Response:
    if not request.one("name"):
        raise bad_request("Neither old nor new names may be empty")
    with request.world.enter() as engine:
        engine.containers.rename(engine.containers.get(request.parts["id"]), request.one("name"))
    return Response(status=204)


def remove(request: Request) -> Response:
    name = request.parts["name"]
    with request.world.enter() as engine:
        if request.flag("link"):
            engine.links.remove(name)
        else:
            container = engine.containers.get(name)
            engine.containers.remove(container, force=request.flag("force"), volumes=request.flag("v"))
    return Response(status=204)


def resize(request: Request) -> Response:
    rows, columns = size_of_terminal(request.one("h"), request.one("w"))
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
        if not container.is_running:
            raise conflict(f"container {container.id} is not running")
        container.streams.resize(rows, columns)
    return Response()


def update(request: Request) -> Response:
    wanted = request.json("container.UpdateConfig")
    warnings = without_unsupported(wanted)
    with request.world.enter() as engine:
        container = engine.containers.get(request.parts["id"])
        policy = wanted.get("RestartPolicy") or {}
        changed = _changed_limits(container, wanted) | ({"RestartPolicy": policy} if policy.get("Name") else {})
        if "RestartPolicy" in changed:
            _check_policy(container, policy)
        if container.is_running:
            check_updated_groups(container.id, changed)
        container.host_config |= changed
        container.pids.most = container.most_processes
        container.emit("update")
    return Response({"Warnings": warnings or None})


def _changed_limits(container: Container, wanted: dict[str, Any]) -> dict[str, Any]:
    try:
        return updated_limits(container.host_config, wanted)
    except EngineError as error:
        told = f"Cannot update container {container.id}: {error}" if error.status == 409 else str(error)
        raise EngineError(error.status, told) from None


def _check_policy(container: Container, policy: dict[str, Any]) -> None:
    check_restart_policy(policy)
    if container.host_config.get("AutoRemove") and policy["Name"] != "no":
        raise conflict(f"Cannot update container {container.id}: Restart policy cannot be updated because AutoRemove "
                       "is enabled for the container")


def _refusing(what: str) -> Handler:
    """Of a container that is there, ``what`` isn't simulated."""
    def refuse(request: Request) -> Response:
        with request.world.enter() as engine:
            engine.containers.get(request.parts["id"])
        raise not_simulated(what)

    return refuse


ROUTES: list[Route] = [
    *((method, "/containers/{id}/archive", _refusing("docker cp")) for method in ("GET", "HEAD", "PUT")),
    ("GET", "/containers/{id}/changes", _refusing("docker diff")),
    ("GET", "/containers/{id}/export", _refusing("docker export")),
    ("GET", "/containers/{id}/stats", _refusing("docker stats")),
    ("POST", "/containers/create", create), ("GET", "/containers/{id}/json", inspect),
    ("POST", "/containers/{id}/start", start), ("POST", "/containers/{id}/stop", stop),
    ("POST", "/containers/{id}/restart", restart), ("POST", "/containers/{id}/kill", kill),
    ("POST", "/containers/{id}/pause", pause), ("POST", "/containers/{id}/unpause", unpause),
    ("POST", "/containers/{id}/rename", rename), ("DELETE", "/containers/{name}", remove),
    ("POST", "/containers/{id}/resize", resize), ("POST", "/containers/{id}/update", update),
]

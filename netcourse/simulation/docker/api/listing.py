"""/containers/json and prune: which containers there are."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from netcourse.simulation.docker.api.filters import (
    Filters,
    check_known,
    check_pruning,
    check_truth,
    has_label,
    labels_fit,
)
from netcourse.simulation.docker.api.messages import Request, Response, Route
from netcourse.simulation.docker.containers import Container
from netcourse.simulation.docker.engine import Engine
from netcourse.simulation.docker.errors import EngineError, bad_request, failed
from netcourse.simulation.docker.inspecting import sizes, summarise_container

STATES = ("created", "running", "paused", "restarting", "removing", "exited", "dead")
HEALTHS = ("none", "starting", "healthy", "unhealthy")
TRUE_WORDS = ("1", "t", "true", "True", "TRUE")

Test = Callable[[Container, str], bool]


def list_containers(request: Request) -> Response:
    filters, limit = request.filters(), request.number("limit", 0)
    _check(filters, {*_TESTS, "before", "since", "isolation"})
    everything = request.flag("all") or limit > 0 or bool({"status", "exited"} & set(filters))
    with request.world.enter() as engine:
        found = [c for c in _between(engine, filters) if (everything or c.is_up) and _matches(c, filters)]
        return Response([_summary(c, with_sizes=request.flag("size")) for c in (found[:limit] if limit > 0 else found)])


def _summary(container: Container, *, with_sizes: bool) -> dict[str, Any]:
    """A size of nothing isn't told."""
    shown = {name: size for name, size in sizes(container).items() if size} if with_sizes else {}
    return summarise_container(container) | shown


def _check(filters: Filters, known: set[str]) -> None:
    """Raises EngineError for a filter that dockerd doesn't know, or a value that makes no sense to it."""
    check_known(filters, known)
    check_truth(filters, "is-task")
    for value in filters.get("status", []):
        if value not in STATES:
            raise bad_request(f"invalid filter 'status={value}': invalid value for state ({value}): must be one of "
                              f"{', '.join(STATES)}")
    for value in filters.get("health", []):
        if value not in HEALTHS:
            raise bad_request(f"invalid filter 'health={value}': invalid value for health ({value}): must be one of "
                              f"{', '.join(HEALTHS)}")
    for value in filters.get("exited", []):
        if not value.lstrip("+-").isdecimal():
            raise bad_request(f"invalid filter 'exited={value}': strconv.Atoi: parsing \"{value}\": invalid syntax")
    for key in ("publish", "expose"):
        for value in filters.get(key, []):
            _check_ports(key, value)


def _check_ports(key: str, value: str) -> None:
    for number in value.partition("/")[0].split("-"):
        if not number.isdecimal():
            raise failed(f"error while looking up for {key} {value}: strconv.ParseUint: parsing \"{number}\": "
                         "invalid syntax")


def _between(engine: Engine, filters: Filters) -> list[Container]:
    """The newest first; only those older than ``before`` and younger than ``since``. Raises EngineError."""
    found = list(engine.containers)[::-1]
    for reference in filters.get("before", []):
        found = found[found.index(engine.containers.get(reference)) + 1:]
    for reference in filters.get("since", []):
        limit = engine.containers.get(reference)
        found = found[:found.index(limit)] if limit in found else []
    return found


def _matches(container: Container, filters: Filters) -> bool:
    """All kinds of filter must agree; of one kind any value will do, but every label must be there."""
    return all((all if key == "label" else any)(_TESTS[key](container, value) for value in values)
               for key, values in filters.items() if key in _TESTS)


def _has_name(container: Container, pattern: str) -> bool:
    """A name filter is a regular expression on "/name" and "name"."""
    try:
        return bool(re.search(pattern, f"/{container.name}") or re.search(pattern, container.name))
    except re.error:
        return pattern in container.name


def _is_on(container: Container, network: str) -> bool:
    return any(network == e.network.name or e.network.id.startswith(network) for e in container.endpoints.values())


def _comes_from(container: Container, image: str) -> bool:
    try:
        return container.image is container.engine.images.get(image)
    except EngineError:
        return False


def _has_port(container: Container, value: str, field: str) -> bool:
    numbers, _, protocol = value.partition("/")
    first, _, last = numbers.partition("-")
    return any(port["Type"] == (protocol or "tcp") and int(first) <= port.get(field, -1) <= int(last or first)
               for port in summarise_container(container)["Ports"])


_TESTS: dict[str, Test] = {
    "name": _has_name, "label": lambda container, value: has_label(container.config.get("Labels"), value),
    "network": _is_on,
    "ancestor": _comes_from,
    "id": lambda container, value: container.id.startswith(value),
    "status": lambda container, value: container.state == value,
    "exited": lambda container, value: container.state == "exited" and container.exit_code == int(value),
    "publish": lambda container, value: _has_port(container, value, "PublicPort"),
    "expose": lambda container, value: _has_port(container, value, "PrivatePort"),
    "health": lambda container, value: value == (container.health.status if container.health is not None else "none"),
    "is-task": lambda container, value: value not in TRUE_WORDS,
    "volume": lambda container, value: any(value in (point.volume, point.destination) for point in container.mounts),
}


def prune(request: Request) -> Response:
    filters = request.filters()
    with request.world.enter() as engine:
        until = check_pruning(filters, {"label", "label!", "until"}, engine.now)
        ended = [c for c in engine.containers if not c.is_up and c.created <= until and
                 labels_fit(c.config.get("Labels"), filters)]
        reclaimed = sum(container.files.written_size() for container in ended)
        for container in ended:
            engine.containers.remove(container, force=False)
        names: list[Any] = [container.id for container in ended]
        engine.events.emit("container", "prune", "", {"reclaimed": str(reclaimed)})
    return Response({"ContainersDeleted": names or None, "SpaceReclaimed": reclaimed})


ROUTES: list[Route] = [
    ("GET", "/containers/json", list_containers), ("POST", "/containers/prune", prune),
]

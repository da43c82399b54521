"""/networks."""

from __future__ import annotations

from typing import Any

from netcourse.simulation.docker.api.filters import check_pruning, labels_fit
from netcourse.simulation.docker.api.messages import Request, Response, Route
from netcourse.simulation.docker.errors import bad_request


def list_networks(request: Request) -> Response:
    with request.world.enter() as engine:
        found = engine.networks.matching(request.filters())
        return Response([engine.networks.summary(network) for network in found])


def inspect(request: Request) -> Response:
    with request.world.enter() as engine:
        return Response(engine.networks.inspect(engine.networks.get(request.parts["id"])))


def create(request: Request) -> Response:
    wanted = request.json("network.CreateRequest")
    with request.world.enter() as engine:
        return Response({"Id": engine.networks.create(wanted).id, "Warning": ""}, 201)


def remove(request: Request) -> Response:
    with request.world.enter() as engine:
        engine.networks.remove(request.parts["id"])
    return Response(status=204)


def connect(request: Request) -> Response:
    wanted = request.json("network.ConnectOptions")
    with request.world.enter() as engine:
        container = engine.containers.get(_container(wanted))
        engine.networks.connect(request.parts["id"], container, wanted.get("EndpointConfig") or {})
    return Response()


def _container(wanted: dict[str, Any]) -> str:
    """Raises EngineError for none at all."""
    if not wanted.get("Container"):
        raise bad_request('invalid name or ID supplied: ""')
    return str(wanted["Container"])


def disconnect(request: Request) -> Response:
    wanted = request.json("network.DisconnectOptions")
    with request.world.enter() as engine:
        engine.networks.disconnect(request.parts["id"], _container(wanted), force=bool(wanted.get("Force")))
    return Response()


def prune(request: Request) -> Response:
    filters = request.filters()
    with request.world.enter() as engine:
        until = check_pruning(filters, {"label", "label!", "until"}, engine.now)
        gone = engine.networks.prune(lambda network: network.created <= until and labels_fit(network.labels, filters))
        engine.events.emit("network", "prune", "", {"reclaimed": "0"})
        return Response({"NetworksDeleted": gone or None})


ROUTES: list[Route] = [
    ("GET", "/networks", list_networks), ("POST", "/networks/create", create), ("POST", "/networks/prune", prune),
    ("GET", "/networks/{id}", inspect), ("DELETE", "/networks/{id}", remove),
    ("POST", "/networks/{id}/connect", connect), ("POST", "/networks/{id}/disconnect", disconnect),
]

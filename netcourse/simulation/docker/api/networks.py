"""/networks."""

from __future__ import annotations

from typing import Any

from netcourse.simulation.docker import connecting
from netcourse.simulation.docker.api.filters import check_pruning, labels_fit
from netcourse.simulation.docker.api.messages import Request, Response, Route
from netcourse.simulation.docker.errors import bad_request
from netcourse.simulation.docker.inspecting_networks import inspect_network, summarise_network
from netcourse.simulation.docker.network_filters import matching


def list_networks(request: Request) -> Response:
    with request.world.enter() as engine:
        return Response([summarise_network(network) for network in matching(engine.networks.all(), request.filters())])


def inspect(request: Request) -> Response:
    with request.world.enter() as engine:
        return Response(inspect_network(engine.networks.get(request.parts["name"])))


def create(request: Request) -> Response:
    wanted = request.json("network.CreateRequest")
    with request.world.enter() as engine:
        return Response({"Id": engine.networks.create(wanted).id, "Warning": ""}, 201)


def remove(request: Request) -> Response:
    with request.world.enter() as engine:
        engine.networks.remove(request.parts["name"])
    return Response(status=204)


def connect(request: Request) -> Response:
    wanted = request.json("network.ConnectOptions")
    with request.world.enter() as engine:
        container = engine.containers.get(_container(wanted))
        connecting.connect(container, request.parts["name"], wanted.get("EndpointConfig") or {})
    return Response()


def _container(wanted: dict[str, Any]) -> str:
    """Raises EngineError for none at all."""
    if not wanted.get("Container"):
        raise bad_request('invalid name or ID supplied: ""')
    return str(wanted["Container"])


def disconnect(request: Request) -> Response:
    wanted = request.json("network.DisconnectOptions")
    with request.world.enter() as engine:
        connecting.disconnect(engine, request.parts["name"], _container(wanted), force=bool(wanted.get("Force")))
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
    ("GET", "/networks/{name}", inspect), ("DELETE", "/networks/{name}", remove),
    ("POST", "/networks/{name}/connect", connect), ("POST", "/networks/{name}/disconnect", disconnect),
]

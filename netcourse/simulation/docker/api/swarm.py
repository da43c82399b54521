"""/swarm and what there is of one, and /plugins: this engine is in no swarm, and has no plugins."""

from __future__ import annotations

from netcourse.simulation.docker.api.messages import Request, Response, Route
from netcourse.simulation.docker.errors import no_swarm, not_found

OBJECTS = ("services", "nodes", "tasks", "secrets", "configs")
DEEDS = ("enable", "disable", "set", "upgrade", "push")


def no_manager(_: Request) -> Response:
    raise no_swarm()


def leave(_: Request) -> Response:
    return Response({"message": "This node is not part of a swarm"}, 503)


def plugin(request: Request) -> Response:
    """``docker inspect`` asks here last."""
    raise not_found(f'plugin "{request.parts["name"]}" not found')


def list_plugins(_: Request) -> Response:
    return Response([])


ROUTES: list[Route] = [
    ("POST", "/swarm/leave", leave), ("POST", "/swarm/update", no_manager),
    *(("GET", f"/swarm{rest}", no_manager) for rest in ("", "/unlockkey")),
    *(("GET", f"/{kind}", no_manager) for kind in OBJECTS),
    *((method, f"/{kind}/{{name}}", no_manager) for kind in OBJECTS for method in ("GET", "POST", "DELETE")),
    ("GET", "/plugins", list_plugins), ("GET", "/plugins/{name}/json", plugin), ("DELETE", "/plugins/{name}", plugin),
    *(("POST", f"/plugins/{{name}}/{deed}", plugin) for deed in DEEDS),
]

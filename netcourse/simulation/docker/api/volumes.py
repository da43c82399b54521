"""/volumes."""

from __future__ import annotations

from netcourse.simulation.docker.api.filters import Filters, check_known, check_pruning, has_label, labels_fit
from netcourse.simulation.docker.api.messages import TRUE, Request, Response, Route
from netcourse.simulation.docker.errors import EngineError, bad_request
from netcourse.simulation.docker.volumes import ANONYMOUS, Volume


def list_volumes(request: Request) -> Response:
    try:
        filters = request.filters()
    except EngineError as error:
        raise bad_request(f"error reading volume filters: {error}") from None
    check_known(filters, {"dangling", "driver", "label", "name"})
    with request.world.enter() as engine:
        return Response({"Volumes": [volume for volume in engine.volumes.all() if _matches(volume, filters)],
                         "Warnings": None})


def _matches(volume: Volume, filters: Filters) -> bool:
    """No container uses any: all of them are dangling."""
    names, drivers = filters.get("name", [""]), filters.get("driver", [volume["Driver"]])
    dangling = all(value in TRUE for value in filters.get("dangling", []))
    return (dangling and volume["Driver"] in drivers and any(name in volume["Name"] for name in names) and
            labels_fit(volume["Labels"], filters))


def create(request: Request) -> Response:
    wanted = request.json("volume.CreateOptions")
    with request.world.enter() as engine:
        name = str(wanted.get("Name") or engine.new_id())
        if not wanted.get("Name"):
            wanted["Labels"] = (wanted.get("Labels") or {}) | {ANONYMOUS: ""}
        return Response(engine.volumes.create(name, wanted, engine.timestamp()), 201)


def inspect(request: Request) -> Response:
    with request.world.enter() as engine:
        return Response(engine.volumes.get(request.parts["name"]))


def remove(request: Request) -> Response:
    with request.world.enter() as engine:
        try:
            engine.volumes.remove(request.parts["name"])
        except EngineError:
            if not request.flag("force"):
                raise
    return Response(status=204)


def prune(request: Request) -> Response:
    """Those without a name of their own, or all."""
    filters = request.filters()
    check_pruning(filters, {"all", "label", "label!"})
    everything = any(value in TRUE for value in filters.get("all", []))
    with request.world.enter() as engine:
        gone = [volume["Name"] for volume in engine.volumes.all() if labels_fit(volume["Labels"], filters) and
                (everything or has_label(volume["Labels"], ANONYMOUS))]
        for name in gone:
            engine.volumes.remove(name)
        engine.events.emit("volume", "prune", "", {"reclaimed": "0"})
    return Response({"VolumesDeleted": gone or None, "SpaceReclaimed": 0})


ROUTES: list[Route] = [
    ("GET", "/volumes", list_volumes), ("POST", "/volumes/create", create), ("POST", "/volumes/prune", prune),
    ("GET", "/volumes/{name}", inspect), ("DELETE", "/volumes/{name}", remove),
]

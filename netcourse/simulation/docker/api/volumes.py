"""/volumes."""

from __future__ import annotations

from http import HTTPStatus

from netcourse.simulation.docker.api.filters import Filters, check_known, check_truth, fits_name, has_label, labels_fit
from netcourse.simulation.docker.api.messages import TRUE, Request, Response, Route
from netcourse.simulation.docker.engine import Engine
from netcourse.simulation.docker.errors import EngineError, bad_request, no_swarm
from netcourse.simulation.docker.mounts import users
from netcourse.simulation.docker.truth import truth
from netcourse.simulation.docker.volumes import ANONYMOUS, Volume


def list_volumes(request: Request) -> Response:
    try:
        filters = request.filters()
    except EngineError as error:
        raise bad_request(f"error reading volume filters: {error}") from None
    check_known(filters, {"dangling", "driver", "label", "name"})
    check_truth(filters, "dangling")
    with request.world.enter() as engine:
        found = [volume.shown for volume in engine.volumes.all() if _matches(engine, volume, filters)]
    return Response({"Volumes": found, "Warnings": None})


def _matches(engine: Engine, volume: Volume, filters: Filters) -> bool:
    """One that no container uses is dangling."""
    names, drivers = filters.get("name", [""]), filters.get("driver", ["local"])
    is_dangling = not users(engine, volume.name)
    return (all((value in TRUE) == is_dangling for value in filters.get("dangling", [])) and "local" in drivers and
            any(fits_name(volume.name, name) for name in names) and labels_fit(volume.labels, filters))


def create(request: Request) -> Response:
    wanted = request.json("volume.CreateOptions")
    if wanted.get("ClusterVolumeSpec"):
        raise no_swarm()
    with request.world.enter() as engine:
        name = str(wanted.get("Name") or engine.new_id())
        if not wanted.get("Name"):
            wanted["Labels"] = (wanted.get("Labels") or {}) | {ANONYMOUS: ""}
        return Response(engine.volumes.create(name, wanted, engine.now).shown, 201)


def inspect(request: Request) -> Response:
    with request.world.enter() as engine:
        return Response(engine.volumes.get(request.parts["name"]).shown)


def remove(request: Request) -> Response:
    with request.world.enter() as engine:
        name = request.parts["name"]
        try:
            engine.volumes.remove(name, users(engine, name))
        except EngineError as error:
            if error.status != HTTPStatus.NOT_FOUND or not request.flag("force"):
                raise
    return Response(status=204)


def prune(request: Request) -> Response:
    """Those without a name of their own, or all."""
    filters = request.filters()
    check_known(filters, {"all", "label", "label!"})
    try:
        everything = "all" in filters and all(truth(value) for value in filters["all"])
    except ValueError as error:
        raise bad_request(f"invalid filter 'all': {error}") from None
    with request.world.enter() as engine:
        gone = [volume for volume in engine.volumes.all() if labels_fit(volume.labels, filters) and
                (everything or has_label(volume.labels, ANONYMOUS)) and not users(engine, volume.name)]
        for volume in gone:
            engine.volumes.remove(volume.name, [])
        reclaimed = sum(volume.size for volume in gone)
        engine.events.emit("volume", "prune", "", {"reclaimed": str(reclaimed)})
    return Response({"VolumesDeleted": [volume.name for volume in gone] or None, "SpaceReclaimed": reclaimed})


ROUTES: list[Route] = [
    ("GET", "/volumes", list_volumes), ("POST", "/volumes/create", create), ("POST", "/volumes/prune", prune),
    ("GET", "/volumes/{name}", inspect), ("DELETE", "/volumes/{name}", remove),
]

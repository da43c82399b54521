"""/images."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from netcourse.simulation.docker.api.filters import Filters, check_known, check_pruning, check_truth
from netcourse.simulation.docker.api.messages import TRUE, Connection, Request, Response, Route, Stream
from netcourse.simulation.docker.errors import bad_request, not_simulated
from netcourse.simulation.docker.image_names import check_platform, normal_name
from netcourse.simulation.docker.images import Image

TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


def list_images(request: Request) -> Response:
    filters = request.filters()
    check_known(filters, {"before", "dangling", "label", "reference", "since", "until"})
    check_truth(filters, "dangling")
    for name in ("before", "since", "until"):
        if name in filters:
            raise not_simulated(f"the {name} filter of images")
    with request.world.enter() as engine:
        chosen = ((image, _chosen_tags(image, filters)) for image in engine.images.all())
        counts = Counter(container.image.id for container in engine.containers)
        return Response([summary(image, tags, counts[image.id]) for image, tags in chosen if tags])


def _chosen_tags(image: Image, filters: Filters) -> list[str]:
    """Those that fit the patterns; an image without any isn't shown. No image here is dangling or has labels."""
    if "label" in filters or any(value in TRUE for value in filters.get("dangling", [])):
        return []
    patterns = filters.get("reference", [])
    return [tag for tag in image.tags if not patterns or any(_fits(tag, pattern) for pattern in patterns)]


def _fits(tag: str, pattern: str) -> bool:
    """A pattern is for the whole name, or for the name without its tag (distribution/reference, FamiliarMatch)."""
    short = pattern.removeprefix("docker.io/").removeprefix("library/")
    return fnmatchcase(tag, short) or fnmatchcase(tag.rpartition(":")[0], short)


def summary(image: Image, tags: list[str], containers: int) -> dict[str, Any]:
    created = int(datetime.fromisoformat(image.created).timestamp())
    return {"Containers": containers, "Created": created, "Id": image.id, "Labels": None, "ParentId": "",
            "RepoDigests": [], "RepoTags": tags, "SharedSize": -1, "Size": image.size}


def inspect(request: Request) -> Response:
    with request.world.enter() as engine:
        image = engine.images.get(request.parts["name"])
    config = {key: value for key, value in image.config.items() if key != "ExposedPorts" or value}
    return Response({
        "Id": image.id, "RepoTags": image.tags, "RepoDigests": [], "Parent": "", "Comment": "",
        "Created": image.created, "DockerVersion": "", "Author": "", "Config": config, "Architecture": "amd64",
        "Os": "linux", "Size": image.size, "GraphDriver": {"Data": None, "Name": "overlay2"},
        "RootFS": {"Type": "layers", "Layers": [image.id]}, "Metadata": {"LastTagTime": image.created}})


def pull(request: Request) -> Stream:
    name = request.one("fromImage")
    check_platform(request.one("platform"))
    tag = request.one("tag")
    reference = f"{name}:{tag}" if tag and "@" not in name else name
    with request.world.enter() as engine:
        present = any(normal_name(reference) in image.tags for image in engine.images.all())
        image = engine.images.pull(reference)
    full = normal_name(reference)
    status = f"Image is up to date for {full}" if present else f"Downloaded newer image for {full}"
    lines = [{"status": f"Pulling from {full.rpartition(':')[0]}", "id": full.rpartition(":")[2]},
             {"status": f"Digest: {image.id}"}, {"status": f"Status: {status}"}]

    def run(connection: Connection) -> None:
        for line in lines:
            connection.send(json.dumps(line).encode() + b"\r\n")

    return Stream(run)


def remove(request: Request) -> Response:
    with request.world.enter() as engine:
        image = engine.images.get(request.parts["name"])
        used = any(container.image is image for container in engine.containers) and not request.flag("force")
        return Response(engine.images.remove(request.parts["name"], used=used))


def tag(request: Request) -> Response:
    name, version = request.one("repo"), request.one("tag") or "latest"
    if not name:
        return Response()
    if name != name.lower():
        whole = name if "/" in name else f"library/{name}"
        raise bad_request(f"invalid reference format: repository name ({whole}) must be lowercase")
    if not TAG.fullmatch(version):
        raise bad_request("invalid tag format")
    with request.world.enter() as engine:
        engine.images.tag(request.parts["name"], f"{name}:{version}")
    return Response(status=201)


def search(request: Request) -> Response:
    raise not_simulated("searching for images")


def history(request: Request) -> Response:
    with request.world.enter() as engine:
        engine.images.get(request.parts["name"])
    raise not_simulated("the history of an image")


def prune(request: Request) -> Response:
    """Nothing is dangling here; with all of them, those that no container uses go."""
    filters = request.filters()
    gone: list[dict[str, str]] = []
    with request.world.enter() as engine:
        until = check_pruning(filters, {"dangling", "label", "label!", "until"}, engine.now)
        if "false" in filters.get("dangling", []) and "label" not in filters:
            used = {container.image.id for container in engine.containers}
            for image in [image for image in engine.images.all()
                          if image.id not in used and image.content.created <= until]:
                for tag_name in list(image.tags):
                    gone += engine.images.remove(tag_name, used=False)
        engine.events.emit("image", "prune", "", {"reclaimed": "0"})
    return Response({"ImagesDeleted": gone or None, "SpaceReclaimed": 0})


def prune_builds(request: Request) -> Response:
    """Nothing has ever been built here."""
    return Response({"CachesDeleted": None, "SpaceReclaimed": 0})


ROUTES: list[Route] = [
    ("POST", "/build/prune", prune_builds), ("GET", "/images/search", search),
    ("POST", "/images/prune", prune), ("GET", "/images/{name}/history", history),
    ("GET", "/images/json", list_images), ("POST", "/images/create", pull), ("GET", "/images/{name}/json", inspect),
    ("DELETE", "/images/{name}", remove), ("POST", "/images/{name}/tag", tag),
]

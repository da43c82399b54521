"""/images and /volumes."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from netcourse.simulation.docker.api.messages import Connection, Request, Response, Route, Stream
from netcourse.simulation.docker.errors import EngineError
from netcourse.simulation.docker.images import Image, normal_name


def list_images(request: Request) -> Response:
    wanted = request.filters().get("reference", [])
    with request.world.enter() as engine:
        found = [image for image in engine.images.all()
                 if not wanted or any(normal_name(name) in image.tags for name in wanted)]
        return Response([_summary(image) for image in found])


def _summary(image: Image) -> dict[str, Any]:
    created = int(datetime.fromisoformat(image.created).timestamp())
    return {"Containers": -1, "Created": created, "Id": image.id, "Labels": None, "ParentId": "", "RepoDigests": [],
            "RepoTags": image.tags, "SharedSize": -1, "Size": image.size}


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
    with request.world.enter() as engine:
        engine.images.tag(request.parts["name"], f"{request.one('repo')}:{request.one('tag') or 'latest'}")
    return Response(status=201)


def list_volumes(request: Request) -> Response:
    names = request.filters().get("name", [])
    with request.world.enter() as engine:
        found = [v for v in engine.volumes.all() if not names or any(name in v["Name"] for name in names)]
    return Response({"Volumes": found, "Warnings": None})


def create_volume(request: Request) -> Response:
    wanted = request.json("volume.CreateOptions")
    with request.world.enter() as engine:
        name = str(wanted.get("Name") or engine.new_id())
        return Response(engine.volumes.create(name, wanted.get("Labels"), engine.timestamp()), 201)


def inspect_volume(request: Request) -> Response:
    with request.world.enter() as engine:
        return Response(engine.volumes.get(request.parts["name"]))


def remove_volume(request: Request) -> Response:
    with request.world.enter() as engine:
        try:
            engine.volumes.remove(request.parts["name"])
        except EngineError:
            if not request.flag("force"):
                raise
    return Response(status=204)


ROUTES: list[Route] = [
    ("GET", "/images/json", list_images), ("POST", "/images/create", pull), ("GET", "/images/{name}/json", inspect),
    ("DELETE", "/images/{name}", remove), ("POST", "/images/{name}/tag", tag),
    ("GET", "/volumes", list_volumes), ("POST", "/volumes/create", create_volume),
    ("GET", "/volumes/{name}", inspect_volume), ("DELETE", "/volumes/{name}", remove_volume),
]

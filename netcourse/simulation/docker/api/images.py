"""/images."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from netcourse.simulation.docker.api.ages import moment_of
from netcourse.simulation.docker.api.filters import Filters, check_known, check_pruning, check_truth
from netcourse.simulation.docker.api.messages import TRUE, Connection, Handler, Request, Response, Route, Stream
from netcourse.simulation.docker.api.platforms import check_chosen, check_pulled
from netcourse.simulation.docker.engine import Engine
from netcourse.simulation.docker.errors import EngineError, bad_request, failed, not_simulated
from netcourse.simulation.docker.image_names import TAG, ImageName, fits, is_digest, parse_name
from netcourse.simulation.docker.image_removal import Records, remove_image
from netcourse.simulation.docker.images import Image
from netcourse.simulation.docker.timestamps import timestamp_text
from netcourse.simulation.linux.clock import SECOND

BUILD_FILTERS = {"until", "unused-for", "id", "parent", "type", "description", "inuse", "shared", "private", "label",
                 "label!"}
COMMENT = "Imported from -"
"""The catalogue's images are shown like those that were imported: they weren't built of a Dockerfile."""


def list_images(request: Request) -> Response:
    filters = request.filters()
    check_known(filters, {"before", "dangling", "label", "reference", "since", "until"})
    check_truth(filters, "dangling")
    with request.world.enter() as engine:
        chosen = ((image, _chosen_names(engine, image, filters)) for image in _between(engine, filters))
        counts = Counter(container.image.id for container in engine.containers)
        shared = 0 if request.flag("shared-size") else -1
        return Response([summary(image, names, counts[image.id], shared) for image, names in chosen
                         if names is not None])


def _between(engine: Engine, filters: Filters) -> list[Image]:
    """No image here has labels. Raises EngineError."""
    found = [] if "label" in filters else engine.images.all()
    for reference in filters.get("before", []):
        limit = engine.images.get(reference).created
        found = [image for image in found if image.created < limit]
    for reference in filters.get("since", []):
        limit = engine.images.get(reference).created
        found = [image for image in found if image.created > limit]
    for text in filters.get("until", []):
        moment = moment_of(text, engine.now)
        found = [image for image in found if image.created <= moment]
    return found


def _chosen_names(engine: Engine, image: Image, filters: Filters) -> list[ImageName] | None:
    """Those that fit the patterns; None for an image that isn't shown. Raises EngineError."""
    patterns, dangling = filters.get("reference", []), filters.get("dangling", [])
    names = [name for name in engine.images.names_of(image)
             if not patterns or any(fits(name, pattern) for pattern in patterns)]
    only_dangling = any(value in TRUE for value in dangling)
    if names:
        return None if only_dangling and any(name.tag for name in names) else names
    return None if patterns or (dangling and not only_dangling) else []


def summary(image: Image, names: list[ImageName], containers: int, shared: int) -> dict[str, Any]:
    return {"Containers": containers, "Created": image.created // SECOND, "Id": image.id, "Labels": None,
            "ParentId": "", "RepoDigests": [name.shown for name in names if name.digest],
            "RepoTags": [name.shown for name in names if name.tag], "SharedSize": shared, "Size": image.size}


def inspect(request: Request) -> Response:
    name = request.parts["name"]
    with request.world.enter() as engine:
        image = engine.images.get(name)
        check_chosen(request.query.get("platform", []), name)
        tags, digests = engine.images.tags_of(image), engine.images.digests_of(image)
    folder = f"/var/lib/docker/overlay2/{image.layer.removeprefix('sha256:')}"
    return Response({
        "Id": image.id, "RepoTags": tags, "RepoDigests": digests, "Parent": "", "Comment": COMMENT,
        "Created": timestamp_text(image.created), "DockerVersion": "", "Author": "", "Architecture": "amd64",
        "Os": "linux", "Size": image.size,
        "GraphDriver": {"Data": {f"{kind}Dir": f"{folder}/{place}" for kind, place in
                                 (("Merged", "merged"), ("Upper", "diff"), ("Work", "work"))}, "Name": "overlay2"},
        "RootFS": {"Type": "layers", "Layers": [image.layer]},
        "Metadata": {"LastTagTime": timestamp_text(image.last_tagged)},
        "Config": {key: value for key, value in image.config.items() if key != "ExposedPorts" or value}})


def history(request: Request) -> Response:
    """All that an image has came with its one layer."""
    name = request.parts["name"]
    with request.world.enter() as engine:
        image = engine.images.get(name)
        check_chosen(request.query.get("platform", []), name)
        tags = engine.images.tags_of(image)
    return Response([{"Comment": COMMENT, "Created": image.created // SECOND, "CreatedBy": "", "Id": image.id,
                      "Size": image.size, "Tags": tags or None}])


def pull(request: Request) -> Stream:
    """Of a repository without a tag everything is meant."""
    if request.one("fromSrc"):
        raise not_simulated("docker import")
    name = parse_name(request.one("fromImage"))
    check_pulled(request.one("platform"))
    version = request.one("tag")
    wanted = (ImageName(name.repository, digest=version) if is_digest(version) else
              ImageName(name.repository, tag=version) if version else name)
    with request.world.enter() as engine:
        is_one = wanted.tag or wanted.digest
        lines, news = [], []
        for one in [wanted] if is_one else engine.images.offered(wanted):
            told, is_new = _pulled(engine, one)
            lines += told
            news.append(is_new)
        engine.events.emit("image", "pull", wanted.shown, {"name": wanted.short_repository})
    status = "Downloaded newer image for" if any(news) else "Image is up to date for"
    lines.append({"status": f"Status: {status} {wanted.shown}"})

    def run(connection: Connection) -> None:
        for line in lines:
            connection.send(json.dumps(line).encode() + b"\r\n")

    return Stream(run)


def _pulled(engine: Engine, name: ImageName) -> tuple[list[dict[str, Any]], bool]:
    """What the docker command is told on the way, without the bars; whether it's new. Raises EngineError."""
    known = {image.id for image in engine.images.all()}
    image, digest, is_new = engine.images.pull(name, engine.now)
    steps = () if image.id in known else ("Pulling fs layer", "Verifying Checksum", "Download complete",
                                          "Pull complete")
    layer = image.layer.removeprefix("sha256:")[:12]
    place = name.repository.partition("/")[2]
    return [{"status": f"Pulling from {place}", "id": name.tag or name.shown},
            *({"status": step, "progressDetail": {}, "id": layer} for step in steps),
            {"status": f"Digest: {digest}"}], is_new


def remove(request: Request) -> Response:
    name, platforms = request.parts["name"], request.query.get("platforms", [])
    if len(platforms) > 1:
        raise bad_request("multiple platforms are not supported")
    with request.world.enter() as engine:
        engine.images.get(name)
        check_chosen(platforms, name)
        return Response(remove_image(engine, name, force=request.flag("force")))


def tag(request: Request) -> Response:
    if not request.one("repo"):
        return Response()
    name, version = parse_name(request.one("repo")), request.one("tag") or "latest"
    if not TAG.fullmatch(version):
        raise bad_request("invalid tag format")
    name = ImageName(name.repository, version)
    with request.world.enter() as engine:
        image = engine.images.tag(request.parts["name"], name, engine.now)
        engine.events.emit("image", "tag", image.id, {"name": name.shown})
    return Response(status=201)


def prune(request: Request) -> Response:
    """Those without a name go, or with all of them those that no container uses."""
    filters = request.filters()
    check_truth(filters, "dangling")
    gone: Records = []
    with request.world.enter() as engine:
        until = check_pruning(filters, {"dangling", "label", "label!", "until"}, engine.now)
        everything = any(value not in TRUE for value in filters.get("dangling", []))
        found = [image for image in engine.images.all() if image.created <= until and "label" not in filters]
        layers = {image.layer: image.size for image in found}
        for image in found:
            gone += _pruned(engine, image, everything=everything)
        reclaimed = sum(layers.get(record.get("Deleted", ""), 0) for record in gone)
        engine.events.emit("image", "prune", "", {"reclaimed": str(reclaimed)})
    return Response({"ImagesDeleted": gone or None, "SpaceReclaimed": reclaimed})


def _pruned(engine: Engine, image: Image, *, everything: bool) -> Records:
    names = engine.images.names_of(image)
    if any(name.tag for name in names) and not everything:
        return []
    gone: Records = []
    for reference in [str(name) for name in names] or [image.id.removeprefix("sha256:")]:
        try:
            gone += remove_image(engine, reference, force=False)
        except EngineError:
            continue
    return gone


def prune_builds(request: Request) -> Response:
    """Nothing has ever been built here."""
    try:
        check_known(request.filters(), BUILD_FILTERS)
    except EngineError as error:
        raise failed(f"failed to prune build cache: {error}") from None
    with request.world.enter() as engine:
        engine.events.emit("builder", "prune", "", {"reclaimed": "0"})
    return Response({"CachesDeleted": None, "SpaceReclaimed": 0})


def commit(request: Request) -> Response:
    with request.world.enter() as engine:
        engine.containers.get(request.one("container"))
    raise not_simulated("docker commit")


def _refusing(what: str) -> Handler:
    def refuse(_: Request) -> Response:
        raise not_simulated(what)

    return refuse


ROUTES: list[Route] = [
    ("POST", "/build/prune", prune_builds), ("GET", "/images/search", _refusing("searching for images")),
    ("POST", "/build", _refusing("docker build")), ("POST", "/commit", commit),
    ("POST", "/images/load", _refusing("docker load")), ("GET", "/images/get", _refusing("docker save")),
    ("GET", "/images/{name}/get", _refusing("docker save")), ("POST", "/images/{name}/push", _refusing("docker push")),
    ("POST", "/images/prune", prune), ("GET", "/images/{name}/history", history),
    ("GET", "/images/json", list_images), ("POST", "/images/create", pull), ("GET", "/images/{name}/json", inspect),
    ("DELETE", "/images/{name}", remove), ("POST", "/images/{name}/tag", tag),
]

"""Which function answers a request: the paths of the API, and dockerd's own refusals where there is none."""

from __future__ import annotations

import re
from posixpath import normpath
from urllib.parse import parse_qs, unquote

from netcourse.simulation.docker.api import (
    attaching,
    containers,
    execs,
    following,
    images,
    listing,
    networks,
    swarm,
    system,
    top,
    volumes,
)
from netcourse.simulation.docker.api.messages import Handler, Request, Response, Stream
from netcourse.simulation.docker.driving import World
from netcourse.simulation.docker.errors import not_simulated

_SERVER = re.compile(r"^[a-z]+://[^/]*")
_VERSION = re.compile(r"^/v([0-9.]+)(?=/)")
_REAL = {"containers", "images", "networks", "volumes", "exec", "swarm", "nodes", "services", "tasks", "secrets",
         "configs", "plugins", "build", "commit", "session", "distribution", "grpc"}
"""The first words of the paths at which dockerd has something, simulated or not."""
_NOTHING_BY_ITSELF = {"/containers", "/images", "/exec", "/distribution"}


def _pattern(path: str) -> re.Pattern[str]:
    """``{id}`` is one piece of the path; ``{name}``, an image's or a network's, may hold slashes."""
    return re.compile(path.replace("{id}", "(?P<id>[^/]+)").replace("{name}", "(?P<name>.+)"))


def _compiled() -> dict[str, list[tuple[re.Pattern[str], Handler]]]:
    by_method: dict[str, list[tuple[re.Pattern[str], Handler]]] = {}
    for module in (system, networks, containers, attaching, following, listing, top, execs, images, volumes, swarm):
        for method, path, handler in module.ROUTES:
            by_method.setdefault(method, []).append((_pattern(path), handler))
    return by_method


ROUTES = _compiled()


def answer(world: World, method: str, target: str, body: bytes, *, upgrades: bool,
           content_type: str = "") -> Response | Stream:
    """Raises EngineError."""
    if method == "OPTIONS":
        return Response(from_engine=target != "*")
    whole, question, query = _SERVER.sub("", target).partition("?")
    clean = _clean(unquote(whole))
    if clean != unquote(whole):
        return Response(status=301, headers={"Location": clean + question + query}, from_engine=False)
    version = _VERSION.match(whole)
    path = unquote(whole[version.end():] if version else whole)
    for pattern, handler in ROUTES.get(method, ()):
        match = pattern.fullmatch(path)
        if match is not None:
            asked = version[1] if version else system.API_VERSION
            return _refused_version(asked) or handler(Request(
                world, method, match.groupdict(), parse_qs(query, keep_blank_values=True), body, upgrades, asked,
                content_type))
    return _no_such_page(method, path)


def _clean(path: str) -> str:
    """Without empty pieces and dots (Go's path.Clean); a slash at the end stays."""
    if "//" not in path and "/." not in path:
        return path
    clean = "/" + normpath(path).lstrip("/")
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def _no_such_page(method: str, path: str) -> Response:
    known = any(pattern.fullmatch(path) for routes in ROUTES.values() for pattern, _ in routes)
    if not known and path.strip("/").partition("/")[0] in _REAL and path.rstrip("/") not in _NOTHING_BY_ITSELF:
        raise not_simulated(f"{method} {path}")
    return Response({"message": "page not found"}, 404, from_engine=False)


def _refused_version(wanted: str) -> Response | None:
    """What is answered to a version of the API that the engine doesn't speak (moby daemon/server/middleware)."""
    if wanted == system.API_VERSION:
        return None
    number, oldest, newest = (tuple(int(part or 0) for part in text.split("."))
                              for text in (wanted, system.OLDEST_API, system.API_VERSION))
    headers = {"Api-Version": system.API_VERSION, "Ostype": "linux", "Server": system.SERVER}
    if number > newest:
        text = f"client version {wanted} is too new. Maximum supported API version is {system.API_VERSION}"
        return Response({"message": text}, 400, headers, from_engine=False)
    if number < oldest:
        text = (f"client version {wanted} is too old. Minimum supported API version is {system.OLDEST_API}, please "
                "upgrade your client to a newer version\n")
        headers |= {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
        return Response(text.encode(), 400, headers, from_engine=False)
    return None

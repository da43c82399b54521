"""Finding and opening a Docker Engine: DOCKER_HOST, the docker command's current context, the usual sockets."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import docker

PATIENCE, ENGINE_TIMEOUT = 5, 60
"""Seconds to wait for an engine's first answer, and for the later ones."""


@dataclass(frozen=True)
class FoundEngine:
    """An engine that answers at ``address``, a DOCKER_HOST, and why it was looked for there."""

    client: docker.DockerClient
    address: str
    reason: str


def candidates(environment: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    """Addresses to try, the likeliest first, each with the reason for trying it. DOCKER_HOST alone, where it is set.

    Raises DockerException for a docker context that can't be read: the docker command goes nowhere else then either.
    """
    if environment.get("DOCKER_HOST"):
        yield environment["DOCKER_HOST"], "DOCKER_HOST"
        return
    context = _current_context(environment, home)
    if context is not None:
        yield context
    if sys.platform == "win32":
        yield "npipe:////./pipe/docker_engine", "the usual pipe"
    for path in _usual_sockets(environment, home):
        if path.exists():
            yield f"unix://{path}", "the usual socket"


def _current_context(environment: Mapping[str, str], home: Path) -> tuple[str, str] | None:
    """The endpoint of the context that ``docker context use`` has chosen, or DOCKER_CONTEXT."""
    from docker.errors import DockerException

    folder = Path(environment.get("DOCKER_CONFIG") or home / ".docker")
    name = environment.get("DOCKER_CONTEXT") or _read(folder / "config.json").get("currentContext")
    if not isinstance(name, str) or name in ("", "default"):
        return None
    meta = _read(folder / "contexts" / "meta" / sha256(name.encode()).hexdigest() / "meta.json")
    try:
        return str(meta["Endpoints"]["docker"]["Host"]), f"the docker context {name}"
    except (KeyError, TypeError):
        raise DockerException(f"the docker context {name} can't be read: `docker context ls` shows which there are, "
                              "`docker context use default` takes the usual one") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _usual_sockets(environment: Mapping[str, str], home: Path) -> list[Path]:
    runtime = environment.get("XDG_RUNTIME_DIR") or (f"/run/user/{os.getuid()}" if hasattr(os, "getuid") else "")
    rootless = [Path(runtime) / "docker.sock"] if runtime else []
    return [Path("/var/run/docker.sock"), *rootless, home / ".docker/run/docker.sock",
            home / ".docker/desktop/docker.sock", home / ".colima/default/docker.sock"]


def open_client(address: str, environment: Mapping[str, str]) -> docker.DockerClient:
    """A client of the engine at ``address``. Raises DockerException when nobody answers there.

    DOCKER_TLS_VERIFY and DOCKER_CERT_PATH count for the address in DOCKER_HOST, as for the docker command.
    """
    import docker
    from docker.errors import DockerException
    from docker.utils import kwargs_from_env
    from requests.exceptions import RequestException

    from netcourse.real.docker.connections import lighten_calls

    settings: dict[str, Any] = {"base_url": address}
    try:
        settings |= kwargs_from_env(dict(environment)) if environment.get("DOCKER_HOST") == address else {}
        client = docker.DockerClient(**settings, timeout=PATIENCE)
        lighten_calls(client.api)
        client.ping()
    # docker-py trips over a port that can't be and over a config.json that isn't a mapping
    except (RequestException, ValueError, AttributeError) as error:
        raise DockerException(str(error)) from None
    client.api.timeout = ENGINE_TIMEOUT
    return client


def find_engine(environment: Mapping[str, str], home: Path) -> tuple[FoundEngine | None, list[str]]:
    """The first engine that answers, or None; and what was tried in vain before, each in words."""
    from docker.errors import DockerException

    problems: list[str] = []
    try:
        for address, why in candidates(environment, home):
            try:
                return FoundEngine(open_client(address, environment), address, why), problems
            except DockerException as error:
                problems.append(f"{address} ({why}): {reason_of(error)}")
    except DockerException as error:
        problems.append(str(error))
    return None, problems or ["no socket of Docker is here"]


def reason_of(error: Exception) -> str:
    """Why an engine doesn't answer or what it refused, in a few words and with what to do where that is known."""
    text = str(getattr(error, "explanation", None) or error)
    return next((words for part, words in _KNOWN.items() if part in text), text).rstrip(".")


_NO_ADDRESS = "that isn't an address of an engine, such as unix:///var/run/docker.sock or tcp://computer:2376"
_NO_ENGINE = "what answers there isn't a Docker Engine"
_KNOWN = {
    "Permission denied": "permission denied: your user may have to be in the group docker",
    "No such file": "no socket there", "Connection refused": "connection refused",
    "timed out": "no answer in time", "Connection aborted": "the connection broke",
    "No route to host": "no way leads there", "Network is unreachable": "no way leads there",
    "Failed to resolve": "no computer of that name is known", "Name or service": "no computer of that name is known",
    "paramiko": "ssh:// needs the Python package paramiko: pip install paramiko",
    "API versions below": "it is too old for docker-py: the lessons were made with Docker Engine 28",
    "HTTP request to an HTTPS server": "it wants TLS: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH",
    "Client Error": _NO_ENGINE, "Server Error": _NO_ENGINE, "Expecting value": _NO_ENGINE,
    "certificate and key files": "TLS needs ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH or ~/.docker",
    "Invalid bind address": _NO_ADDRESS, "fd protocol": _NO_ADDRESS, "Port out of range": _NO_ADDRESS,
    "Invalid IPv6": _NO_ADDRESS, "could not be cast to integer": _NO_ADDRESS,
    "has no attribute 'get'": "the docker command's config.json isn't right: mend it, or move it away",
}

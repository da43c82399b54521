"""Finding and opening a Docker Engine: DOCKER_HOST, the docker command's current context, the usual sockets."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import docker

PATIENCE, ENGINE_TIMEOUT = 5, 60
"""Seconds to wait for an engine's first answer, and for the later ones."""


def candidates(environment: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    """Addresses to try, the likeliest first, each with the reason for trying it. DOCKER_HOST alone, where it is set."""
    if environment.get("DOCKER_HOST"):
        yield environment["DOCKER_HOST"], "DOCKER_HOST"
        return
    context = _current_context(environment, home)
    if context is not None:
        yield context
    for path in _usual_sockets(environment, home):
        if path.exists():
            yield f"unix://{path}", "the usual socket"


def _current_context(environment: Mapping[str, str], home: Path) -> tuple[str, str] | None:
    """The endpoint of the context that ``docker context use`` has chosen."""
    folder = Path(environment.get("DOCKER_CONFIG") or home / ".docker")
    name = environment.get("DOCKER_CONTEXT") or _read(folder / "config.json").get("currentContext")
    if not isinstance(name, str) or name == "default":
        return None
    meta = _read(folder / "contexts" / "meta" / sha256(name.encode()).hexdigest() / "meta.json")
    host = ((meta.get("Endpoints") or {}).get("docker") or {}).get("Host")
    return (str(host), f"the docker context {name}") if host else None


def _read(path: Path) -> dict[str, dict[str, dict[str, str]]]:
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

    settings: dict[str, Any] = {"base_url": address}
    settings |= kwargs_from_env(dict(environment)) if environment.get("DOCKER_HOST") == address else {}
    try:
        client = docker.DockerClient(**settings, timeout=PATIENCE)
        # a proxy that the environment names has no business between us and the engine
        client.api.trust_env = False
        client.ping()
    except RequestException as error:
        raise DockerException(str(error)) from None
    client.api.timeout = ENGINE_TIMEOUT
    return client


def find_engine(environment: Mapping[str, str], home: Path) -> tuple[docker.DockerClient | None, str]:
    """The first engine that answers, with the reason why it was tried; or None, with what was tried in vain."""
    from docker.errors import DockerException

    problems = []
    for address, why in candidates(environment, home):
        try:
            return open_client(address, environment), why
        except DockerException as error:
            problems.append(f"{address} ({why}): {reason_of(error)}")
    return None, "; ".join(problems) or "no socket of Docker is here"


def reason_of(error: Exception) -> str:
    """Why an engine doesn't answer, in a few words and with what to do where that is known."""
    text = str(error)
    known = {"Permission denied": "permission denied: is your user in the group docker?",
             "No such file": "no socket there", "Connection refused": "connection refused",
             "timed out": "no answer in time", "Connection aborted": "the connection broke",
             "Failed to resolve": "no computer of that name is known", "Name or service": "no computer of that name",
             "paramiko": "ssh:// needs the Python package paramiko: pip install paramiko"}
    return next((words for part, words in known.items() if part in text), text)

"""Where a Docker Engine may be: DOCKER_HOST, the docker command's current context, the usual sockets."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path


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

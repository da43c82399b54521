"""Volumes: named, listed, removed. What a container writes stays in the container: mounting isn't simulated."""

from __future__ import annotations

import re
from typing import Any

from netcourse.simulation.docker.errors import bad_request, not_found, not_simulated
from netcourse.simulation.docker.events import Events

ROOT = "/var/lib/docker/volumes"
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
ANONYMOUS = "com.docker.volume.anonymous"
"""The label of a volume that was given no name."""

Volume = dict[str, Any]


class Volumes:
    def __init__(self, events: Events) -> None:
        self._events = events
        self._volumes: dict[str, Volume] = {}

    def create(self, name: str, wanted: dict[str, Any], created: str) -> Volume:
        """The volume as the API shows it; one that is there already as it is. Raises EngineError."""
        _check(name, wanted)
        if name not in self._volumes:
            self._volumes[name] = {"CreatedAt": created, "Driver": "local", "Labels": wanted.get("Labels"),
                                   "Mountpoint": f"{ROOT}/{name}/_data", "Name": name, "Options": None,
                                   "Scope": "local"}
            self._events.emit("volume", "create", name, {"driver": "local"})
        return self._volumes[name]

    def all(self) -> list[Volume]:
        return sorted(self._volumes.values(), key=lambda volume: str(volume["Name"]))

    def get(self, name: str) -> Volume:
        """Raises EngineError."""
        if name not in self._volumes:
            raise not_found(f"get {name}: no such volume")
        return self._volumes[name]

    def remove(self, name: str) -> None:
        """Raises EngineError."""
        self.get(name)
        del self._volumes[name]
        self._events.emit("volume", "destroy", name, {"driver": "local"})


def _check(name: str, wanted: dict[str, Any]) -> None:
    """moby daemon/volume/local, validateName."""
    driver = wanted.get("Driver") or "local"
    if driver != "local":
        raise not_found(f'create {name}: error looking up volume plugin {driver}: plugin "{driver}" not found')
    if len(name) == 1:
        raise bad_request(f"create {name}: volume name is too short, names should be at least two alphanumeric "
                          "characters")
    if not NAME.fullmatch(name):
        raise bad_request(f'create {name}: "{name}" includes invalid characters for a local volume name, only '
                          '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use '
                          "absolute path")
    if wanted.get("DriverOpts"):
        raise not_simulated("a volume with options")

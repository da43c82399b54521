"""Volumes: named, listed, removed. What a container writes stays in the container: mounting isn't simulated."""

from __future__ import annotations

from typing import Any

from netcourse.simulation.docker.errors import not_found

ROOT = "/var/lib/docker/volumes"


class Volumes:
    def __init__(self) -> None:
        self._volumes: dict[str, dict[str, Any]] = {}

    def create(self, name: str, labels: dict[str, str] | None, created: str) -> dict[str, Any]:
        """The volume as the API shows it; one that is there already as it is."""
        if name not in self._volumes:
            self._volumes[name] = {"CreatedAt": created, "Driver": "local", "Labels": labels,
                                   "Mountpoint": f"{ROOT}/{name}/_data", "Name": name, "Options": None,
                                   "Scope": "local"}
        return self._volumes[name]

    def all(self) -> list[dict[str, Any]]:
        return sorted(self._volumes.values(), key=lambda volume: str(volume["Name"]))

    def get(self, name: str) -> dict[str, Any]:
        """Raises EngineError."""
        if name not in self._volumes:
            raise not_found(f"get {name}: no such volume")
        return self._volumes[name]

    def remove(self, name: str) -> None:
        """Raises EngineError."""
        self.get(name)
        del self._volumes[name]

"""Volumes: folders of files that outlive containers and that several containers may share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from netcourse.simulation.docker.errors import bad_request, conflict, not_found
from netcourse.simulation.docker.events import Events
from netcourse.simulation.docker.quoting import quoted
from netcourse.simulation.docker.timestamps import timestamp_text
from netcourse.simulation.docker.volume_options import check_options, is_memory, mounted_memory
from netcourse.simulation.linux.clock import SECOND, Clock
from netcourse.simulation.linux.files import FileSystem, Mount
from netcourse.simulation.linux.image import Image
from netcourse.simulation.linux.memory_files import memory_files

ROOT = "/var/lib/docker/volumes"
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
ANONYMOUS = "com.docker.volume.anonymous"
"""The label of a volume that was given no name."""


@dataclass(eq=False)
class Volume:
    """``files`` are there from when a container first mounts it; memory only as long as one has it.

    ``options`` are None where none were given; ``created`` in nanoseconds since the epoch.
    """

    name: str
    labels: dict[str, str] | None
    created: int
    options: dict[str, str] | None = None
    files: FileSystem | None = None

    @property
    def mount_point(self) -> str:
        return f"{ROOT}/{self.name}/_data"

    @property
    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"CreatedAt": timestamp_text(self.created // SECOND * SECOND), "Driver": "local",
                "Labels": self.labels, "Mountpoint": self.mount_point, "Name": self.name, "Options": self.options,
                "Scope": "local"}

    @property
    def size(self) -> int:
        """Of what is in its files, in bytes."""
        return self.files.content_size() if self.files is not None else 0

    def mounted(self, image: Image, clock: Clock) -> Mount:
        """Its files; whoever mounts it first gives it what his image has at that place.

        Raises EngineError for memory that the kernel won't give.
        """
        memory = mounted_memory(self.mount_point, self.options or {})
        if self.files is None:
            self.files = (FileSystem(image, clock, directories=("/",), open_to_all=()) if memory is None else
                          memory_files(clock, memory.size, memory.mode, memory.owner))
        return Mount(self.files, memory is None or memory.writable)

    def unmounted(self) -> None:
        """By the last container that had it mounted."""
        if is_memory(self.options or {}):
            self.files = None


class Volumes:
    def __init__(self, events: Events) -> None:
        self._events = events
        self._volumes: dict[str, Volume] = {}

    def create(self, name: str, wanted: dict[str, Any], created: int) -> Volume:
        """One that is there already stays as it is. Raises EngineError."""
        _check(name, str(wanted.get("Driver") or "local"))
        if name not in self._volumes:
            options = wanted.get("DriverOpts") or None
            check_options(name, options or {})
            self._volumes[name] = Volume(name, wanted.get("Labels"), created, options)
            self._events.emit("volume", "create", name, {"driver": "local"})
        return self._volumes[name]

    def all(self) -> list[Volume]:
        return sorted(self._volumes.values(), key=lambda volume: volume.name)

    def get(self, name: str) -> Volume:
        """Raises EngineError."""
        if name not in self._volumes:
            raise not_found(f"get {name}: no such volume")
        return self._volumes[name]

    def remove(self, name: str, users: list[str]) -> None:
        """``users`` are the ids of the containers that have it. Raises EngineError while there are any."""
        self.get(name)
        if users:
            raise conflict(f"remove {name}: volume is in use - [{', '.join(users)}]")
        del self._volumes[name]
        self._events.emit("volume", "destroy", name, {"driver": "local"})


def _check(name: str, driver: str) -> None:
    """moby daemon/volume/local, validateName."""
    if driver != "local":
        raise not_found(f'create {name}: error looking up volume plugin {driver}: plugin "{driver}" not found')
    if len(name.encode()) == 1:
        raise bad_request(f"create {name}: volume name is too short, names should be at least two alphanumeric "
                          "characters")
    if not NAME.fullmatch(name):
        raise bad_request(f"create {name}: {quoted(name)} includes invalid characters for a local volume name, only "
                          '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use '
                          "absolute path")

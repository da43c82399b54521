"""What a container has mounted: volumes, named or not, those of other containers, and memory (tmpfs).

The computer's own files are never touched: mounting them is refused by name. Seen on Engine 28.5.2 (moby
daemon/volume/mounts/linux_parser.go, daemon/volumes.go).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from netcourse.simulation.docker.errors import EngineError, bad_request, failed, not_simulated
from netcourse.simulation.docker.starting import cannot_mount
from netcourse.simulation.docker.tmpfs import STICKY_FOR_ALL, Memory, read_options
from netcourse.simulation.docker.volumes import ANONYMOUS
from netcourse.simulation.linux.files import LARGEST_TREE, Mount
from netcourse.simulation.linux.image import Image
from netcourse.simulation.linux.memory_files import memory_files

if TYPE_CHECKING:
    from netcourse.simulation.docker.containers import Container
    from netcourse.simulation.docker.engine import Engine

BINDING = "mounting this computer's own files"
UNSIMULATED_KINDS = {"bind": BINDING, "image": "mounting an image"}
PROPAGATIONS = {"private", "rprivate", "slave", "rslave", "shared", "rshared"}
MODES = ({"ro", "rw"}, {"z", "Z"}, {"nocopy"}, PROPAGATIONS)


@dataclass(frozen=True)
class MountPoint:
    """``kind`` is volume or tmpfs; ``mode`` as inspect shows it. ``is_named``: its user chose the volume's name;
    ``is_bind``: with ``-v``."""

    kind: str
    destination: str
    volume: str = ""
    mode: str = ""
    writable: bool = True
    is_named: bool = False
    copies: bool = True
    is_bind: bool = False
    memory: Memory = field(default_factory=Memory)

    @property
    def place(self) -> str:
        """Where it is in the container's files."""
        return posixpath.normpath(f"/{self.destination}").replace("//", "/")

    def shown(self, engine: Engine) -> dict[str, Any]:
        """As inspect tells it."""
        ends = {"Destination": self.destination, **({"Driver": "local"} if self.volume else {}), "Mode": self.mode,
                "RW": self.writable, "Propagation": ""}
        if not self.volume:
            return {"Type": self.kind, "Source": "", **ends}
        return {"Type": self.kind, "Name": self.volume, "Source": engine.volumes.get(self.volume).mount_point, **ends}


def plan(container: Container, config: dict[str, Any], host_config: dict[str, Any]) -> list[MountPoint]:
    """The mount points that a container asks for, with volumes made where there are none yet. Raises EngineError."""
    engine = container.engine
    points = {point.destination: point for point in _of_others(engine, host_config)}
    memory, own = host_config.get("Tmpfs") or {}, set()
    for point, options in _asked(host_config):
        if point.destination in own or (point.destination in memory and point.is_bind):
            raise bad_request(f"Duplicate mount point: {point.destination}")
        own.add(point.destination)
        points[point.destination] = _with_volume(engine, point, options)
    for folder in config.get("Volumes") or {}:
        if folder not in points:
            _check_folder(container, folder)
            points[folder] = _with_volume(engine, MountPoint("volume", folder), _chosen_driver(host_config))
    return list(points.values())


def _check_folder(container: Container, folder: str) -> None:
    place = container.files.resolve(f"/{folder}")
    if container.files.exists(place) and not container.files.is_directory(place):
        raise failed(f"cannot mount volume over existing file, file exists {container.root}{place}")


def _asked(host_config: dict[str, Any]) -> Iterator[tuple[MountPoint, dict[str, Any]]]:
    """Mount points with the options for their volumes, one after the other: a wrong one doesn't undo what was made."""
    for text in host_config.get("Binds") or []:
        yield _bind(text), _chosen_driver(host_config)
    for settings in host_config.get("Mounts") or []:
        yield _mount(settings), _volume_options(settings)


def _chosen_driver(host_config: dict[str, Any]) -> dict[str, Any]:
    driver = host_config.get("VolumeDriver")
    return {"Driver": driver} if driver else {}


def check_mounts(_: dict[str, Any], host_config: dict[str, Any]) -> None:
    """Raises EngineError for what ``--mount`` can't be told."""
    for settings in host_config.get("Mounts") or []:
        _mount(settings)


def check_memory_mounts(_: dict[str, Any], host_config: dict[str, Any]) -> None:
    """Raises EngineError for memory that can't be where it is to be."""
    for destination in host_config.get("Tmpfs") or {}:
        _check_destination(destination)


def mount_all(container: Container) -> None:
    """Show a container that starts what it has mounted, outer folders first. Raises CannotStart, EngineError."""
    points = [*container.mounts, *_memories(container.host_config)]
    container.files.read_only = False
    for point in sorted(points, key=lambda point: len(point.place)):
        source, mount = _source(container, point)
        try:
            container.files.mount_files(point.place, mount)
        except NotADirectoryError:
            raise cannot_mount(source, point.place) from None
        if point.volume:
            container.engine.events.emit("volume", "mount", point.volume, {
                "container": container.id, "destination": point.destination, "driver": "local", "propagation": "",
                "read/write": str(point.writable).lower()})
    container.files.read_only = bool(container.host_config.get("ReadonlyRootfs"))


def _source(container: Container, point: MountPoint) -> tuple[str, Mount]:
    clock = container.engine.machine.clock
    if not point.volume:
        files = memory_files(clock, point.memory.size, point.memory.mode, point.memory.owner)
        return "tmpfs", Mount(files, point.writable)
    volume = container.engine.volumes.get(point.volume)
    image = container.image.content.below(point.place) if point.copies else Image({}, {})
    mount = volume.mounted(image, clock)
    return volume.mount_point, replace(mount, writable=mount.writable and point.writable)


def unmount_all(container: Container) -> None:
    """It has ended."""
    engine = container.engine
    for point in container.mounts:
        if point.volume:
            if not any(engine.containers.get(user).is_running for user in users(engine, point.volume)
                       if user != container.id):
                engine.volumes.get(point.volume).unmounted()
            engine.events.emit("volume", "unmount", point.volume,
                                         {"container": container.id, "driver": "local"})


def users(engine: Engine, volume: str) -> list[str]:
    """The ids of the containers that have it mounted, running or not."""
    return [container.id for container in engine.containers
            if any(point.volume == volume for point in container.mounts)]


def remove_nameless(container: Container) -> None:
    """The volumes of a removed container that nobody gave a name to and nobody else uses."""
    engine = container.engine
    for point in container.mounts:
        if point.volume and not point.is_named and not users(engine, point.volume):
            engine.volumes.remove(point.volume, [])


def _memories(host_config: dict[str, Any]) -> list[MountPoint]:
    """What ``--tmpfs`` asks for, which inspect doesn't list. Raises CannotStart, EngineError."""
    return [MountPoint("tmpfs", destination, writable=memory.writable, memory=memory)
            for destination, text in (host_config.get("Tmpfs") or {}).items()
            for memory in [read_options(destination, text)]]


def _bind(text: str) -> MountPoint:
    """``name:/folder[:mode]``."""
    parts = text.split(":")
    if len(parts) > 3 or not all(parts) or (len(parts) == 2 and _is_mode(parts[1])):
        raise failed(f"invalid volume specification: '{text}'")
    source, destination, mode = (["", parts[0], ""] if len(parts) == 1 else [*parts, ""])[:3]
    if mode and not _is_mode(mode):
        raise failed(f"invalid mode: {mode}")
    try:
        _check_destination(destination)
        if not source.startswith("/") and {*mode.split(",")} & PROPAGATIONS:
            raise bad_request("field BindOptions must not be specified")
    except EngineError as error:
        raise failed(f"invalid volume specification: '{text}': invalid mount config for type "
                     f"\"{'bind' if source.startswith('/') else 'volume'}\": {error}") from None
    if source.startswith("/"):
        raise not_simulated(BINDING)
    words = mode.split(",")
    return MountPoint("volume", destination, source, mode or "z", "ro" not in words, bool(source),
                      "nocopy" not in words, is_bind=True)


def _is_mode(text: str) -> bool:
    """At most one word of each kind."""
    words = text.split(",")
    return all(sum(word in kind for word in words) <= 1 for kind in MODES) and set(words) <= set().union(*MODES)


def _check_destination(destination: str) -> None:
    if not destination.startswith("/"):
        raise bad_request(f"invalid mount path: '{destination}' mount path must be absolute")
    if posixpath.normpath(destination) in ("/", "//"):
        raise bad_request("invalid specification: destination can't be '/'")


def _mount(settings: dict[str, Any]) -> MountPoint:
    """As ``--mount`` sends it."""
    kind, destination = str(settings.get("Type") or ""), str(settings.get("Target") or "")
    source, writable = str(settings.get("Source") or ""), not settings.get("ReadOnly")
    try:
        if not destination:
            raise bad_request("field Target must not be empty")
        if kind not in ("volume", "tmpfs", *UNSIMULATED_KINDS):
            raise bad_request("mount type unknown")
        _check_destination(destination)
        if kind == "tmpfs" and source:
            raise bad_request("field Source must not be specified")
        if kind == "bind" and not source:
            raise bad_request("field Source must not be empty")
        _check_subpath(str((settings.get("VolumeOptions") or {}).get("Subpath") or ""), source)
    except EngineError as error:
        raise bad_request(f'invalid mount config for type "{kind}": {error}') from None
    if kind in UNSIMULATED_KINDS:
        raise not_simulated(UNSIMULATED_KINDS[kind])
    if kind == "tmpfs":
        asked = settings.get("TmpfsOptions") or {}
        memory = Memory(size=int(asked.get("SizeBytes") or 0) or LARGEST_TREE,
                        mode=int(asked.get("Mode") or STICKY_FOR_ALL))
        return MountPoint("tmpfs", destination, writable=writable, memory=memory)
    options = settings.get("VolumeOptions") or {}
    if options.get("Subpath"):
        raise not_simulated("mounting a part of a volume")
    return MountPoint("volume", destination, source, "z", writable, bool(source), not options.get("NoCopy"))


def _check_subpath(subpath: str, source: str) -> None:
    if subpath and not source:
        raise bad_request("must not set Subpath when using anonymous volumes")
    if subpath.startswith("/") or posixpath.normpath(subpath or ".").split("/")[0] == "..":
        raise bad_request("subpath must be a relative path within the volume")


def _of_others(engine: Engine, host_config: dict[str, Any]) -> list[MountPoint]:
    """What ``--volumes-from CONTAINER[:mode]`` brings."""
    found = []
    for text in host_config.get("VolumesFrom") or []:
        reference, _, mode = str(text).partition(":")
        if not text:
            raise bad_request("volumes-from specification cannot be an empty string")
        if mode and (not _is_mode(mode) or {*mode.split(",")} & PROPAGATIONS):
            raise bad_request(f"invalid mode: {mode}")
        if not reference:
            raise bad_request('invalid name or ID supplied: ""')
        if reference not in engine.containers:
            raise bad_request(f"No such container: {reference}")
        other = engine.containers.get(reference)
        found += [replace(point, writable=point.writable and "ro" not in mode.split(","), copies=False)
                  for point in other.mounts]
    return found


def _volume_options(settings: dict[str, Any]) -> dict[str, Any]:
    options = settings.get("VolumeOptions") or {}
    driver = options.get("DriverConfig") or {}
    return {"Labels": options.get("Labels"), "Driver": driver.get("Name"), "DriverOpts": driver.get("Options")}


def _with_volume(engine: Engine, point: MountPoint, options: dict[str, Any]) -> MountPoint:
    if point.kind == "tmpfs":
        return point
    if not point.volume:
        point = replace(point, volume=engine.new_id())
        labels = options.get("Labels") or {}
        labels[ANONYMOUS] = ""  # as in dockerd, labels that were asked for show it too
        options = options | {"Labels": labels}
    engine.volumes.create(point.volume, options, engine.now)
    return point

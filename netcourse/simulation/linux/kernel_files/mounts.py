"""/proc/PID/mounts: what the files of a container are put together of (fs/proc_namespace.c), in the order
in which runc does it. Seen on Engine 28.5.2, but for cgroups, which are of the second version here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netcourse.simulation.linux.file_status import ENTRY_SIZE
from netcourse.simulation.linux.files import LARGEST_TREE, FileSystem
from netcourse.simulation.linux.kernel import MEMORY
from netcourse.simulation.linux.kernel_files.machine import COVERED_FILES, COVERED_FOLDERS

DISK = "/dev/vda1"
_QUIET = "nosuid,nodev,noexec,relatime"
_TERMINALS = "nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666"
_DEVICES = "nosuid,size=65536k,mode=755"
_DEVICES_SIZE = 64 << 20
_DISK_SIZE, _DISK_USED, _DISK_KEPT = 62_671_880 << 10, 9_832_104 << 10, 3_188_736 << 10
_LOCKED_FOLDERS = ("bus", "fs", "irq", "sys")


@dataclass(frozen=True)
class MountPoint:
    """``size`` in bytes of a file system in memory, 0 where it may have half of all that there is."""

    source: str
    place: str
    kind: str
    writable: bool
    options: str
    size: int = 0

    @property
    def all_options(self) -> str:
        return f"{'rw' if self.writable else 'ro'},{self.options}"


def mount_points(files: FileSystem) -> Iterator[MountPoint]:
    is_open = not files.has_covered_kernel
    yield MountPoint("overlay", "/", "overlay", not files.read_only, "relatime")
    yield MountPoint("proc", "/proc", "proc", True, _QUIET)
    yield MountPoint("tmpfs", "/dev", "tmpfs", True, _DEVICES, _DEVICES_SIZE)
    yield MountPoint("devpts", "/dev/pts", "devpts", True, _TERMINALS)
    yield MountPoint("sysfs", "/sys", "sysfs", is_open, _QUIET)
    yield MountPoint("cgroup", "/sys/fs/cgroup", "cgroup2", is_open, _QUIET)
    yield MountPoint("mqueue", "/dev/mqueue", "mqueue", True, _QUIET)
    yield MountPoint("shm", "/dev/shm", "tmpfs", True, f"{_QUIET},size=65536k", _DEVICES_SIZE)
    yield from _chosen(files)
    if files.exists("/dev/console"):
        yield MountPoint("devpts", "/dev/console", "devpts", True, _TERMINALS)
    if not is_open:
        yield from _covers()


def _chosen(files: FileSystem) -> Iterator[MountPoint]:
    """Volumes, file systems in memory, and the files by which names are found."""
    in_order = sorted(files.mounted.items(), key=lambda item: (item[1].files.memory_mode is None, item[0].count("/")))
    for place, mount in in_order:
        if mount.files.memory_mode is not None:
            size = mount.files.space.size
            limit = f",size={size >> 10}k" if size < LARGEST_TREE else ""
            yield MountPoint("tmpfs", place, "tmpfs", mount.writable, _QUIET + limit, size if limit else 0)
        else:
            yield MountPoint(DISK, place, "ext4", mount.writable, "relatime")
    for place in ("/etc/resolv.conf", "/etc/hostname", "/etc/hosts"):
        if place not in files.mounted:
            yield MountPoint(DISK, place, "ext4", not files.read_only, "relatime")


def _covers() -> Iterator[MountPoint]:
    """What a container must not change or see (moby daemon/pkg/oci/defaults.go)."""
    for name in _LOCKED_FOLDERS:
        yield MountPoint("proc", f"/proc/{name}", "proc", False, _QUIET)
    for name in COVERED_FOLDERS:
        yield MountPoint("tmpfs", f"/proc/{name}", "tmpfs", False, "relatime")
    for name in COVERED_FILES:
        yield MountPoint("tmpfs", f"/proc/{name}", "tmpfs", True, _DEVICES, _DEVICES_SIZE)
    yield MountPoint("tmpfs", "/sys/firmware", "tmpfs", False, "relatime")


@dataclass(frozen=True)
class Room:
    """In bytes: on a disk some of it is kept for root (statfs(2))."""

    total: int
    used: int
    available: int


def room_on(files: FileSystem, point: MountPoint) -> Room:
    """None on what the kernel makes up itself."""
    if point.kind in ("overlay", "ext4"):
        used = _DISK_USED + files.written_size()
        return Room(_DISK_SIZE, used, _DISK_SIZE - _DISK_KEPT - used)
    if point.kind != "tmpfs":
        return Room(0, 0, 0)
    mount = files.mounted.get(point.place)
    size, used = point.size or MEMORY // 2, mount.files.blocks() * ENTRY_SIZE if mount is not None else 0
    return Room(size, used, size - used)


def listing(files: FileSystem) -> bytes:
    return "".join(f"{point.source} {point.place} {point.kind} {point.all_options} 0 0\n"
                   for point in mount_points(files)).encode()

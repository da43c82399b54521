"""What is told of a file: kind and permissions, owner, size, times (inode(7), stat(2))."""

from __future__ import annotations

import math
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netcourse.simulation.linux.credentials import Credentials

if TYPE_CHECKING:
    from netcourse.simulation.linux.files import FileSystem

ENTRY_SIZE, MEMORY_ENTRY_SIZE = 4096, 20
MADE_ANEW = ("/", "/etc")
"""Folders of an image to which something is added in each container."""
_FOR_ALL, _FOLDER, _LOCKED_FOLDER = 0o1777, 0o755, 0o555
_PROGRAM, _FILE, _LOCKED_FILE = 0o755, 0o644, 0o444
_OPEN = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue")
_OWN_FOLDERS = {"fd": 0o500, "ns": 0o511}
_OF_PROCESS = re.compile(r"/proc/\d+/(?P<name>fd|ns)")
_DEVICES = "/dev/"
_STREAM_SIZE = 64
_PLAIN_LINKS = ("/proc/mounts", "/proc/net")
_NAME_OVERHEAD, _NAME_STEP = 8, 4


@dataclass(frozen=True)
class Status:
    """``mode`` with the kind of file in it; ``modified`` in nanoseconds since the epoch; ``device``: the numbers of a
    device; ``target``: where a link leads."""

    mode: int
    links: int
    owner: Credentials
    size: int
    modified: int
    device: tuple[int, int] | None = None
    target: str | None = None

    def __str__(self) -> str:
        return stat.filemode(self.mode)

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)


def look(files: FileSystem, path: str) -> Status:
    """Of what is at ``path`` itself, be it a link. Raises FileNotFoundError."""
    modified, live = files.modified(path), files.live_file(path)
    owner = live.owner if live is not None and live.owner is not None else files.ownership.of(path)
    target = files.link(path) or (live.shown if live is not None else _program_target(files, path))
    if target is not None:
        is_stream = live is not None and live.write is not None
        size = _STREAM_SIZE if is_stream else 0 if is_kernels(path) and path not in _PLAIN_LINKS else len(target)
        permissions = 0o777 if live is None else live.permissions or 0o777
        return Status(stat.S_IFLNK | permissions, 1, owner, size, modified, target=target)
    if files.is_directory(path):
        return Status(stat.S_IFDIR | _folder_permissions(files, path), _links(files, path), owner,
                      _folder_size(files, path), modified)
    if live is not None and live.device is not None:
        return Status(stat.S_IFCHR | (live.permissions or 0o666), 1, owner, 0, modified, live.device)
    return Status(stat.S_IFREG | _file_permissions(files, path), 1, owner, _file_size(files, path), modified)


def _program_target(files: FileSystem, path: str) -> str | None:
    """All programs are names of one."""
    return "busybox" if files.is_program(path) and not path.endswith("/busybox") else None


def is_kernels(path: str) -> bool:
    return path.startswith(("/proc", "/sys"))


def _folder_permissions(files: FileSystem, path: str) -> int:
    known = files.permissions.get(path)
    if known is not None:
        return known
    if path == "/" and files.memory_mode is not None:
        return files.memory_mode
    if path in _OPEN:
        return _FOR_ALL
    match = _OF_PROCESS.fullmatch(path)
    if match is not None:
        return _OWN_FOLDERS[match["name"]]
    return _LOCKED_FOLDER if path.startswith("/proc") or path == "/sys" else _FOLDER


def _file_permissions(files: FileSystem, path: str) -> int:
    known = files.permissions.get(path)
    if known is not None:
        return known
    live = files.live_file(path)
    if live is not None:
        return live.permissions or (_LOCKED_FILE if live.write is None else _FILE)
    return _PROGRAM if files.is_program(path) else _FILE


def _file_size(files: FileSystem, path: str) -> int:
    """None for what the kernel makes up when it is read: in /sys it says a page."""
    if files.live_file(path) is not None:
        return ENTRY_SIZE if path.startswith("/sys") else 0
    return files.length(path)


def _folder_size(files: FileSystem, path: str) -> int:
    """In memory, 20 bytes for each name in it, ``.`` and ``..`` (mm/shmem.c, BOGO_DIRENT_SIZE). On a disk as many
    blocks as the names need, and one more to find them by where they are more than one (fs/ext4/ext4.h)."""
    if is_kernels(path) or path == "/dev/pts":
        return 0
    names = files.list(path)
    if files.memory_mode is not None or f"{path}/".startswith(_DEVICES):
        return MEMORY_ENTRY_SIZE * (2 + len(names))
    needed = sum(_NAME_OVERHEAD + math.ceil(len(name) / _NAME_STEP) * _NAME_STEP for name in names)
    blocks = math.ceil(needed / ENTRY_SIZE)
    return ENTRY_SIZE * (blocks + 1 if blocks > 1 else 1)


def _links(files: FileSystem, path: str) -> int:
    """How many names a folder has: its own, ``.`` and one ``..`` for each folder in it. One that is partly the
    image's and partly the container's counts 1 (fs/overlayfs/inode.c)."""
    is_merged = files.memory_mode is None and (path in MADE_ANEW or files.is_merged(path))
    if is_merged or path.startswith("/proc/sys"):
        return 1
    return 2 + sum(files.is_directory(f"{path.rstrip('/')}/{name}") for name in files.list(path))

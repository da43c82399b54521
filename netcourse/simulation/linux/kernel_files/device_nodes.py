"""/dev of a container: the devices that every one has, and the links to a process's own streams (runc,
libcontainer/specconv)."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

from netcourse.simulation.linux.credentials import Credentials
from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.live_files import Link, LiveFile, refusing


def _full(data: bytes) -> None:
    """Raises OSError, though not for who only opens it."""
    if data:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _node(major: int, minor: int, read: Callable[[], bytes] | None = None,
          write: Callable[[bytes], None] = lambda _: None) -> LiveFile:
    return LiveFile(read or _ENDLESS, write, permissions=0o666, device=(major, minor))


_ENDLESS = refusing(errno.EOPNOTSUPP, "reading without an end is not simulated by netcourse")
NODES: dict[str, LiveFile | Link] = {
    "/dev/fd": Link("/proc/self/fd"), "/dev/full": _node(1, 7, write=_full), "/dev/null": _node(1, 3, lambda: b""),
    "/dev/ptmx": Link("pts/ptmx"), "/dev/pts/ptmx": _node(5, 2, refusing(errno.EIO), _full), "/dev/random": _node(1, 8),
    "/dev/stderr": Link("/proc/self/fd/2"), "/dev/stdin": Link("/proc/self/fd/0"),
    "/dev/stdout": Link("/proc/self/fd/1"), "/dev/tty": _node(5, 0, refusing(errno.ENXIO)),
    "/dev/urandom": _node(1, 9), "/dev/zero": _node(1, 5)}
_TERMINALS_GROUP = Credentials(0, 5, ())


def mount_terminal(files: FileSystem) -> None:
    """The terminal of a container that has one, by both its names (pts(4))."""
    for path in ("/dev/console", "/dev/pts/0"):
        node = LiveFile(refusing(errno.EIO), lambda _: None, permissions=0o620, device=(136, 0))
        files.mount_device(path, node)
        files.ownership.take(path, _TERMINALS_GROUP)

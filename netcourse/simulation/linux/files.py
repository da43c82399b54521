"""The files that a simulated process sees: a small tree in memory over a read-only image, executables and live files.

Nothing here touches the files of the computer underneath. An executable is a file that holds a Program; a live file
(/proc/net/route, /sys/class/net/eth0/mtu) is read anew each time.
"""

from __future__ import annotations

import errno
import os
import posixpath
import re
from collections.abc import Callable, Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

from netcourse.simulation.linux.process import Program, ProgramNotFound

if TYPE_CHECKING:
    from netcourse.simulation.linux.clock import Clock
    from netcourse.simulation.linux.namespace import Namespace

Content = bytes | bytearray | Callable[[], bytes]
DEEPEST_PATH = 4096
LARGEST_TREE = 64 << 20
ENTRY_SIZE = 4096
_ROOT = re.compile(r"/proc/(?P<pid>\d+)/root(?P<rest>/.*)?")


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)


class Image:
    """What containers of one image share: files and programs by path. ``created``: nanoseconds since the epoch."""

    def __init__(self, files: Mapping[str, bytes], programs: Mapping[str, Program], *, created: int = 0) -> None:
        self.created = created
        self.files = dict(files)
        self.programs = dict(programs)
        self.directories = {parent for path in (*files, *programs) for parent in _parents(path)}


def _parents(path: str) -> list[str]:
    parents = []
    while path != "/":
        path = posixpath.dirname(path)
        parents.append(path)
    return parents


class FileSystem:
    """Files of one container (or of the machine): what was written, over an image.

    Paths are absolute or relative to ``directory``. Errors are OSErrors with the kernel's numbers. ``namespaces`` are
    the network namespaces that have a name here (/run/netns).
    """

    def __init__(self, image: Image, clock: Clock) -> None:
        self._image, self._clock = image, clock
        self._mounted = clock.now
        self._changed: dict[str, int] = {}
        self._written: dict[str, bytes | bytearray] = {}
        self._directories = {"/", "/tmp", "/proc", "/sys", "/dev", "/root", "/var"}
        self._removed: set[str] = set()
        self._used = 0
        self.namespaces: dict[str, Namespace] = {}
        self._live_files: dict[str, Callable[[], bytes]] = {}
        self._writers: dict[str, Callable[[bytes], None]] = {}
        self._live_listings: dict[str, Callable[[], dict[str, Content]]] = {}
        self._roots: Callable[[int], FileSystem | None] = lambda _: None

    def resolve(self, path: str, directory: str = "/") -> str:
        if len(path) > DEEPEST_PATH:
            raise _error(errno.ENAMETOOLONG, path)
        return posixpath.normpath(posixpath.join(directory, path)).replace("//", "/")

    def seen_anew(self) -> FileSystem:
        """The same files, with live ones of its own: for a process that enters another namespace."""
        other = copy(self)
        other._live_files, other._live_listings = dict(self._live_files), dict(self._live_listings)
        other._writers = dict(self._writers)
        return other

    def close_namespaces(self) -> None:
        """Names end with the last process here, and with its name each namespace ends."""
        for namespace in self.namespaces.values():
            namespace.close()
        self.namespaces.clear()

    def mount_live(self, path: str, content: Callable[[], bytes],
                   writer: Callable[[bytes], None] | None = None) -> None:
        """Put a file there that is read anew each time; ``writer`` takes what is written, or raises OSError."""
        self._directories.update(_parents(path))
        self._live_files[path] = content
        if writer is not None:
            self._writers[path] = writer

    def mount_roots(self, roots: Callable[[int], FileSystem | None]) -> None:
        """/proc/PID/root: the files that another process sees (proc(5))."""
        self._roots = roots

    def _elsewhere(self, path: str) -> tuple[FileSystem, str] | None:
        """The files of another process that a path leads to, and the path there."""
        match = _ROOT.fullmatch(path)
        files = self._roots(int(match["pid"])) if match else None
        return (files, match["rest"] or "/") if match and files is not None else None

    def mount(self, path: str, content: bytes) -> None:
        """Put a file there, with the folders above it."""
        self._directories.update(_parents(path))
        self._written[path] = content
        self._touch(path)
        self._removed.discard(path)

    def mount_listing(self, prefix: str, listing: Callable[[], dict[str, Content]]) -> None:
        """Files below ``prefix`` that come and go by themselves, as in /sys/class/net."""
        self._directories.update({prefix, *_parents(prefix)})
        self._live_listings[prefix] = listing

    def _live(self, path: str) -> dict[str, Content]:
        for prefix, listing in self._live_listings.items():
            if path == prefix or path.startswith(prefix + "/"):
                return {f"{prefix}/{name}": content for name, content in listing().items()}
        return {}

    def _find(self, path: str) -> Content | None:
        other = self._elsewhere(path)
        if other is not None:
            return other[0]._find(other[1])
        if path in self._live_files:
            return self._live_files[path]
        if path in self._written:
            return self._written[path]
        if path not in self._removed and path in self._image.files:
            return self._image.files[path]
        return self._live(path).get(path)

    def is_directory(self, path: str) -> bool:
        other = self._elsewhere(path)
        if other is not None:
            return other[0].is_directory(other[1])
        if path in self._removed:
            return False
        return path in self._directories or path in self._image.directories or any(
            other.startswith(path + "/") for other in self._live(path))

    def mode(self, path: str) -> str:
        """As ls prints it: nobody can change it here."""
        is_kernels = path.startswith(("/proc", "/sys"))
        if self.is_directory(path):
            return "drwxrwxrwt" if path == "/tmp" else "dr-xr-xr-x" if is_kernels else "drwxr-xr-x"
        if self.is_program(path):
            return "-rwxr-xr-x"
        if path == "/dev/null":
            return "crw-rw-rw-"
        return "-r--r--r--" if is_kernels and path not in self._writers else "-rw-r--r--"

    def size(self, path: str) -> int:
        """Bytes, as stat(2) has them: none for what the kernel makes up when it is read."""
        if self.is_directory(path):
            return 0 if path.startswith(("/proc", "/sys")) else ENTRY_SIZE
        content = self._find(path)
        return 0 if content is None or callable(content) else len(content)

    def links(self, path: str) -> int:
        """How many names a folder has: its own, ``.`` and one ``..`` for each folder in it. One that is partly the
        image's and partly the container's counts 1 (fs/overlayfs/inode.c)."""
        if path in ("/", "/etc") or (path in self._image.directories and path in self._changed):
            return 1
        return 2 + sum(self.is_directory(f"{path.rstrip('/')}/{name}") for name in self.list(path))

    def modified(self, path: str) -> int:
        """When a file's content or a folder's list of names was last changed, in nanoseconds since the epoch."""
        if path in self._changed:
            return self._changed[path]
        of_image = path in self._image.files or path in self._image.programs or path in self._image.directories
        return self._image.created if of_image else self._mounted

    def set_modified(self, path: str, when: int) -> None:
        """Nanoseconds since the epoch, as utimensat(2)."""
        self._changed[path] = when

    def _touch(self, path: str) -> None:
        """A name in a folder has come or gone, or been written to."""
        self._changed[path] = self._clock.now

    def is_program(self, path: str) -> bool:
        return path in self._image.programs and path not in self._removed

    def exists(self, path: str) -> bool:
        return self._find(path) is not None or self.is_directory(path) or self.is_program(path)

    def read(self, path: str) -> bytes:
        """Raises FileNotFoundError, IsADirectoryError."""
        content = self._find(path)
        if content is None:
            if self.is_program(path):
                return b"\x7fELF"
            raise _error(errno.EISDIR if self.is_directory(path) else errno.ENOENT, path)
        return content() if callable(content) else bytes(content)

    def write(self, path: str, data: bytes, *, append: bool = False) -> None:
        """Raises FileNotFoundError, IsADirectoryError; PermissionError for a live file that nobody may write; OSError
        for a full disk."""
        if self.is_directory(path):
            raise _error(errno.EISDIR, path)
        if not self.is_directory(posixpath.dirname(path)):
            raise _error(errno.ENOENT, path)
        if path in self._writers:
            self._writers[path](data)
            return
        if callable(self._find(path)):
            raise _error(errno.EACCES, path)
        content = self._written.get(path) if append else None
        if not isinstance(content, bytearray):
            content = bytearray(self.read(path) if append and self._find(path) is not None else b"")
            self._release(path)
            self._take(len(content) + ENTRY_SIZE, path)
            if not self.exists(path):
                self._touch(posixpath.dirname(path))
            self._written[path] = content
        self._touch(path)
        self._take(len(data), path)
        content += data
        self._removed.discard(path)

    def _take(self, size: int, path: str) -> None:
        if self._used + size > LARGEST_TREE:
            raise _error(errno.ENOSPC, path)
        self._used += size

    def _release(self, path: str) -> None:
        content = self._written.pop(path, None)
        self._used -= len(content) + ENTRY_SIZE if isinstance(content, bytearray) else 0

    def make_directory(self, path: str) -> None:
        """Raises FileExistsError, FileNotFoundError."""
        if self.exists(path):
            raise _error(errno.EEXIST, path)
        if not self.is_directory(posixpath.dirname(path)):
            raise _error(errno.ENOENT, path)
        self._take(ENTRY_SIZE, path)
        self._directories.add(path)
        self._removed.discard(path)
        self._touch(path)
        self._touch(posixpath.dirname(path))

    def remove(self, path: str) -> None:
        """Raises FileNotFoundError, IsADirectoryError."""
        if self.is_directory(path):
            raise _error(errno.EISDIR, path)
        if not self.exists(path):
            raise _error(errno.ENOENT, path)
        self._release(path)
        self._removed.add(path)
        self._touch(posixpath.dirname(path))

    def remove_tree(self, path: str) -> None:
        """A folder with all that is in it."""
        for name in self.list(path):
            inner = f"{path.rstrip('/')}/{name}"
            if self.is_directory(inner):
                self.remove_tree(inner)
            else:
                self.remove(inner)
        self._directories.discard(path)
        self._removed.add(path)

    def list(self, path: str) -> list[str]:
        """Names in a folder, sorted. Raises FileNotFoundError, NotADirectoryError."""
        if not self.is_directory(path):
            raise _error(errno.ENOTDIR if self.exists(path) else errno.ENOENT, path)
        other = self._elsewhere(path)
        if other is not None:
            return other[0].list(other[1])
        prefix = path if path.endswith("/") else path + "/"
        known: tuple[Any, ...] = (*self._written, *self._live_files, *self._directories, *self._image.files,
                                  *self._image.programs, *self._image.directories, *self._live(path))
        names = {name[len(prefix):].split("/")[0] for name in known
                 if name.startswith(prefix) and name not in self._removed}
        return sorted(names - {""})

    def find_program(self, name: str, path: str) -> Program:
        """Raises ProgramNotFound."""
        candidates = [name] if "/" in name else [f"{folder}/{name}" for folder in path.split(":")]
        for candidate in candidates:
            if self.is_program(self.resolve(candidate)):
                return self._image.programs[self.resolve(candidate)]
        raise ProgramNotFound(name)

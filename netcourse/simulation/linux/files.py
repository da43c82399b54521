"""The files that a simulated process sees: a small tree in memory over a read-only image, executables and live files.

Nothing here touches the files of the computer underneath. An executable is a file that holds a Program; a live file
(/proc/net/route, /sys/class/net/eth0/mtu) is read anew each time.
"""

from __future__ import annotations

import errno
import os
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netcourse.simulation.linux import file_status, paths
from netcourse.simulation.linux.credentials import ROOT, Credentials
from netcourse.simulation.linux.file_status import ENTRY_SIZE, Status
from netcourse.simulation.linux.image import Image
from netcourse.simulation.linux.live_files import Link, LiveFile, LiveFiles, Tree
from netcourse.simulation.linux.ownership import Ownership
from netcourse.simulation.linux.paths import parents_of
from netcourse.simulation.linux.process import Program, ProgramNotFound

if TYPE_CHECKING:
    from netcourse.simulation.linux.clock import Clock
    from netcourse.simulation.linux.namespace import Namespace

Content = bytes | bytearray | Callable[[], bytes]
LARGEST_TREE = 64 << 20
KERNELS_FOLDERS = ("dev", "proc", "sys")
USUAL_UMASK = 0o022
USUAL_DIRECTORIES = ("/", "/tmp", "/proc", "/sys", "/dev", "/dev/mqueue", "/dev/pts", "/dev/shm", "/home", "/root",
                     "/var")
_STREAM = re.compile(r"/proc/(?P<pid>\d+)/fd/(?P<number>\d+)")
_ROOT = re.compile(r"/proc/(?P<pid>\d+)/root(?P<rest>/.*)?")


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)


@dataclass
class Space:
    """How many bytes there are room for, and how many are taken."""

    size: int
    taken: int = 0


@dataclass(frozen=True)
class Mount:
    """Other files, seen at a path (mount(8)): all of them, or what they have at ``place``."""

    files: FileSystem
    writable: bool
    place: str = ""


class FileSystem:
    """Files of one container (or of the machine): what was written, over an image.

    Paths are absolute or relative to ``directory``. Errors are OSErrors with the kernel's numbers. ``namespaces`` are
    the network namespaces that have a name here (/run/netns). ``size`` is how much it holds, in bytes. Where it is
    ``read_only``, what is mounted below and /dev aren't. ``has_covered_kernel``: parts of /proc and /sys are hidden, or
    can't be changed. ``memory_mode`` is the mode of a tmpfs. All is root's, but for
    what others make in one of the directories ``open_to_all``. ``permissions`` are those that somebody has changed,
    ``umask`` is that of the process whose view this is.

    A path that a program was given is to be resolved first; what is asked of a path is about that very file or link.
    """

    def __init__(self, image: Image, clock: Clock, directories: Iterable[str] = USUAL_DIRECTORIES,
                 size: int = LARGEST_TREE, open_to_all: Iterable[str] = ("/tmp", "/dev/shm")) -> None:
        self._image, self._clock = image, clock
        self._mounted = clock.now
        self._changed: dict[str, int] = {}
        self._written: dict[str, bytes | bytearray] = dict.fromkeys(image.marks, b"")
        self._directories = set(directories)
        self._removed: set[str] = set()
        self._links = dict(image.links)
        self._with_links = {*KERNELS_FOLDERS, *(link.split("/", 2)[1] for link in self._links)}
        self.permissions = dict.fromkeys(image.marks, 0o755)
        self.space = Space(size)
        self.mounted: dict[str, Mount] = {}
        self._own_files: set[str] = set()
        self._own_programs: dict[str, Program] = {}
        self.ownership, self._user = Ownership(open_to_all), ROOT
        self.read_only = self.has_covered_kernel = False
        self.umask = USUAL_UMASK
        self.memory_mode: int | None = None
        self.namespaces: dict[str, Namespace] = {}
        self._live = LiveFiles()
        self._roots: Callable[[int], FileSystem | None] = lambda _: None
        self._own_pid: Callable[[], int] = lambda: 0

    def resolve(self, path: str, directory: str = "/", *, follow: bool = True) -> str:
        """Where a path leads; without ``follow``, a link at its end is not followed. Raises OSError."""
        if not self.mounted and len(path) <= paths.LONGEST_NAME:
            place = paths.without_dots(directory, path)
            if place.split("/", 2)[1] not in self._with_links:
                return place
        return paths.resolve(path, directory, self.link, follow=follow)

    def link(self, path: str) -> str | None:
        """Where a symbolic link leads (readlink(2)); None where there is no link."""
        other = self._elsewhere(path)
        if other is not None:
            return other[0].link(other[1])
        if path in self._links:
            return self._links[path]
        live = self._live.link(path)
        return live.target.format(pid=self._own_pid()) if live is not None else None

    def own_stream(self, path: str) -> int | None:
        """The number of the stream that a path like /dev/stdout stands for, of the process that asks."""
        match = _STREAM.fullmatch(self.resolve(path))
        return int(match["number"]) if match and int(match["pid"]) == self._own_pid() else None

    def make_link(self, path: str, target: str) -> None:
        """Raises FileExistsError, FileNotFoundError."""
        if self.exists(path):
            raise _error(errno.EEXIST, path)
        if not self.is_directory(posixpath.dirname(path)):
            raise self._missing(path)
        files, inner = self._to_change(path)
        if files is not self:
            files.make_link(inner, target)
            return
        self._take(ENTRY_SIZE, path)
        self._links[path] = target
        self._with_links.add(path.split("/", 2)[1])
        self._removed.discard(path)
        self._touch(path)
        self._touch(posixpath.dirname(path))

    def seen_anew(self) -> FileSystem:
        """The same files, with live ones of its own: for a process that enters another namespace."""
        other = copy(self)
        other._live = self._live.copy()
        return other

    def seen_from(self, pid: Callable[[], int]) -> FileSystem:
        """The same files, with a process in them that has this number."""
        other = copy(self)
        other._own_pid = pid
        return other

    def seen_by(self, user: Credentials) -> FileSystem:
        """The same files, with no more rights than ``user`` has."""
        other = copy(self)
        other._user = user
        return other

    def shares_with(self, other: FileSystem) -> bool:
        """Whether both are the same files, seen by somebody else perhaps."""
        return self._written is other._written

    def close_namespaces(self) -> None:
        """Names end with the last process here, and with its name each namespace ends."""
        for namespace in self.namespaces.values():
            namespace.close()
        self.namespaces.clear()

    def mount_device(self, path: str, device: LiveFile | Link) -> None:
        self._directories.update(parents_of(path))
        self._live.files[path] = device

    def mount_devices(self, devices: Mapping[str, LiveFile | Link]) -> None:
        """Put all of them there, by path."""
        self._live.files |= devices

    def mount_roots(self, roots: Callable[[int], FileSystem | None]) -> None:
        """/proc/PID/root: the files that another process sees (proc(5))."""
        self._roots = roots

    def mount_files(self, folder: str, mount: Mount) -> None:
        """Have other files seen below ``folder``, which is made if need be. Raises NotADirectoryError."""
        if self.exists(folder) and not self.is_directory(folder):
            raise _error(errno.ENOTDIR, folder)
        above = self._mount_above(folder)
        outer, place = (above[0].files, above[1]) if above is not None else (self, folder)
        outer._directories.update({place, *parents_of(place)})
        outer._removed.discard(place)
        self.mounted[folder] = mount

    def _mount_above(self, path: str) -> tuple[Mount, str] | None:
        """The innermost mount that ``path`` lies in, and the path there."""
        if path in self._own_files and path not in self.mounted:
            return None
        points = [point for point in self.mounted if f"{path}/".startswith(f"{point}/")]
        if not points:
            return None
        point = max(points, key=len)
        return self.mounted[point], self.mounted[point].place + path[len(point):] or "/"

    def _elsewhere(self, path: str) -> tuple[FileSystem, str] | None:
        """The files that a path leads to, of another process or mounted, and the path there."""
        if self.mounted and (found := self._mount_above(path)) is not None:
            return found[0].files, found[1]
        match = _ROOT.fullmatch(path) if path.startswith("/proc/") else None
        files = self._roots(int(match["pid"])) if match else None
        return (files, match["rest"] or "/") if match and files is not None else None

    def _to_change(self, path: str, *, removing: bool = False) -> tuple[FileSystem, str]:
        """Where ``path`` is to be changed. Raises OSError where nothing can be, or not by this user."""
        mounted = self._mount_above(path) if self.mounted else None
        if self._live.covers(path):
            is_locked = self.has_covered_kernel and path.startswith("/sys/")
            raise _error(errno.EROFS if is_locked else errno.EPERM if removing else errno.ENOENT, path)
        if mounted is None and self.read_only and not path.startswith("/dev/"):
            raise _error(errno.EROFS, path)
        if mounted is None:
            if not self._user.is_root:
                self._check_owner(path, removing=removing)
            return self, path
        mount, inner = mounted
        if not mount.writable:
            raise _error(errno.EROFS, path)
        seen = mount.files.seen_by(self._user)
        seen.umask = self.umask
        return seen, inner

    def _check_owner(self, path: str, *, removing: bool) -> None:
        number = self.ownership.refusal(path, self._user, exists=self.exists(path), removing=removing)
        if number:
            raise _error(number, path)
        self.ownership.take(path, self._user)

    def mount(self, path: str, content: bytes) -> None:
        """Put a file there, with the folders above it, that can't be removed."""
        self._directories.update(parents_of(path))
        self._written[path] = content
        self._touch(path)
        self._removed.discard(path)
        self._own_files.add(path)

    def bind_file(self, path: str, files: FileSystem) -> None:
        """Have the very file there that others have there (mount(8), ``--bind``)."""
        self.mount(path, b"")
        self.mounted[path] = Mount(files, writable=True, place=path)

    def mount_program(self, path: str, program: Program) -> None:
        """Put a program there that isn't the image's."""
        self._directories.update(parents_of(path))
        self._own_programs[path] = program

    def mount_tree(self, prefix: str, tree: Callable[[], Tree]) -> None:
        """Files below ``prefix`` that come and go by themselves, as in /sys/class/net."""
        self._directories.update({prefix, *parents_of(prefix)})
        self._live.trees[prefix] = tree

    def _find(self, path: str) -> Content | None:
        other = self._elsewhere(path)
        if other is not None:
            return other[0]._find(other[1])
        if (live := self._live.file(path)) is not None:
            return live.read
        if path in self._written:
            return self._written[path]
        return self._image.files.get(path) if path not in self._removed else None

    def is_directory(self, path: str) -> bool:
        other = self._elsewhere(path)
        if other is not None:
            return other[0].is_directory(other[1])
        if path in self._removed:
            return False
        return path in self._directories or path in self._image.directories or self._live.is_folder(path)

    def status(self, path: str) -> Status:
        """Raises FileNotFoundError, NotADirectoryError."""
        other = self._elsewhere(path)
        if other is not None:
            return other[0].status(other[1])
        if not self.exists(path):
            raise self._missing(path)
        return file_status.look(self, path)

    def _missing(self, path: str) -> OSError:
        """Why nothing is there: one of the folders above may be none."""
        above = next((parent for parent in parents_of(path) if self.exists(parent)), "/")
        return _error(errno.ENOENT if self.is_directory(above) else errno.ENOTDIR, path)

    def length(self, path: str) -> int:
        """Of what was written, in bytes."""
        content = self._find(path)
        return 0 if content is None or callable(content) else len(content)

    def live_file(self, path: str) -> LiveFile | None:
        return self._live.file(path)

    def is_merged(self, path: str) -> bool:
        """Whether a folder is the image's, and something in it has been changed."""
        return path in self._changed and (path in self._image.directories or path in USUAL_DIRECTORIES)

    def change_permissions(self, path: str, permissions: int) -> None:
        """chmod(2). Raises OSError."""
        if self._live.covers(path) or not (self._user.is_root or self.status(path).owner.user == self._user.user):
            raise _error(errno.EPERM, path)
        files, inner = self._to_change(path)
        files.permissions[inner] = permissions

    def modified(self, path: str) -> int:
        """When a file's content or a folder's list of names was last changed, in nanoseconds since the epoch."""
        other = self._elsewhere(path)
        if other is not None:
            return other[0].modified(other[1])
        if path in self._changed:
            return self._changed[path]
        if file_status.is_kernels(path):
            return self._clock.now
        if path in file_status.MADE_ANEW:
            return self._mounted
        of_image = path in self._image.files or path in self._image.programs or path in self._image.directories
        return self._image.created if of_image else self._mounted

    def set_modified(self, path: str, when: int) -> None:
        """Nanoseconds since the epoch, as utimensat(2)."""
        files, inner = self._to_change(path)
        files._changed[inner] = when

    def _touch(self, path: str) -> None:
        """A name in a folder has come or gone, or been written to."""
        self._changed[path] = self._clock.now

    def is_program(self, path: str) -> bool:
        return self._program(path) is not None

    def _program(self, path: str) -> Program | None:
        other = self._elsewhere(path)
        if other is not None:
            return other[0]._program(other[1])
        if path in self._own_programs:
            return self._own_programs[path]
        return self._image.programs.get(path) if path not in self._removed else None

    def exists(self, path: str) -> bool:
        return (self._find(path) is not None or self.is_directory(path) or self.is_program(path)
                or self.link(path) is not None)

    def read(self, path: str) -> bytes:
        """Raises FileNotFoundError, IsADirectoryError; PermissionError for what this user may not read."""
        content = self._find(path)
        if content is not None:
            self._check_readable(path)
        if content is None:
            if self.is_program(path):
                return b"\x7fELF"
            raise _error(errno.EISDIR, path) if self.is_directory(path) else self._missing(path)
        return content() if callable(content) else bytes(content)

    def _check_readable(self, path: str) -> None:
        """Root may read all but what can't be read at all, in /sys."""
        live = self._live.file(path) if path.startswith("/sys") else None
        is_denied = live is not None and live.permissions is not None and not live.permissions & 0o444
        if not self._user.is_root:
            status, user = self.status(path), self._user
            whose = 0o400 if status.owner.user == user.user else 0o040 if status.owner.group == user.group else 0o004
            is_denied = not status.mode & whose
        if is_denied:
            raise _error(errno.EACCES, path)

    def write(self, path: str, data: bytes, *, append: bool = False) -> None:
        """Raises FileNotFoundError, IsADirectoryError; PermissionError for a live file that can't be opened to write;
        OSError for a full disk or a read-only one, and for what a live file doesn't take (which root may open)."""
        if self.is_directory(path):
            raise _error(errno.EISDIR, path)
        if not self.is_directory(posixpath.dirname(path)):
            raise self._missing(path)
        live = self._live.file(path)
        if live is not None:
            if live.write is not None:
                live.write(data)
            elif not self._user.is_root or not path.startswith("/proc/") or path.count("/") > len("//"):
                raise _error(errno.EACCES, path)
            elif data:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return
        files, inner = self._to_change(path)
        if files is not self:
            files.write(inner, data, append=append)
            return
        content = self._written.get(path) if append else None
        if not isinstance(content, bytearray):
            content = bytearray(self.read(path) if append and self._find(path) is not None else b"")
            self._release(path)
            self._take(len(content) + ENTRY_SIZE, path)
            if not self.exists(path):
                self._touch(posixpath.dirname(path))
                self._mask(path, 0o666)
            self._written[path] = content
        self._touch(path)
        self._take(len(data), path)
        content += data
        self._removed.discard(path)

    def _mask(self, path: str, permissions: int) -> None:
        """Of what is new (umask(2))."""
        if self.umask != USUAL_UMASK:
            self.permissions[path] = permissions & ~self.umask

    def written_size(self) -> int:
        """How many bytes were written over the image."""
        return sum(len(content) for path, content in self._written.items() if path not in self._own_files)

    def blocks(self) -> int:
        """How many blocks hold what was written."""
        return sum(-(-len(content) // ENTRY_SIZE) for content in self._written.values())

    def content_size(self) -> int:
        """How many bytes there are in files that aren't live ones."""
        found = {path: content for path, content in (self._image.files | self._written).items()
                 if path not in self._removed}
        return sum(len(content) for content in found.values())

    def _take(self, size: int, path: str) -> None:
        if self.space.taken + size > self.space.size:
            raise _error(errno.ENOSPC, path)
        self.space.taken += size

    def _release(self, path: str) -> None:
        content = self._written.pop(path, None)
        self.space.taken -= len(content) + ENTRY_SIZE if isinstance(content, bytearray) else 0

    def make_directory(self, path: str) -> None:
        """Raises FileExistsError, FileNotFoundError."""
        if self.exists(path):
            raise _error(errno.EEXIST, path)
        if not self.is_directory(posixpath.dirname(path)):
            raise self._missing(path)
        files, inner = self._to_change(path)
        if files is not self:
            files.make_directory(inner)
            return
        self._take(ENTRY_SIZE, path)
        self._mask(path, 0o777)
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
        files, inner = self._to_change(path, removing=True)
        if files is not self:
            files.remove(inner)
            return
        if path in self._own_files:
            raise _error(errno.EBUSY, path)
        self._release(path)
        self._links.pop(path, None)
        self.permissions.pop(path, None)
        self.ownership.forget(path)
        self._removed.add(path)
        self._touch(posixpath.dirname(path))

    def remove_tree(self, path: str) -> None:
        """A folder with all that is in it. Raises OSError where something is mounted on it, or can't be removed."""
        for name in self.list(path):
            inner = f"{path.rstrip('/')}/{name}"
            if self.is_directory(inner):
                self.remove_tree(inner)
            else:
                self.remove(inner)
        if path in self.mounted:
            raise _error(errno.EBUSY, path)
        files, place = self._to_change(path, removing=True)
        files._directories.discard(place)
        files._removed.add(place)

    def list(self, path: str) -> list[str]:
        """Names in a folder, sorted. Raises FileNotFoundError, NotADirectoryError."""
        if not self.is_directory(path):
            raise _error(errno.ENOTDIR if self.exists(path) else errno.ENOENT, path)
        other = self._elsewhere(path)
        if other is not None:
            own = (name.rpartition("/") for name in self._own_files)
            return sorted({*other[0].list(other[1]), *(name for folder, _, name in own if folder == path)})
        prefix = path if path.endswith("/") else path + "/"
        known: tuple[Any, ...] = (*self._written, *self._directories, *self._links, *self._image.files,
                                  *self._image.programs, *self._image.directories, *self._live.paths(path))
        names = {name[len(prefix):].split("/")[0] for name in known
                 if name.startswith(prefix) and name not in self._removed}
        return sorted(names - {""})

    def find_program(self, name: str, path: str) -> Program:
        """Raises ProgramNotFound."""
        candidates = [name] if "/" in name else [f"{folder}/{name}" for folder in path.split(":")]
        for candidate in candidates:
            with suppress(OSError):  # a name that is too long
                program = self._program(self.resolve(candidate))
                if program is not None:
                    return program
        raise ProgramNotFound(name)

"""The files that a simulated process sees: a small tree in memory over a read-only image, executables and live files.

Nothing here touches the files of the computer underneath. An executable is a file that holds a Program; a live file
(/proc/net/route, /sys/class/net/eth0/mtu) is read anew each time.
"""

from __future__ import annotations

import errno
import os
import posixpath
import re
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from netcourse.simulation.linux.credentials import ROOT, Credentials
from netcourse.simulation.linux.image import Image, parents_of
from netcourse.simulation.linux.live_files import LiveFile, LiveFiles, Tree
from netcourse.simulation.linux.ownership import Ownership
from netcourse.simulation.linux.process import Program, ProgramNotFound

if TYPE_CHECKING:
    from netcourse.simulation.linux.clock import Clock
    from netcourse.simulation.linux.namespace import Namespace

Content = bytes | bytearray | Callable[[], bytes]
LONGEST_NAME, DEEPEST_PATH = 255, 4096
LARGEST_TREE = 64 << 20
ENTRY_SIZE, MEMORY_ENTRY_SIZE = 4096, 20
USUAL_DIRECTORIES = ("/", "/tmp", "/proc", "/sys", "/dev", "/dev/shm", "/home", "/root", "/var")
OWN_PROCESS = "/proc/self"
_ROOT = re.compile(r"/proc/(?P<pid>\d+)/root(?P<rest>/.*)?")


@lru_cache(maxsize=10_000)
def _without_dots(directory: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(directory, path)).replace("//", "/")


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
    ``read_only``, what is mounted below and /dev aren't. ``memory_mode`` is the mode of a tmpfs. All is root's, but for
    what others make in one of the directories ``open_to_all``.
    """

    def __init__(self, image: Image, clock: Clock, directories: Iterable[str] = USUAL_DIRECTORIES,
                 size: int = LARGEST_TREE, open_to_all: Iterable[str] = ("/tmp", "/dev/shm")) -> None:
        self._image, self._clock = image, clock
        self._mounted = clock.now
        self._changed: dict[str, int] = {}
        self._written: dict[str, bytes | bytearray] = {}
        self._directories = set(directories)
        self._removed: set[str] = set()
        self._space = Space(size)
        self._mounts: dict[str, Mount] = {}
        self._own_files: set[str] = set()
        self._own_programs: dict[str, Program] = {}
        self.ownership, self._user = Ownership(open_to_all), ROOT
        self.read_only = False
        self.memory_mode: int | None = None
        self.namespaces: dict[str, Namespace] = {}
        self._live = LiveFiles()
        self._roots: Callable[[int], FileSystem | None] = lambda _: None
        self._own_pid: Callable[[], int] = lambda: 0

    def resolve(self, path: str, directory: str = "/") -> str:
        """Where a path leads; /proc/self is a link to the process that asks."""
        if len(path) > LONGEST_NAME and (len(path) > DEEPEST_PATH or len(max(path.split("/"), key=len)) > LONGEST_NAME):
            raise _error(errno.ENAMETOOLONG, path)
        path = _without_dots(directory, path)
        if path.startswith(OWN_PROCESS) and path[len(OWN_PROCESS):][:1] in ("", "/"):
            return f"/proc/{self._own_pid()}{path[len(OWN_PROCESS):]}"
        return path

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

    def mount_live(self, path: str, content: Callable[[], bytes],
                   writer: Callable[[bytes], None] | None = None) -> None:
        """Put a file there that is read anew each time; ``writer`` takes what is written, or raises OSError."""
        self._directories.update(parents_of(path))
        self._live.files[path] = LiveFile(content, writer)

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
        self._mounts[folder] = mount

    def _mount_above(self, path: str) -> tuple[Mount, str] | None:
        """The innermost mount that ``path`` lies in, and the path there."""
        if path in self._own_files and path not in self._mounts:
            return None
        points = [point for point in self._mounts if f"{path}/".startswith(f"{point}/")]
        if not points:
            return None
        point = max(points, key=len)
        return self._mounts[point], self._mounts[point].place + path[len(point):] or "/"

    def _elsewhere(self, path: str) -> tuple[FileSystem, str] | None:
        """The files that a path leads to, of another process or mounted, and the path there."""
        if self._mounts and (found := self._mount_above(path)) is not None:
            return found[0].files, found[1]
        match = _ROOT.fullmatch(path)
        files = self._roots(int(match["pid"])) if match else None
        return (files, match["rest"] or "/") if match and files is not None else None

    def _to_change(self, path: str, *, removing: bool = False) -> tuple[FileSystem, str]:
        """Where ``path`` is to be changed. Raises OSError where nothing can be, or not by this user."""
        mounted = self._mount_above(path) if self._mounts else None
        if self._live.covers(path):
            raise _error(errno.EPERM if removing else errno.ENOENT, path)
        if mounted is None and self.read_only and not path.startswith("/dev/"):
            raise _error(errno.EROFS, path)
        if mounted is None:
            if not self._user.is_root:
                self._check_owner(path, removing=removing)
            return self, path
        mount, inner = mounted
        if not mount.writable:
            raise _error(errno.EROFS, path)
        return mount.files.seen_by(self._user), inner

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
        self._mounts[path] = Mount(files, writable=True, place=path)

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

    def mode(self, path: str) -> str:
        """As ls prints it: nobody can change it here."""
        other = self._elsewhere(path)
        if other is not None:
            return other[0].mode(other[1])
        if path == "/" and self.memory_mode is not None:
            return stat.filemode(stat.S_IFDIR | self.memory_mode)
        is_kernels = path.startswith(("/proc", "/sys"))
        if self.is_directory(path):
            return "drwxrwxrwt" if path == "/tmp" else "dr-xr-xr-x" if is_kernels else "drwxr-xr-x"
        if self.is_program(path):
            return "-rwxr-xr-x"
        live = self._live.file(path)
        if live is not None and not is_kernels:
            return "crw-rw-rw-"
        return "-r--r--r--" if is_kernels and (live is None or live.write is None) else "-rw-r--r--"

    def owner(self, path: str) -> Credentials:
        """Whose user and group it belongs to."""
        other = self._elsewhere(path)
        return other[0].owner(other[1]) if other is not None else self.ownership.of(path)

    def size(self, path: str) -> int:
        """Bytes, as stat(2) has them: none for what the kernel makes up when it is read."""
        if self.is_directory(path):
            return 0 if path.startswith(("/proc", "/sys")) else self._folder_size(path)
        content = self._find(path)
        return 0 if content is None or callable(content) else len(content)

    def _folder_size(self, path: str) -> int:
        """In memory, 20 bytes for each name in it, ``.`` and ``..`` (mm/shmem.c, BOGO_DIRENT_SIZE)."""
        other = self._elsewhere(path)
        if other is not None:
            return other[0]._folder_size(other[1])
        return ENTRY_SIZE if self.memory_mode is None else MEMORY_ENTRY_SIZE * (2 + len(self.list(path)))

    def links(self, path: str) -> int:
        """How many names a folder has: its own, ``.`` and one ``..`` for each folder in it. One that is partly the
        image's and partly the container's counts 1 (fs/overlayfs/inode.c)."""
        is_of_image = path in self._image.directories or path in USUAL_DIRECTORIES
        if path in ("/", "/etc") or (is_of_image and path in self._changed):
            return 1
        return 2 + sum(self.is_directory(f"{path.rstrip('/')}/{name}") for name in self.list(path))

    def modified(self, path: str) -> int:
        """When a file's content or a folder's list of names was last changed, in nanoseconds since the epoch."""
        other = self._elsewhere(path)
        if other is not None:
            return other[0].modified(other[1])
        if path in self._changed:
            return self._changed[path]
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
        for a full disk or a read-only one."""
        if self.is_directory(path):
            raise _error(errno.EISDIR, path)
        if not self.is_directory(posixpath.dirname(path)):
            raise _error(errno.ENOENT, path)
        live = self._live.file(path)
        if live is not None:
            if live.write is None:
                raise _error(errno.EACCES, path)
            live.write(data)
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
            self._written[path] = content
        self._touch(path)
        self._take(len(data), path)
        content += data
        self._removed.discard(path)

    def written_size(self) -> int:
        """How many bytes were written over the image."""
        return sum(len(content) for path, content in self._written.items() if path not in self._own_files)

    def content_size(self) -> int:
        """How many bytes there are in files that aren't live ones."""
        found = {path: content for path, content in (self._image.files | self._written).items()
                 if path not in self._removed}
        return sum(len(content) for content in found.values())

    def _take(self, size: int, path: str) -> None:
        if self._space.taken + size > self._space.size:
            raise _error(errno.ENOSPC, path)
        self._space.taken += size

    def _release(self, path: str) -> None:
        content = self._written.pop(path, None)
        self._space.taken -= len(content) + ENTRY_SIZE if isinstance(content, bytearray) else 0

    def make_directory(self, path: str) -> None:
        """Raises FileExistsError, FileNotFoundError."""
        if self.exists(path):
            raise _error(errno.EEXIST, path)
        if not self.is_directory(posixpath.dirname(path)):
            raise _error(errno.ENOENT, path)
        files, inner = self._to_change(path)
        if files is not self:
            files.make_directory(inner)
            return
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
        files, inner = self._to_change(path, removing=True)
        if files is not self:
            files.remove(inner)
            return
        if path in self._own_files:
            raise _error(errno.EBUSY, path)
        self._release(path)
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
        if path in self._mounts:
            raise _error(errno.EBUSY, path)
        files, place = self._to_change(path, removing=True)
        files._directories.discard(place)
        files._removed.add(place)

    def rename(self, source: str, target: str) -> None:
        """A file, or a folder with all that is in it. Raises OSError."""
        when = self.modified(source)
        if self.is_directory(source):
            self.make_directory(target)
            for name in self.list(source):
                self.rename(f"{source}/{name}", f"{target}/{name}")
            self.remove_tree(source)
        else:
            self.write(target, self.read(source))
            self.remove(source)
        self.set_modified(target, when)

    def list(self, path: str) -> list[str]:
        """Names in a folder, sorted. Raises FileNotFoundError, NotADirectoryError."""
        if not self.is_directory(path):
            raise _error(errno.ENOTDIR if self.exists(path) else errno.ENOENT, path)
        other = self._elsewhere(path)
        if other is not None:
            own = (name.rpartition("/") for name in self._own_files)
            return sorted({*other[0].list(other[1]), *(name for folder, _, name in own if folder == path)})
        prefix = path if path.endswith("/") else path + "/"
        known: tuple[Any, ...] = (*self._written, *self._directories, *self._image.files, *self._image.programs,
                                  *self._image.directories, *self._live.paths(path))
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

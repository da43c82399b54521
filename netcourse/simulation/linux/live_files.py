"""Files that the kernel makes up as they are read: a tree that comes and goes by itself, as in /proc and /sys."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from netcourse.simulation.linux.credentials import Credentials


@dataclass(frozen=True)
class LiveFile:
    """``read`` and ``write`` may raise OSError; without ``write`` nobody may. ``permissions``: other ones than follow
    from that. ``device``: the numbers of a character device. ``shown``: it looks like a link to this, which is no path
    (proc(5), magic links). ``owner``: whose it is, if not root's."""

    read: Callable[[], bytes]
    write: Callable[[bytes], None] | None = None
    permissions: int | None = None
    device: tuple[int, int] | None = None
    shown: str | None = None
    owner: Credentials | None = None


@dataclass(frozen=True)
class Link:
    """A symbolic link; ``{pid}`` in its target is the number of the process that asks."""

    target: str


# a folder is made up when it is looked into
Entry: TypeAlias = "LiveFile | Link | Callable[[], Tree]"
Tree: TypeAlias = "Mapping[str, Entry]"


def find(folder: Callable[[], Tree], path: str) -> Entry | None:
    """What is at a path relative to ``folder``, or None."""
    entry: Entry | None = folder
    for name in path.split("/"):
        if name:
            entry = entry().get(name) if callable(entry) else None
    return entry


class LiveFiles:
    """``files`` by path, and ``trees`` by the folder that they fill."""

    def __init__(self) -> None:
        self.files: dict[str, LiveFile | Link] = {}
        self.trees: dict[str, Callable[[], Tree]] = {}

    def copy(self) -> LiveFiles:
        other = LiveFiles()
        other.files, other.trees = dict(self.files), dict(self.trees)
        return other

    def _find(self, path: str) -> Entry | None:
        if path in self.files:
            return self.files[path]
        for folder, tree in self.trees.items():
            if path == folder or path.startswith(folder + "/"):
                return find(tree, path[len(folder):])
        return None

    def covers(self, path: str) -> bool:
        """Whether a tree has all that there is there."""
        return any(path.startswith(f"{folder}/") for folder in self.trees)

    def file(self, path: str) -> LiveFile | None:
        found = self._find(path)
        return found if isinstance(found, LiveFile) else None

    def link(self, path: str) -> Link | None:
        found = self._find(path)
        return found if isinstance(found, Link) else None

    def is_folder(self, path: str) -> bool:
        """Whether a tree has a folder there."""
        return callable(self._find(path))

    def paths(self, folder: str) -> list[str]:
        """All files, and what a tree has in ``folder``."""
        found = self._find(folder)
        names = found() if callable(found) else ()
        return [*self.files, *(f"{folder}/{name}" for name in names)]


def text_file(text: object, write: Callable[[bytes], None] | None = None) -> LiveFile:
    """A line."""
    return LiveFile(lambda: f"{text}\n".encode(), write)


def locked(tree: Tree) -> Tree:
    """The same, mounted read-only."""
    return {name: _locked(entry) for name, entry in tree.items()}


def _locked(entry: Entry) -> Entry:
    if isinstance(entry, LiveFile):
        return replace(entry, write=read_only) if entry.write is not None else entry
    return entry if isinstance(entry, Link) else partial(_locked_below, entry)


def _locked_below(folder: Callable[[], Tree]) -> Tree:
    return locked(folder())


def refusing(number: int, reason: str = "") -> Callable[[], bytes]:
    """A ``read`` that fails."""
    def read() -> bytes:
        raise OSError(number, reason or os.strerror(number))

    return read


def unchangeable(data: bytes) -> None:
    """A ``write`` where the kernel would take another value, and nothing here would change."""
    if data:  # who opens a file to write does so without a word at first
        raise OSError(errno.EOPNOTSUPP, "another value is not simulated")


def read_only(_: bytes) -> None:
    """A ``write`` in a file system that is mounted read-only."""
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))

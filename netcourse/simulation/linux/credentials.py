"""Whom a process runs as: numbers of a user and groups, and the names that /etc/passwd and /etc/group give them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netcourse.simulation.linux.files import FileSystem

PASSWD, GROUP = "/etc/passwd", "/etc/group"


@dataclass(frozen=True)
class Credentials:
    """credentials(7). ``groups`` are the supplementary ones."""

    user: int = 0
    group: int = 0
    groups: tuple[int, ...] = (0,)

    @property
    def is_root(self) -> bool:
        return self.user == 0


ROOT = Credentials()


@dataclass(frozen=True)
class Entry:
    """A line of /etc/passwd or /etc/group; ``fields`` are all of it."""

    name: str
    number: int
    fields: tuple[str, ...]


def entries(files: FileSystem, path: str) -> list[Entry]:
    """The lines that have a name and a number (passwd(5), group(5))."""
    if not files.exists(path) or files.is_directory(path):
        return []
    return list(_entries(files.read(path)))


@lru_cache(maxsize=100)
def _entries(content: bytes) -> tuple[Entry, ...]:
    lines = (line.split(":") for line in content.decode(errors="replace").splitlines())
    return tuple(Entry(fields[0], int(fields[2]), tuple(fields)) for fields in lines
                 if len(fields) > 3 and fields[2].isdecimal())


def name_of(files: FileSystem, path: str, number: int) -> str | None:
    """None for a number without a name."""
    return next((entry.name for entry in entries(files, path) if entry.number == number), None)

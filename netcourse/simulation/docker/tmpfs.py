"""Memory that is mounted as a folder (tmpfs(5)): what ``--tmpfs`` may be told."""

from __future__ import annotations

import re
from dataclasses import dataclass

from netcourse.simulation.docker.errors import bad_request, not_simulated
from netcourse.simulation.linux.files import LARGEST_TREE

FLAGS = frozenset({
    "ro", "rw", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "sync", "async", "dirsync", "remount", "mand",
    "nomand", "atime", "noatime", "diratime", "nodiratime", "bind", "rbind", "private", "shared", "slave", "unbindable",
    "rprivate", "rshared", "rslave", "runbindable", "relatime", "norelatime", "strictatime", "nostrictatime"})
VALUES = frozenset({"mode", "uid", "gid", "size", "nr_inodes", "nr_blocks", "mpol"})
_SIZE = re.compile(r"([0-9]+)([kKmMgG]?)")
_SHIFTS = {"": 0, "k": 10, "m": 20, "g": 30}


@dataclass(frozen=True)
class Memory:
    """``size`` in bytes."""

    size: int = LARGEST_TREE
    writable: bool = True


def read_options(text: str) -> Memory:
    """``size=1m,ro``. Raises EngineError for an option that dockerd doesn't know (moby daemon/volume/mounts)."""
    size, writable = LARGEST_TREE, True
    for option in filter(None, text.split(",")):
        name, equals, value = option.partition("=")
        if name not in (VALUES if equals else FLAGS):
            raise bad_request(f'invalid tmpfs option "{option}"')
        if name in ("ro", "rw"):
            writable = name == "rw"
        elif name == "size":
            size = min(_bytes(value), LARGEST_TREE)
    return Memory(size, writable)


def _bytes(text: str) -> int:
    found = _SIZE.fullmatch(text)
    if found is None:
        raise not_simulated(f"a tmpfs with size={text}")
    return int(found[1]) << _SHIFTS[found[2].lower()]

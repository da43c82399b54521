"""Memory that is mounted as a folder: what ``--tmpfs`` may be told (tmpfs(5), moby daemon/volume/mounts)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from netcourse.simulation.docker.errors import bad_request, not_simulated
from netcourse.simulation.docker.starting import NEVER_RAN, PREFIX, CannotStart
from netcourse.simulation.linux.credentials import ROOT, Credentials
from netcourse.simulation.linux.files import LARGEST_TREE

FLAGS = frozenset({
    "ro", "rw", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "sync", "async", "dirsync", "remount", "mand",
    "nomand", "atime", "noatime", "diratime", "nodiratime", "bind", "rbind", "private", "shared", "slave", "unbindable",
    "rprivate", "rshared", "rslave", "runbindable", "relatime", "norelatime", "strictatime", "nostrictatime"})
MACHINE_MEMORY = 1 << 30
PAGE = 4096
LARGEST_NUMBER = (1 << 32) - 2
STICKY_FOR_ALL = 0o1777
_MOUNT_FLAGS = {"suid": 0x2, "dev": 0x4, "exec": 0x8}
_SIZE = re.compile(r"([0-9]+)([kKmMgGtTpPeE]?)")
_SHIFTS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40, "p": 50, "e": 60}


@dataclass(frozen=True)
class Memory:
    """``size`` in bytes; ``mode`` and ``owner`` are those of the folder itself."""

    size: int = LARGEST_TREE
    writable: bool = True
    mode: int = STICKY_FOR_ALL
    owner: Credentials = field(default=ROOT)


def read_options(place: str, text: str) -> Memory:
    """``size=1m,ro``, for the folder ``place``. Raises CannotStart where the kernel won't have it; EngineError for what
    dockerd doesn't know."""
    flags, values = set(), {}
    for option in filter(None, text.split(",")):
        name, equals, value = option.partition("=")
        if name not in (_VALUES if equals else FLAGS):
            raise bad_request(f'invalid tmpfs option "{name}"')
        if equals:
            values[name] = value
        else:
            flags.add(name)
    try:
        return memory_of(values, writable="ro" not in flags)
    except ValueError:
        raise _invalid(place, flags, values) from None


def memory_of(values: Mapping[str, str], *, writable: bool) -> Memory:
    """Raises ValueError where the kernel won't have it; EngineError for what isn't simulated."""
    read = {name: _VALUES[name](value) for name, value in values.items()}
    if "nr_inodes" in values:
        raise not_simulated("a tmpfs with nr_inodes")
    size = read.get("nr_blocks", LARGEST_TREE // PAGE) * PAGE
    return Memory(min(read.get("size", size) or LARGEST_TREE, LARGEST_TREE), writable,
                  read.get("mode", STICKY_FOR_ALL), Credentials(read.get("uid", 0), read.get("gid", 0)))


def _invalid(place: str, flags: set[str], values: dict[str, str]) -> CannotStart:
    forbidden = sum(bit for flag, bit in _MOUNT_FLAGS.items() if flag not in flags)
    data = ",".join(f"{name}={value}" for name, value in values.items())
    return CannotStart(f'{PREFIX}error during container init: error mounting "tmpfs" to rootfs at "{place}": mount '
                       f"tmpfs:{place} (via /proc/self/fd/6), flags: {forbidden:#x}, data: {data}: invalid argument",
                       NEVER_RAN)


def _mode(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(text)
    return int(text, 8) & 0o7777


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) > LARGEST_NUMBER:
        raise ValueError(text)
    return int(text)


def _size(text: str) -> int:
    """0 is as much as there is; a share of the machine's memory may be told in percent."""
    if text.endswith("%") and text[:-1].isdecimal():
        return MACHINE_MEMORY * int(text[:-1]) // 100
    return _count(text)


def _count(text: str) -> int:
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return int(found[1]) << _SHIFTS[found[2].lower()]


def _policy(text: str) -> int:
    """Which memory is taken makes no difference here."""
    if text.partition(":")[0] not in ("bind", "default", "interleave", "local", "prefer", "weighted interleave"):
        raise ValueError(text)
    return 0


_VALUES: dict[str, Callable[[str], int]] = {"mode": _mode, "uid": _number, "gid": _number, "size": _size,
                                            "nr_inodes": _count, "nr_blocks": _count, "mpol": _policy}

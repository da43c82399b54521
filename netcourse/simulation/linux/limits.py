"""What a process may use at most (getrlimit(2)), as a container's first process has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

UNLIMITED = (1 << 64) - 1
_MOST_PROCESSES, _MOST_FILES = 3_806, 1_048_576


@dataclass(frozen=True)
class Limit:
    """In bytes, seconds or pieces. Only the soft one holds; it can be raised up to the hard one."""

    soft: int
    hard: int


_WITHOUT = ("as", "cpu", "data", "fsize", "locks", "rss")
USUAL: Mapping[str, Limit] = dict.fromkeys(_WITHOUT, Limit(UNLIMITED, UNLIMITED)) | {
    "core": Limit(0, UNLIMITED), "memlock": Limit(8 << 20, 8 << 20), "msgqueue": Limit(819_200, 819_200),
    "nice": Limit(0, 0), "nofile": Limit(_MOST_FILES, _MOST_FILES), "nproc": Limit(_MOST_PROCESSES, _MOST_PROCESSES),
    "rtprio": Limit(0, 0), "sigpending": Limit(_MOST_PROCESSES, _MOST_PROCESSES), "stack": Limit(8 << 20, UNLIMITED)}

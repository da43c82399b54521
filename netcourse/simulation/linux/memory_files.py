"""Files in memory that are mounted as a folder (tmpfs(5))."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.image import Image

if TYPE_CHECKING:
    from netcourse.simulation.linux.clock import Clock
    from netcourse.simulation.linux.credentials import Credentials


def memory_files(clock: Clock, size: int, mode: int, owner: Credentials) -> FileSystem:
    """A tmpfs, with nothing in it yet: ``size`` in bytes, ``mode`` and ``owner`` of its folder."""
    is_open = mode & stat.S_IWOTH
    files = FileSystem(Image({}, {}), clock, directories=("/",), size=size, open_to_all=("/",) if is_open else ())
    files.memory_mode = mode
    if not owner.is_root or owner.group:
        files.ownership.take("/", owner)
    return files

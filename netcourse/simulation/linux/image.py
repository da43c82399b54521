"""What the files of a container come from: the image, which all containers of it share."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from functools import lru_cache

from netcourse.simulation.linux.process import Program


class Image:
    """What containers of one image share: files and programs by path, and folders that nothing is in.

    ``created``: nanoseconds since the epoch.
    """

    def __init__(self, files: Mapping[str, bytes], programs: Mapping[str, Program], *, created: int = 0,
                 empty_folders: Iterable[str] = ()) -> None:
        self.created = created
        self.files = dict(files)
        self.programs = dict(programs)
        self.directories = {parent for path in (*files, *programs, *empty_folders) for parent in parents_of(path)}
        self.directories.update(empty_folders)

    def below(self, folder: str) -> Image:
        """What is in ``folder``, as an image of its own."""
        inside, length = folder + "/", len(folder)
        return Image({path[length:]: content for path, content in self.files.items() if path.startswith(inside)},
                     {path[length:]: program for path, program in self.programs.items() if path.startswith(inside)})


@lru_cache(maxsize=10_000)
def parents_of(path: str) -> tuple[str, ...]:
    """The folders above it, the innermost first."""
    parents = []
    while path != "/":
        path = posixpath.dirname(path)
        parents.append(path)
    return tuple(parents)

"""What the files of a container come from: the image, which all containers of it share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netcourse.simulation.linux.paths import parents_of
from netcourse.simulation.linux.process import Program


class Image:
    """What containers of one image share: files and programs by path, and folders that nothing is in.

    ``created``: nanoseconds since the epoch. ``links`` and ``marks`` (empty files) are made anew with each container.
    """

    def __init__(self, files: Mapping[str, bytes], programs: Mapping[str, Program], *, created: int = 0,
                 empty_folders: Iterable[str] = (), links: Mapping[str, str] | None = None,
                 marks: Iterable[str] = ()) -> None:
        self.created = created
        self.files = dict(files)
        self.programs = dict(programs)
        self.links, self.marks = dict(links or {}), tuple(marks)
        self.directories = {parent for path in (*files, *programs, *empty_folders) for parent in parents_of(path)}
        self.directories.update(empty_folders)

    def below(self, folder: str) -> Image:
        """What is in ``folder``, as an image of its own."""
        inside, length = folder + "/", len(folder)
        return Image({path[length:]: content for path, content in self.files.items() if path.startswith(inside)},
                     {path[length:]: program for path, program in self.programs.items() if path.startswith(inside)})


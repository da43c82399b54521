"""Files of text that are run as programs (execve(2), interpreter scripts)."""

from __future__ import annotations

import posixpath

from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.paths import without_dots

SHELL = "/bin/sh"
_MARK = b"#!"


def script_command(words: list[str], files: FileSystem, directory: str, path: str) -> list[str] | None:
    """The command that runs a script which ``words`` name, given where programs are sought; None for what is none.

    One that names no interpreter is run by a shell, as a shell does where execve(2) fails (POSIX, section 2.9.1.1).
    """
    folders = [""] if "/" in words[0] else path.split(":")
    for place in (posixpath.join(folder, words[0]) for folder in folders):
        found = files.resolve(place, directory)
        if not files.exists(found) or files.is_directory(found) or not files.status(found).mode & 0o111:
            continue
        shown = place if "/" in words[0] else without_dots(directory, place)
        text = files.read(found)
        interpreter = text[len(_MARK):].split(b"\n", 1)[0].decode(errors="replace").split(maxsplit=1)
        return [*(interpreter if text.startswith(_MARK) else [SHELL]), shown, *words[1:]]
    return None

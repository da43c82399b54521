"""busybox programs about symbolic links: ln, readlink, realpath (coreutils/ln.c, readlink.c, realpath.c)."""

from __future__ import annotations

import posixpath

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, options, refuse, usage


@complaining
async def link(process: Process) -> int:
    given, names = options(process, "sfnbS:vT")
    refuse(process, given, "bS")
    if not names or ("T" in given and len(names) != 2):
        raise usage("ln")
    last = names[-1] if len(names) > 1 else posixpath.basename(names[0])
    return max([_link(process, given, name, last) for name in names[:-1] or names])


def _link(process: Process, given: dict[str, str], target: str, name: str) -> int:
    """``name`` may be a folder in which the link is to be made."""
    files = process.files
    place = files.resolve(name, process.directory, follow=False)
    is_folder = files.is_directory(place if "n" in given else files.resolve(name, process.directory))
    if is_folder and "T" not in given:
        name = f"{name.rstrip('/')}/{posixpath.basename(target.rstrip('/'))}"
        place = files.resolve(name, process.directory, follow=False)
    if "s" not in given:
        if not files.exists(files.resolve(target, process.directory, follow=False)):
            raise Complaint(f"ln: {target}: No such file or directory")
        raise Complaint("ln: hard links are not simulated by netcourse")
    try:
        if "f" in given and files.exists(place):
            files.remove(place)
        files.make_link(place, target)
    except OSError as error:
        process.complain(f"ln: {name}: {error.strerror}")
        return 1
    process.write(f"'{name}' -> '{target}'\n" if "v" in given else "")
    return 0


@complaining
async def read_link(process: Process) -> int:
    given, names = options(process, "fnv")
    if len(names) != 1:
        raise usage("readlink")
    text, reason = None, "not a symlink"
    try:
        text = _real_path(process, names[0]) if "f" in given else _target(process, names[0])
    except OSError as error:
        reason = str(error.strerror)
    if text is None:
        if "v" in given:
            process.complain(f"readlink: {names[0]}: cannot read link: {reason}")
        return 1
    process.write(text if "n" in given else f"{text}\n")
    return 0


def _target(process: Process, name: str) -> str | None:
    """Raises OSError."""
    return process.files.status(process.files.resolve(name, process.directory, follow=False)).target


@complaining
async def realpath(process: Process) -> int:
    names, code = process.arguments[1:], 0
    if not names:
        raise usage("realpath")
    for name in names:
        try:
            path = _real_path(process, name)
        except OSError as error:
            process.complain(f"realpath: {name}: {error.strerror}")
            code = 1
            continue
        if path is None:
            process.complain(f"realpath: {name}: No such file or directory")
            code = 1
        else:
            process.write(f"{path}\n")
    return code


def _real_path(process: Process, name: str) -> str | None:
    """Where a name leads, if there is something, or could be. Raises OSError."""
    files = process.files
    path = files.resolve(name, process.directory)
    if not files.is_directory(posixpath.dirname(path)):
        return None
    target = files.status(path).target if files.exists(path) else None
    return posixpath.join(posixpath.dirname(path), target) if target is not None else path

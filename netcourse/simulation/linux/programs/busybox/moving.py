"""busybox programs that make, copy, move and remove files: mkdir, touch, cp, mv, rm, rmdir (coreutils/)."""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from collections.abc import Callable
from datetime import UTC, datetime

from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, options, refuse, usage

_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")


def _path(process: Process, name: str, *, follow: bool = True) -> str:
    return process.files.resolve(name, process.directory, follow=follow)


@complaining
async def make_directory(process: Process) -> int:
    given, names = options(process, "m:pv", "mode=m", "parents=p", "verbose=v")
    refuse(process, given, "m")
    if not names:
        raise usage("mkdir")
    code = 0
    for name in names:
        try:
            _make_directory(process, _path(process, name, follow="p" in given), with_parents="p" in given)
            process.write(f"created directory: '{name}'\n" if "v" in given else "")
        except OSError as error:
            process.complain(f"mkdir: can't create directory '{name}': {error.strerror}")
            code = 1
    return code


def _make_directory(process: Process, path: str, *, with_parents: bool) -> None:
    """Raises OSError."""
    files, missing = process.files, [path]
    while with_parents and (parent := posixpath.dirname(missing[-1])) != "/" and not files.exists(parent):
        missing.append(parent)
    for folder in reversed(missing):
        if not with_parents or not files.is_directory(folder):
            files.make_directory(folder)


@complaining
async def remove(process: Process) -> int:
    given, names = options(process, "fiRrv")
    refuse(process, given, "i")
    if not names and "f" not in given:
        raise usage("rm")
    code = 0
    for name in names:
        path = _path(process, name, follow=False)
        try:
            if process.files.is_directory(path) and given.keys() & {"r", "R"}:
                process.files.remove_tree(path)
            else:
                process.files.remove(path)
        except IsADirectoryError:
            process.complain(f"rm: '{name}' is a directory")
            code = 1
        except OSError as error:
            if "f" not in given or not isinstance(error, FileNotFoundError):
                process.complain(f"rm: can't remove '{name}': {error.strerror}")
                code = 1
    return code


@complaining
async def remove_directory(process: Process) -> int:
    given, names = options(process, "p", "parents=p", "ignore-fail-on-non-empty")
    if not names:
        raise usage("rmdir")
    code = 0
    for name in names:
        while name not in ("", ".", "/"):
            number = _remove_directory(process, _path(process, name, follow=False))
            if number:
                if number != errno.ENOTEMPTY or "ignore-fail-on-non-empty" not in given:
                    process.complain(f"rmdir: '{name}': {os.strerror(number)}")
                    code = 1
                break
            name = posixpath.dirname(name) if "p" in given else ""
    return code


def _remove_directory(process: Process, path: str) -> int:
    files = process.files
    if not files.exists(path):
        return errno.ENOENT
    if not files.is_directory(path):
        return errno.ENOTDIR
    if files.list(path):
        return errno.ENOTEMPTY
    files.remove_tree(path)
    return 0


@complaining
async def touch(process: Process) -> int:
    given, names = options(process, "acmd:hr:t:", "no-create=c", "date=d", "reference=r")
    refuse(process, given, "tr")
    if not names:
        raise usage("touch")
    when = _moment(given["d"]) if "d" in given else process.machine.clock.now
    code = 0
    for name in names:
        path = _path(process, name)
        if "c" in given and not process.files.exists(path):
            continue
        try:
            if not process.files.exists(path):
                process.files.write(path, b"")
            process.files.set_modified(path, when)
        except OSError as error:
            process.complain(f"touch: {name}: {error.strerror}")
            code = 1
    return code


def _moment(text: str) -> int:
    """Nanoseconds since the epoch. Raises Complaint."""
    if text.startswith("@") and text[1:].isdigit():
        return int(text[1:]) * SECOND
    for form in _FORMATS:
        try:
            return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()) * SECOND
        except ValueError:
            continue
    raise Complaint(f"touch: invalid date '{text}'")


@complaining
async def copy(process: Process) -> int:
    given, names = options(process, "arRpfidPHLTuvtln")
    refuse(process, given, "itlnTu")
    recursive = bool(given.keys() & {"r", "R", "a"})
    as_links = "L" not in given and (recursive or bool(given.keys() & {"d", "P"}))

    def copied(source: str, target: str, name: str, into: str = "") -> int:
        link = process.files.link(source)
        if link is not None:
            process.files.make_link(target, link)
            return 0
        if process.files.is_directory(source):
            if not recursive:
                return _complain(process, f"omitting directory '{name}'")
            if source == into:
                return _complain(process, f"recursion detected, omitting directory '{name}'")
            if not process.files.is_directory(target):
                process.files.make_directory(target)
                _keep_mode(process, source, target)
            return max([copied(f"{source}/{inner}", f"{target}/{inner}", f"{name}/{inner}", into or target)
                        for inner in process.files.list(source)], default=0)
        is_new = not process.files.exists(target)
        process.files.write(target, process.files.read(source))
        if is_new:
            _keep_mode(process, source, target)
        return 0

    return _each(process, names, copied, "can't stat", follow=not as_links)


def _keep_mode(process: Process, source: str, target: str) -> None:
    mode = stat.S_IMODE(process.files.status(source).mode)
    if mode != stat.S_IMODE(process.files.status(target).mode):
        process.files.change_permissions(target, mode & ~process.files.umask)


@complaining
async def move(process: Process) -> int:
    given, names = options(process, "finTtuv")
    refuse(process, given, "iTtu")

    def moved(source: str, target: str, name: str) -> int:
        if "n" not in given or not process.files.exists(target):
            _rename(process.files, source, target)
        return 0

    return _each(process, names, moved, "can't rename", follow=False)


def _rename(files: FileSystem, source: str, target: str) -> None:
    """A file, a link, or a folder with all that is in it. Raises OSError."""
    before = files.status(source)
    if files.link(target) is not None or (before.target is not None and files.exists(target)):
        files.remove(target)
    if files.link(source) is not None:
        files.make_link(target, str(before.target))
        files.remove(source)
    elif before.is_folder:
        files.make_directory(target)
        for name in files.list(source):
            _rename(files, f"{source}/{name}", f"{target}/{name}")
        files.remove_tree(source)
    else:
        files.write(target, files.read(source))
        files.change_permissions(target, stat.S_IMODE(before.mode))
        files.remove(source)
    files.set_modified(target, before.modified)


def _complain(process: Process, text: str) -> int:
    process.complain(f"{process.arguments[0]}: {text}")
    return 1


def _each(process: Process, names: list[str], action: Callable[[str, str, str], int], missing: str, *,
          follow: bool) -> int:
    """Bring every file but the last to where the last one says: into it, where it is a folder."""
    if len(names) < 2:
        raise usage(process.arguments[0])
    files, last = process.files, names[-1]
    into = len(names) > 2 or files.is_directory(_path(process, last))
    code = 0
    for name in names[:-1]:
        source = _path(process, name, follow=follow)
        shown = f"{last.rstrip('/')}/{posixpath.basename(source)}" if into else last
        if not files.exists(source):
            code = _complain(process, f"{missing} '{name}': No such file or directory")
        elif source == _path(process, shown):
            code = _complain(process, f"'{name}' and '{shown}' are the same file")
        else:
            try:
                code = max(code, action(source, _path(process, shown), name))
            except OSError as error:
                is_source = error.filename == source
                code = _complain(process, f"{missing} '{name}': {error.strerror}" if is_source else
                                 f"can't create '{shown}': {error.strerror}")
    return code

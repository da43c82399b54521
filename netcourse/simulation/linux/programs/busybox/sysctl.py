"""busybox sysctl: settings of the kernel, which it reads and writes below /proc/sys."""

from __future__ import annotations

import errno
from contextlib import suppress

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import complaining, options

FOLDER = "/proc/sys"
DEFAULT_FILE = "/etc/sysctl.conf"


@complaining
async def sysctl(process: Process) -> int:
    given, words = options(process, "neqwap")
    if "a" in given:
        _show_folder(process, FOLDER, given)
        return 0
    if "p" in given:
        for name in words or [DEFAULT_FILE]:
            _read_file(process, name, given)
        return 0
    return max([0, *(_word(process, word, given) for word in words)])


def _word(process: Process, word: str, given: dict[str, str]) -> int:
    """Do what one word says; an exit code."""
    key, sign, value = word.partition("=")
    if sign and not key:
        process.complain(f"sysctl: error: malformed setting '{word}'")
        return 1
    if sign:
        return _set(process, key, value, given)
    if "w" in given:
        process.complain(f"sysctl: error: '{key}' must be of the form name=value")
        return 1
    return _show(process, key, given)


def _path(key: str) -> str:
    return f"{FOLDER}/" + key.replace(".", "/")


def _name(path: str) -> str:
    return path.removeprefix(f"{FOLDER}/").replace("/", ".")


def _show(process: Process, key: str, given: dict[str, str]) -> int:
    path = _path(key)
    if process.files.is_directory(path) and key:
        _show_folder(process, path, given)
        return 0
    if not process.files.exists(path) or not key:
        return _unknown(process, key, given)
    try:
        text = process.files.read(path).decode()
    except OSError as error:
        process.complain(f"sysctl: error reading key '{key}': {error.strerror}")
        return 1
    _print(process, _name(path), text, given)
    return 0


def _show_folder(process: Process, path: str, given: dict[str, str]) -> None:
    """All that is in a folder of settings, in the order of their names."""
    for name in process.files.list(path):
        inner = f"{path}/{name}"
        if process.files.is_directory(inner):
            _show_folder(process, inner, given)
        else:
            with suppress(PermissionError):
                _print(process, _name(inner), process.files.read(inner).decode(), given)


def _print(process: Process, name: str, text: str, given: dict[str, str]) -> None:
    for line in text.splitlines() or [""]:
        process.write(f"{line}\n" if "n" in given else f"{name} = {line}\n")


def _set(process: Process, key: str, value: str, given: dict[str, str]) -> int:
    path = _path(key)
    if not process.files.exists(path):
        return _unknown(process, key, given)
    try:
        process.files.write(path, value.encode())
    except OSError as error:
        is_refused = error.errno in (errno.EROFS, errno.EACCES)
        process.complain(f"sysctl: error setting key '{key}': {error.strerror}" if is_refused
                         else f"sysctl: write error: {error.strerror}")
        return 1
    if "q" not in given:
        _print(process, _name(path), value, given)
    return 0


def _unknown(process: Process, key: str, given: dict[str, str]) -> int:
    if "e" not in given:
        process.complain(f"sysctl: error: '{key}' is an unknown key")
    return 1


def _read_file(process: Process, name: str, given: dict[str, str]) -> None:
    """Settings, one a line; what begins with # or ; is a comment."""
    try:
        text = process.files.read(process.files.resolve(name, process.directory)).decode(errors="replace")
    except OSError as error:
        process.complain(f"sysctl: {name}: {error.strerror}")
        return
    for number, line in enumerate(text.splitlines(), 1):
        key, sign, value = line.partition("=")
        if not line.strip() or line.strip()[0] in "#;":
            continue
        if sign:
            _set(process, key.strip().replace(".", "/"), value.strip(), given)
        else:
            process.complain(f"sysctl: bad line {number}: 1 tokens found, 2 needed")

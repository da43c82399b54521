"""busybox ls (coreutils/ls.c)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.columns import in_columns
from netcourse.simulation.linux.credentials import GROUP, PASSWD, name_of
from netcourse.simulation.linux.files import ENTRY_SIZE
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import complaining, options, refuse
from netcourse.simulation.linux.terminal import USUAL_COLUMNS

HALF_A_YEAR = 182 * 86400
_UNITS = "KMGT"


@dataclass(frozen=True)
class _Entry:
    """``name`` as it is printed; ``target``: what a program's link leads to."""

    name: str
    path: str
    mode: str
    links: int
    size: int
    modified: int
    target: str = ""

    @property
    def is_directory(self) -> bool:
        return self.mode[0] == "d"

    @property
    def blocks(self) -> int:
        """In KiB, as a disk holds a file: in pieces of 4 KiB."""
        is_empty = self.mode[0] == "l" or self.size == 0
        return 0 if is_empty else math.ceil(self.size / ENTRY_SIZE) * 4


@complaining
async def ls(process: Process) -> int:
    given, names = options(process, "1AaCxdlFpRihskrcuetSXUnwLHT", "full-time", "group-directories-first", "color")
    refuse(process, given, "icuewXT")
    code, entries = 0, []
    for name in names or ["."]:
        path = process.files.resolve(name, process.directory)
        if process.files.exists(path):
            entries.append(_look(process, name, path))
        else:
            process.complain(f"ls: {name}: No such file or directory")
            code = 1
    plain = [entry for entry in entries if "d" in given or not entry.is_directory]
    folders = [entry for entry in entries if entry not in plain]
    _print(process, given, _sorted(given, plain), is_folder=False)
    shown = bool(plain)
    for folder in _sorted(given, folders):
        shown = _list(process, given, folder, titled=len(names) > 1 or "R" in given, after_another=shown)
    return code


def _list(process: Process, given: dict[str, str], folder: _Entry, *, titled: bool, after_another: bool) -> bool:
    """What is in a folder, and below it where that is asked for."""
    names = process.files.list(folder.path)
    if not given.keys() & {"a", "A"}:
        names = [name for name in names if not name.startswith(".")]
    base = folder.path.rstrip("/")
    inner = [_look(process, name, f"{base}/{name}") for name in names]
    if "a" in given:
        inner += [_look(process, ".", folder.path), _look(process, "..", process.files.resolve("..", folder.path))]
    if titled:
        process.write(("\n" if after_another else "") + f"{folder.name}:\n")
    inner = _sorted(given, inner)
    _print(process, given, inner, is_folder=True)
    for entry in inner if "R" in given else ():
        if entry.is_directory and entry.name not in (".", ".."):
            below = _look(process, f"{folder.name.rstrip('/')}/{entry.name}", entry.path)
            _list(process, given, below, titled=True, after_another=True)
    return True


def _look(process: Process, name: str, path: str) -> _Entry:
    files = process.files
    modified = files.modified(path) // SECOND
    if files.is_directory(path):
        return _Entry(name, path, files.mode(path), files.links(path), files.size(path), modified)
    if files.is_program(path) and not path.endswith("/busybox"):
        return _Entry(name, path, "lrwxrwxrwx", 1, len("busybox"), modified, "busybox")
    return _Entry(name, path, files.mode(path), 1, files.size(path), modified)


def _sorted(given: dict[str, str], entries: list[_Entry]) -> list[_Entry]:
    if "U" in given:
        return entries
    found = sorted(entries, key=lambda entry: entry.name)
    if "S" in given:
        found.sort(key=lambda entry: -entry.size)
    elif "t" in given:
        found.sort(key=lambda entry: -entry.modified)
    return found[::-1] if "r" in given else found


def _print(process: Process, given: dict[str, str], entries: list[_Entry], *, is_folder: bool) -> None:
    if is_folder and given.keys() & {"l", "n", "s"}:
        process.write(f"total {sum(entry.blocks for entry in entries)}\n")
    lines = [_line(process, given, entry) for entry in entries]
    wants_columns = process.prints_on_terminal or given.keys() & {"C", "x"}
    if wants_columns and not given.keys() & {"1", "l", "n"}:
        width = process.terminal.columns if process.terminal is not None else USUAL_COLUMNS
        lines = in_columns(lines, width, by_row="x" in given)
    process.write("".join(f"{line}\n" for line in lines))


def _line(process: Process, given: dict[str, str], entry: _Entry) -> str:
    blocks = f"{entry.blocks:6} " if "s" in given else ""
    mark = _mark(given, entry)
    if not given.keys() & {"l", "n"}:
        return f"{blocks}{entry.name}{mark}"
    owner = _owner(process, entry.path, in_numbers="n" in given)
    size, width = (_readable(entry.size), 7) if "h" in given else (str(entry.size), 9)
    target = f" -> {entry.target}" if entry.target else mark
    when = _date(process, entry.modified, full="full-time" in given)
    return f"{blocks}{entry.mode} {entry.links:4} {owner} {size:>{width}} {when} {entry.name}{target}"


def _owner(process: Process, path: str, *, in_numbers: bool) -> str:
    found = process.files.owner(path)
    names = [str(number) if in_numbers else name_of(process.files, file, number) or str(number)
             for file, number in ((PASSWD, found.user), (GROUP, found.group))]
    return " ".join(f"{name:<8}" for name in names)


def _mark(given: dict[str, str], entry: _Entry) -> str:
    if entry.is_directory:
        return "/" if given.keys() & {"F", "p"} else ""
    if "F" not in given:
        return ""
    return "@" if entry.target else "*" if "x" in entry.mode else ""


def _readable(size: int) -> str:
    """Three digits and a unit (libbb/human_readable.c)."""
    if size < 1024:
        return str(size)
    value, unit = float(size), -1
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f}{_UNITS[unit]}"


def _date(process: Process, when: int, *, full: bool) -> str:
    moment = datetime.fromtimestamp(when, UTC)
    if full:
        return moment.strftime("%Y-%m-%d %H:%M:%S +0000")
    age = process.machine.clock.now // SECOND - when
    is_near = -15 * 60 < age < HALF_A_YEAR
    return f"{moment:%b} {moment.day:2} " + (f"{moment:%H:%M}" if is_near else f" {moment.year}")

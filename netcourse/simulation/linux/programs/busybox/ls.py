"""busybox ls (coreutils/ls.c)."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.columns import in_columns
from netcourse.simulation.linux.credentials import GROUP, PASSWD, name_of
from netcourse.simulation.linux.file_status import ENTRY_SIZE, Status, is_kernels
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import complaining, options, refuse
from netcourse.simulation.linux.programs.busybox.sizes import readable
from netcourse.simulation.linux.terminal import USUAL_COLUMNS

HALF_A_YEAR = 182 * 86400
LINKS_THEMSELVES = {"l", "n", "i", "s", "F"}
"""With these options a link on the command line isn't followed."""


@dataclass(frozen=True)
class _Entry:
    """``name`` as it is printed; ``leads_to_folder``: so does a link."""

    name: str
    path: str
    status: Status
    leads_to_folder: bool = False

    @property
    def is_directory(self) -> bool:
        return self.status.is_folder

    @property
    def blocks(self) -> int:
        """In KiB, as a disk holds a file: in pieces of 4 KiB. The kernel's take none, nor do folders in memory."""
        size, in_memory = self.status.size, self.is_directory and self.status.size % ENTRY_SIZE
        is_empty = self.status.target is not None or is_kernels(self.path) or in_memory
        return 0 if is_empty else math.ceil(size / ENTRY_SIZE) * 4


@complaining
async def ls(process: Process) -> int:
    given, names = options(process, "1AaCxdlFpRihskrcuetSXUnwLHT", "full-time", "group-directories-first", "color")
    refuse(process, given, "icuewXT")
    code, entries = 0, []
    follows = bool(given.keys() & {"L", "H"}) or not given.keys() & LINKS_THEMSELVES
    for name in names or ["."]:
        try:
            entries.append(_look(process, name, process.directory, follow=follows))
        except OSError as error:
            process.complain(f"ls: {name}: {error.strerror}")
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
    names += [".", ".."] if "a" in given else []
    inner = [_look(process, name, folder.path, follow="L" in given) for name in names]
    if titled:
        process.write(("\n" if after_another else "") + f"{folder.name}:\n")
    inner = _sorted(given, inner)
    _print(process, given, inner, is_folder=True)
    for entry in inner if "R" in given else ():
        if entry.is_directory and entry.name not in (".", ".."):
            below = replace(entry, name=f"{folder.name.rstrip('/')}/{entry.name}")
            _list(process, given, below, titled=True, after_another=True)
    return True


def _look(process: Process, name: str, directory: str, *, follow: bool) -> _Entry:
    """Raises OSError."""
    files = process.files
    path = files.resolve(name, directory, follow=follow)
    status = files.status(path)
    return _Entry(name, path, status, status.target is not None and _leads_to_folder(process, path))


def _leads_to_folder(process: Process, path: str) -> bool:
    with suppress(OSError):
        return process.files.is_directory(process.files.resolve(path))
    return False


def _sorted(given: dict[str, str], entries: list[_Entry]) -> list[_Entry]:
    if "U" in given:
        return entries
    found = sorted(entries, key=lambda entry: entry.name)
    if "S" in given:
        found.sort(key=lambda entry: -entry.status.size)
    elif "t" in given:
        found.sort(key=lambda entry: -entry.status.modified)
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
    status = entry.status
    owner = _owner(process, status, in_numbers="n" in given)
    target = f" -> {status.target}{mark}" if status.target is not None else mark
    when = _date(process, status.modified // SECOND, full="full-time" in given)
    return f"{blocks}{status} {status.links:4} {owner} {_size(given, status)} {when} {entry.name}{target}"


def _size(given: dict[str, str], status: Status) -> str:
    """Of a device, its numbers."""
    if status.device is not None:
        major, minor = status.device
        return f"{major:4}, {minor:3}"
    return f"{readable(status.size):>7}" if "h" in given else f"{status.size:9}"


def _owner(process: Process, status: Status, *, in_numbers: bool) -> str:
    found = status.owner
    names = [str(number) if in_numbers else name_of(process.files, file, number) or str(number)
             for file, number in ((PASSWD, found.user), (GROUP, found.group))]
    return " ".join(f"{name:<8}" for name in names)


def _mark(given: dict[str, str], entry: _Entry) -> str:
    is_link, in_full = entry.status.target is not None, bool(given.keys() & {"l", "n"})
    if entry.is_directory or (is_link and in_full and entry.leads_to_folder):
        return "/" if given.keys() & {"F", "p"} else ""
    if "F" not in given:
        return ""
    if is_link:
        return "" if in_full else "@"
    return "*" if entry.status.mode & 0o111 else ""


def _date(process: Process, when: int, *, full: bool) -> str:
    moment = datetime.fromtimestamp(when, UTC)
    if full:
        return moment.strftime("%Y-%m-%d %H:%M:%S +0000")
    age = process.machine.clock.now // SECOND - when
    is_near = -15 * 60 < age < HALF_A_YEAR
    return f"{moment:%b} {moment.day:2} " + (f"{moment:%H:%M}" if is_near else f" {moment.year}")

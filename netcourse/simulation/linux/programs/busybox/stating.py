"""busybox stat (coreutils/stat.c). Numbers of inodes and of devices are made of paths here."""

from __future__ import annotations

import re
import stat
import zlib
from collections.abc import Callable
from datetime import UTC, datetime

from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.credentials import GROUP, PASSWD, name_of
from netcourse.simulation.linux.file_status import ENTRY_SIZE, Status, is_kernels
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import complaining, options, refuse, usage

SECTOR, PROC_BLOCK = 512, 1024
_DEVICES = {"/proc": 53, "/sys": 56, "/dev": 54}
_ROOT_DEVICE = 50
_PART = re.compile(r"%([-0 #+]*\d*)(.)")
_KINDS = {stat.S_IFDIR: "directory", stat.S_IFCHR: "character special file", stat.S_IFLNK: "symbolic link"}
_TERSE = "%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %o"


@complaining
async def stat_(process: Process) -> int:
    given, names = options(process, "ltfLc:")
    refuse(process, given, "fl")
    if not names:
        raise usage("stat")
    form = f"{given.get('c', _TERSE)}\n" if given.keys() & {"c", "t"} else ""
    code = 0
    for name in names:
        try:
            path = process.files.resolve(name, process.directory, follow="L" in given)
            file = _File(process, name, path)
        except OSError as error:
            process.complain(f"stat: can't stat '{name}': {error.strerror}")
            code = 1
            continue
        process.write(file.shown(form or file.usual_form))
    return code


class _File:
    def __init__(self, process: Process, name: str, path: str) -> None:
        """Raises OSError."""
        self._process, self._name, self._path = process, name, path
        self._status = process.files.status(path)

    def shown(self, form: str) -> str:
        """A letter that stands for nothing is printed as it is."""
        def part(match: re.Match[str]) -> str:
            value = _VALUES[match[2]](self) if match[2] in _VALUES else match[2]
            kind = "o" if match[2] == "a" else "d" if isinstance(value, int) else "s"
            return f"%{match[1]}{kind}" % value

        return _PART.sub(part, form)

    @property
    def usual_form(self) -> str:
        device = "     Device type: %t,%T" if self._status.device is not None else ""
        return (f"  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\nDevice: %Dh/%dd\tInode: %-10i  Links: "
                f"{'%-5h' if device else '%h'}{device.removeprefix('    ')}\nAccess: (%04a/%A)  Uid: (%5u/%8U)   "
                "Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n")

    @property
    def status(self) -> Status:
        return self._status

    @property
    def name(self) -> str:
        return self._name

    @property
    def named_target(self) -> str:
        target = self._status.target
        return self._name if target is None else f"'{self._name}' -> '{target}'"

    @property
    def kind(self) -> str:
        usual = "regular file" if self._status.size else "regular empty file"
        return _KINDS.get(stat.S_IFMT(self._status.mode), usual)

    @property
    def blocks(self) -> int:
        status = self._status
        if status.target is not None or is_kernels(self._path) or (status.size % ENTRY_SIZE and status.is_folder):
            return 0
        return -(-status.size // ENTRY_SIZE) * (ENTRY_SIZE // SECTOR)

    @property
    def block_size(self) -> int:
        return PROC_BLOCK if self._path.startswith("/proc") else ENTRY_SIZE

    @property
    def device(self) -> int:
        return next((number for folder, number in _DEVICES.items() if f"{self._path}/".startswith(f"{folder}/")),
                    _ROOT_DEVICE)

    @property
    def inode(self) -> int:
        return zlib.crc32(self._path.encode()) % 10**7

    def user_name(self, file: str, number: int) -> str:
        return name_of(self._process.files, file, number) or "UNKNOWN"

    @property
    def time(self) -> str:
        seconds, rest = divmod(self._status.modified, SECOND)
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{rest:09} +0000"


def _device_part(place: int) -> Callable[[_File], str]:
    return lambda file: f"{file.status.device[place]:x}" if file.status.device is not None else "0"


_VALUES: dict[str, Callable[[_File], str | int]] = {
    "a": lambda file: stat.S_IMODE(file.status.mode), "A": lambda file: str(file.status),
    "b": lambda file: file.blocks, "B": lambda _: SECTOR, "d": lambda file: file.device,
    "D": lambda file: f"{file.device:x}", "f": lambda file: f"{file.status.mode:x}", "F": lambda file: file.kind,
    "g": lambda file: file.status.owner.group, "G": lambda file: file.user_name(GROUP, file.status.owner.group),
    "h": lambda file: file.status.links, "i": lambda file: file.inode, "n": lambda file: file.name,
    "N": lambda file: file.named_target, "o": lambda file: file.block_size, "s": lambda file: file.status.size,
    "t": _device_part(0), "T": _device_part(1), "u": lambda file: file.status.owner.user,
    "U": lambda file: file.user_name(PASSWD, file.status.owner.user)}
_VALUES |= {letter: lambda file: file.time for letter in "xyz"}
_VALUES |= {letter: lambda file: file.status.modified // SECOND for letter in "XYZ"}

"""busybox programs about the processes of a container: ps, pidof, kill (procps/)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from netcourse.simulation.linux.credentials import GROUP, name_of
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.identity import user_name
from netcourse.simulation.linux.programs.busybox.options import (
    Complaint,
    complaining,
    option_list,
    options,
)
from netcourse.simulation.linux.shell import jobs
from netcourse.simulation.linux.shell.interpreter import Shell
from netcourse.simulation.linux.shell.redirection import Streams

WIDTH = 254
USUAL_COLUMNS = "pid,user,args"
SUPPORTED = "user,group,comm,args,pid,ppid,pgid,nice,rgroup,ruser,tty,vsz,sid,stat,rss"


def family(process: Process) -> list[Process]:
    """The processes that have a number beside this one's: its container's, and those of containers that share them."""
    mates = [p for p in process.machine.processes.values()
             if p.pids is process.pids or p.files.shares_with(process.files)]
    return sorted(mates, key=lambda other: other.pid)


def _group_name(process: Process) -> str:
    return name_of(process.files, GROUP, process.user.group) or str(process.user.group)


def _command(process: Process) -> str:
    return process.arguments[0].rpartition("/")[2]


def _command_line(process: Process) -> str:
    """With the program's name before it, where it isn't to be seen from it; control characters don't show."""
    shown, name = " ".join(process.command_line), _command(process)
    shown = "".join(letter if letter >= " " else "?" for letter in shown)
    return shown if process.command_line[0].rpartition("/")[2].startswith(name) else f"{{{name}}} {shown}"


@dataclass(frozen=True)
class _Column:
    header: str
    width: int
    value: Callable[[Process], str | int]

    def shown(self, process: Process) -> str:
        value = self.value(process)
        return f"{value:{self.width}d}" if isinstance(value, int) else f"{value[:self.width]:<{self.width}}"


_COLUMNS = {
    "user": _Column("USER", 8, user_name), "group": _Column("GROUP", 8, _group_name),
    "ruser": _Column("RUSER", 8, user_name), "rgroup": _Column("RGROUP", 8, _group_name),
    "comm": _Column("COMMAND", 16, _command), "args": _Column("COMMAND", 256, _command_line),
    "pid": _Column("PID", 5, lambda other: other.pid),
    "ppid": _Column("PPID", 5, lambda other: other.parent.pid if other.parent is not None else 0)}


async def kill(process: Process) -> int:
    """As the shell does it, which has jobs too."""
    process.arguments = [_command(process), *process.arguments[1:]]
    streams = Streams(process.stdin, process.stdout, process.stderr)
    return await jobs.kill(Shell(process, {}, set(), process.arguments[:1]), process.arguments, streams)


@complaining
async def ps(process: Process) -> int:
    found, _ = option_list(process, "o:aAdeflT")
    wanted = [word for letter, text in found if letter == "o" for word in text.split(",")]
    columns = [_column(word) for word in wanted or USUAL_COLUMNS.split(",")]
    if any(column.header for column in columns):
        _print(process, [f"{column.header:<{column.width}}" for column in columns])
    for other in family(process):
        _print(process, [column.shown(other) for column in columns])
    return 0


def _column(text: str) -> _Column:
    """``NAME`` or ``NAME=HEADER``. Raises Complaint."""
    name, renamed, header = text.partition("=")
    if name not in SUPPORTED.split(","):
        raise Complaint(f"ps: bad -o argument '{name}', supported arguments: {SUPPORTED}")
    if name not in _COLUMNS:
        raise Complaint(f"ps: -o {name} is not simulated by netcourse")
    column = _COLUMNS[name]
    return replace(column, header=header, width=len(header) or column.width) if renamed else column


def _print(process: Process, cells: list[str]) -> None:
    process.write(" ".join(cells)[:WIDTH].rstrip() + "\n")


@complaining
async def pidof(process: Process) -> int:
    _, names = options(process, "")
    found = [str(other.pid) for other in reversed(family(process)) if _command(other) in names]
    process.write(" ".join(found) + "\n" if found else "")
    return int(not found)

"""What the machine's ``ps`` tells of processes: its columns and their values (ps(1) of procps-ng 4.0.2).

A simulated process takes no memory and no time of a processor: the columns for these say so.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.process import Process

LONGEST_NAME, WIDEST_COMMAND = 15, 27
DAY = 86400


@dataclass(frozen=True)
class Column:
    """``is_command``: a text of any length, cut where another column follows."""

    title: str
    value: Callable[[Process], str]
    is_command: bool = False


def rows(columns: list[Column], processes: list[Process]) -> list[str]:
    """A line for each process, as ps prints it but for the blanks between columns."""
    return [" ".join(_cell(column, process, is_last=column is columns[-1]) for column in columns)
            for process in processes]


def _cell(column: Column, process: Process, *, is_last: bool) -> str:
    text = column.value(process)
    return text[:WIDEST_COMMAND] if column.is_command and not is_last else text


def name_of_program(process: Process) -> str:
    """As the kernel keeps it."""
    return posixpath.basename(process.arguments[0])[:LONGEST_NAME]


def _command(process: Process) -> str:
    return " ".join(process.command_line)


def _user(process: Process) -> str:
    """By the machine's own files, where root alone has a name."""
    return "root" if process.user.is_root else str(process.user.user)


def _group(process: Process) -> str:
    return str(process.user.group) if process.user.group else "root"


def _parent(process: Process) -> str:
    return str(process.parent.host_pid if process.parent is not None else 1)


def _leader(process: Process) -> Process:
    """Who began its session: a container's first process, or the one that ``docker exec`` started."""
    while process.parent is not None:
        process = process.parent
    return process


def _session(process: Process) -> str:
    return str(_leader(process).host_pid)


def _flags(process: Process) -> str:
    """One that runc started has used root's rights (PF_SUPERPRIV)."""
    return "4" if process.parent is None else "0"


def _state(process: Process) -> str:
    """T for one that its shell has stopped, D for all of a container that is paused."""
    return ("T" if process.freezer.is_job and process.freezer.is_stopped else "D") if process.freezer.frozen else "S"


def _long_state(process: Process) -> str:
    return _state(process) + ("s" if process.parent is None else "") + ("+" if process.terminal else "")


def _terminal_group(process: Process) -> str:
    return _session(process) if process.terminal else "-1"


def _age(process: Process) -> int:
    return (process.machine.clock.now - process.started) // SECOND


def _elapsed(process: Process) -> str:
    days, rest = divmod(_age(process), DAY)
    hours, minutes, seconds = rest // 3600, rest // 60 % 60, rest % 60
    return (f"{days}-{hours:02}:" if days else f"{hours:02}:" if hours else "") + f"{minutes:02}:{seconds:02}"


def _when(process: Process) -> datetime:
    return datetime.fromtimestamp(process.started // SECOND, UTC)


def _start_day(process: Process) -> str:
    """The time of a process of today, the day of one of this year."""
    begun, now = _when(process), datetime.fromtimestamp(process.machine.clock.now // SECOND, UTC)
    return begun.strftime("%H:%M" if begun.date() == now.date() else "%b%d" if begun.year == now.year else "%Y")


def _start(process: Process) -> str:
    return _when(process).strftime("%H:%M:%S" if _age(process) < DAY else "%b %d")


def _start_minute(process: Process) -> str:
    return _when(process).strftime("%H:%M" if _age(process) < DAY else "%b %d")


def _number(process: Process) -> str:
    return str(process.host_pid)


def _always(text: str) -> Callable[[Process], str]:
    return lambda process: text


_TABLE: tuple[tuple[str, str, Callable[[Process], str]], ...] = (
    # specifiers, title, value
    ("pid", "PID", _number), ("tgid", "TGID", _number), ("lwp", "LWP", _number), ("tid", "TID", _number),
    ("spid", "SPID", _number), ("ppid", "PPID", _parent), ("pgid", "PGID", _session), ("pgrp", "PGRP", _session),
    ("sid", "SID", _session), ("sess session", "SESS", _session), ("tpgid", "TPGID", _terminal_group),
    ("user uname", "USER", _user), ("euser", "EUSER", _user), ("ruser", "RUSER", _user), ("suser", "SUSER", _user),
    ("fuser", "FUSER", _user), *((name, name.upper(), lambda process: str(process.user.user))
                                 for name in ("uid", "euid", "ruid", "suid", "fuid")),
    ("group", "GROUP", _group), ("egroup", "EGROUP", _group), ("rgroup", "RGROUP", _group),
    ("sgroup", "SGROUP", _group), *((name, name.upper(), lambda process: str(process.user.group))
                                    for name in ("gid", "egid", "rgid", "sgid")),
    ("f flag flags", "F", _flags), ("s state", "S", _state), ("stat", "STAT", _long_state),
    ("c", "C", _always("0")), ("cp", "CP", _always("0")), ("pcpu %cpu", "%CPU", _always("0.0")),
    ("pmem %mem", "%MEM", _always("0.0")), ("vsz vsize", "VSZ", _always("0")), ("rss rssize", "RSS", _always("0")),
    ("rsz", "RSZ", _always("0")), ("sz", "SZ", _always("0")), ("size", "SIZE", _always("0")),
    ("pri", "PRI", _always("19")), ("opri", "PRI", _always("80")), ("priority", "PRI", _always("20")),
    ("ni nice", "NI", _always("0")), ("psr", "PSR", _always("0")), ("nlwp", "NLWP", _always("1")),
    ("thcount", "THCNT", _always("1")), ("class cls", "CLS", _always("TS")), ("policy", "POL", _always("TS")),
    ("addr", "ADDR", _always("-")), ("wchan wname", "WCHAN", _always("-")), ("tty tt", "TT", _always("?")),
    ("tname", "TTY", _always("?")), ("time cputime", "TIME", _always("00:00:00")),
    ("times cputimes", "TIME", _always("0")), ("bsdtime", "TIME", _always("0:00")),
    ("etime", "ELAPSED", _elapsed), ("etimes", "ELAPSED", lambda process: str(_age(process))),
    ("stime", "STIME", _start_day), ("start_time", "START", _start_day), ("start", "STARTED", _start),
    ("bsdstart", "START", _start_minute), ("lstart", "STARTED", lambda process: _when(process).ctime()),
    ("comm ucomm fname", "COMMAND", name_of_program), ("ucmd", "CMD", name_of_program),
)
COLUMNS = {name: Column(title, value) for names, title, value in _TABLE for name in names.split()} | {
    "args": Column("COMMAND", _command, is_command=True), "command": Column("COMMAND", _command, is_command=True),
    "cmd": Column("CMD", _command, is_command=True)}
"""By the names that ``ps -o`` takes."""
OTHER_COLUMNS = (
    "ag_id ag_nice atime blocked caught cgname cgroup cgroupns context cpuid cuc cuu drs dsiz eip esp exe fgid fgroup "
    "fsgid fsgroup fsuid fsuser ignored intpri ipcns label lastcpu lim longtname lsession luid lxc m_drs m_size m_trs "
    "machine maj_flt majflt min_flt minflt mntns netns numa oom oomadj ouid pagein pending pidns pri_api pri_bar "
    "pri_baz pri_foo pss rbytes rchars rgid rops rtprio sched seat sgi_p sgi_rss sig sig_block sig_catch sig_ignore "
    "sig_pend sigcatch sigignore sigmask slice stackp start_stack supgid supgrp svgid svgroup svuid svuser timens trs "
    "trss tsig tsiz tty4 tty8 uid_hack unit userns uss util utsns uunit wbytes wcbytes wchars wops zone")
"""Those that tell what isn't simulated."""

"""busybox programs about who one is: id and whoami."""

from __future__ import annotations

from collections.abc import Iterable

from netcourse.simulation.linux.credentials import GROUP, PASSWD, Credentials, entries, name_of
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, options, usage


def user_name(process: Process) -> str:
    """As ps shows the user of a process: the number where there is no name."""
    return name_of(process.files, PASSWD, process.user.user) or str(process.user.user)


@complaining
async def whoami(process: Process) -> int:
    if len(process.arguments) > 1:
        raise usage("whoami")
    name = name_of(process.files, PASSWD, process.user.user)
    if name is None:
        raise Complaint(f"whoami: unknown uid {process.user.user}")
    process.write(f"{name}\n")
    return 0


@complaining
async def identity(process: Process) -> int:
    given, names = options(process, "gGnru")
    kinds = given.keys() & {"u", "g", "G"}
    if len(names) > 1 or len(kinds) > 1 or (given and not kinds):
        raise usage("id")
    who = _named(process, names[0]) if names else process.user
    if not kinds:
        process.write(f"uid={_shown(process, PASSWD, [who.user])} gid={_shown(process, GROUP, [who.group])} "
                      f"groups={_shown(process, GROUP, who.groups)}\n")
        return 0
    path, numbers = {"u": (PASSWD, (who.user,)), "g": (GROUP, (who.group,)), "G": (GROUP, who.groups)}[kinds.pop()]
    return _write_plain(process, path, numbers, by_name="n" in given)


def _named(process: Process, name: str) -> Credentials:
    entry = next((entry for entry in entries(process.files, PASSWD) if entry.name == name), None)
    if entry is None:
        raise Complaint(f"id: unknown user {name}")
    group = int(entry.fields[3])
    return Credentials(entry.number, group, (group,))


def _shown(process: Process, path: str, numbers: Iterable[int]) -> str:
    """Each number with its name in brackets, if it has one."""
    names = ((number, name_of(process.files, path, number)) for number in numbers)
    return ",".join(f"{number}({name})" if name else str(number) for number, name in names)


def _write_plain(process: Process, path: str, numbers: Iterable[int], *, by_name: bool) -> int:
    words, code = [], 0
    for number in numbers:
        name = name_of(process.files, path, number) if by_name else str(number)
        if name is None:
            process.complain(f"id: unknown ID {number}")
            code = 1
        words.append(name or str(number))
    process.write(" ".join(words) + "\n")
    return code

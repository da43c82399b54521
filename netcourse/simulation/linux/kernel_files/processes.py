"""/proc/PID: what can be seen of a process (proc(5)).

Memory and time on a processor aren't simulated, and so aren't there.
"""

from __future__ import annotations

import errno
import posixpath
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from netcourse.simulation.linux import kernel
from netcourse.simulation.linux.kernel_files import mounts
from netcourse.simulation.linux.live_files import Link, LiveFile, Tree, refusing, text_file, unchangeable
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process

LONGEST_NAME = 15
MOST_PIDS = 4_194_304
_PROGRAM, _TERMINAL, _NOTHING = "/bin/busybox", "/dev/pts/0", "/dev/null"
_OF_ANOTHER = refusing(errno.EOPNOTSUPP, "reading another's stream is not simulated by netcourse")
# of a stream that is read from, and of one that is written to; a device is for both
_STREAM_PERMISSIONS = {False: (0o500, 0o300), True: (0o700, 0o700)}
# what the first namespaces of every machine are called (linux/proc_ns.h)
_TIME, _ROOT_PIDS, _USERS, _ROOT_NETWORK = 4_026_531_834, 4_026_531_836, 4_026_531_837, 4_026_531_840


def visible_to(process: Process) -> Mapping[int, Process]:
    """The processes that this one finds in /proc."""
    if process.sees_all_processes:
        return process.machine.processes
    return {mate.pid: mate for mate in process.pids.members}


def folders(processes: Mapping[int, Process], network: Callable[[Namespace], Tree]) -> Tree:
    return {str(pid): partial(_folder, process, network) for pid, process in processes.items()}


def _folder(process: Process, network: Callable[[Namespace], Tree]) -> Tree:
    return {**_of_thread(process, network),
            "task": lambda: {str(process.pid): partial(_of_thread, process, network)}}


def _of_thread(process: Process, network: Callable[[Namespace], Tree]) -> Tree:
    environment = (f"{name}={text}" for name, text in process.environment.items())
    return {"cgroup": text_file("0::/"),
            "cmdline": LiveFile(lambda: _terminated(process.command_line)),
            "comm": text_file(_name(process), unchangeable),
            "cwd": Link(process.directory),
            "environ": LiveFile(lambda: _terminated(environment), permissions=0o400, owner=process.user),
            "exe": Link(_PROGRAM),
            "fd": partial(_streams, process),
            "mounts": LiveFile(lambda: mounts.listing(process.files)),
            "net": partial(network, process.namespace),
            "ns": partial(_namespaces, process),
            "status": LiveFile(lambda: _status(process).encode())}


def _streams(process: Process) -> Tree:
    """What is read from and written to: a terminal, nothing, or a pipe."""
    machine, streams = process.machine, (process.stdin, process.stdout, process.stderr)
    found: dict[str, LiveFile] = {}
    for number, stream in enumerate(streams):
        terminal = process.terminal
        on_terminal = terminal is not None and stream in (terminal.input, terminal.output)
        is_nothing = number == 0 and stream.closed and not stream.has_data
        shown = _TERMINAL if on_terminal else _NOTHING if is_nothing else f"pipe:[{machine.inode_of(stream)}]"
        permissions = _STREAM_PERMISSIONS[on_terminal or is_nothing][number > 0]
        found[str(number)] = LiveFile(_OF_ANOTHER, stream.write, permissions, shown=shown)
    return found


def _namespaces(process: Process) -> Tree:
    """Those that are simulated, and those that all processes share (namespaces(7))."""
    machine = process.machine
    pids = _ROOT_PIDS if process.sees_all_processes else machine.namespace_number(process.pids)
    network = _ROOT_NETWORK if process.namespace is machine.root else machine.namespace_number(process.namespace)
    numbers = {"mnt": machine.namespace_number(process.files.ownership), "net": network, "pid": pids,
               "pid_for_children": pids, "time": _TIME, "time_for_children": _TIME, "user": _USERS}
    return {name: LiveFile(refusing(errno.EINVAL), shown=f"{name.partition('_')[0]}:[{number}]")
            for name, number in numbers.items()}


def _terminated(words: Iterable[str]) -> bytes:
    return "".join(f"{word}\0" for word in words).encode()


def _name(process: Process) -> str:
    return posixpath.basename(process.arguments[0])[:LONGEST_NAME]


def _status(process: Process) -> str:
    """fs/proc/array.c, proc_pid_status."""
    who, parent = process.user, process.parent
    is_at_work = process.task is not None and process.task.awaiting is None
    lines = {"Name": _name(process), "Umask": "0022", "State": "R (running)" if is_at_work else "S (sleeping)",
             "Tgid": process.pid, "Ngid": 0, "Pid": process.pid, "PPid": parent.pid if parent is not None else 0,
             "TracerPid": 0, "Uid": "\t".join([str(who.user)] * 4), "Gid": "\t".join([str(who.group)] * 4),
             "Groups": "".join(f"{group} " for group in who.groups), "Kthread": 0, "Threads": 1}
    return "".join(f"{name}:\t{value}\n" for name, value in lines.items())


def kernel_settings(hostname: str, domain: str) -> Tree:
    """/proc/sys/kernel: its names. That of the host can't be changed (as hostname(1) says, too)."""
    names = {"domainname": domain or "(none)", "hostname": hostname, "osrelease": kernel.RELEASE, "ostype": kernel.NAME,
             "pid_max": MOST_PIDS, "version": kernel.VERSION}
    return {name: text_file(text, unchangeable) for name, text in names.items()}

"""/proc/PID: what can be seen of a process, and of the machine that it runs on (proc(5)).

Memory, time on a processor and open files aren't simulated, and so aren't there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from netcourse.simulation.linux import kernel
from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.live_files import LiveFile, Tree, text_file, unchangeable
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process

LONGEST_NAME = 15
MOST_PIDS = 4_194_304


def visible_to(process: Process) -> Mapping[int, Process]:
    """The processes that this one finds in /proc."""
    if process.sees_all_processes:
        return process.machine.processes
    return {mate.pid: mate for mate in process.pids.members}


def folders(processes: Mapping[int, Process], network: Callable[[Namespace], Tree]) -> Tree:
    return {str(pid): partial(_folder, process, network) for pid, process in processes.items()}


def _folder(process: Process, network: Callable[[Namespace], Tree]) -> Tree:
    return {"cmdline": LiveFile(lambda: _terminated(process.arguments)),
            "comm": text_file(_name(process)),
            "environ": LiveFile(lambda: _terminated(f"{name}={text}" for name, text in process.environment.items())),
            "net": partial(network, process.namespace),
            "status": LiveFile(lambda: _status(process).encode())}


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


def of_machine(machine: Machine) -> Tree:
    return {"uptime": LiveFile(lambda: _uptime(machine).encode()),
            "version": text_file(f"{kernel.NAME} version {kernel.RELEASE} (netcourse@simulation) {kernel.VERSION}")}


def _uptime(machine: Machine) -> str:
    """Nothing here takes a processor's time: it was idle all the while."""
    hundredths = (machine.clock.now - machine.booted) * 100 // SECOND
    seconds = f"{hundredths // 100}.{hundredths % 100:02}"
    return f"{seconds} {seconds}\n"


def kernel_settings(hostname: str) -> Tree:
    """/proc/sys/kernel: its names. That of the host can't be changed (as hostname(1) says, too)."""
    names = {"domainname": "(none)", "hostname": hostname, "osrelease": kernel.RELEASE, "ostype": kernel.NAME,
             "pid_max": MOST_PIDS, "version": kernel.VERSION}
    return {name: text_file(text, unchangeable) for name, text in names.items()}

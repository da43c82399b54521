"""Programs that start a program in another namespace: what they share, and nsenter(1) of util-linux."""

from __future__ import annotations

from functools import partial

from netcourse.simulation.linux.kernel_files import mount_devices, mount_kernel_files
from netcourse.simulation.linux.kernel_files.processes import visible_to
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process, ProgramNotFound
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining

NOT_FOUND = 127


def fellow(process: Process, pid: int) -> Process | None:
    """The process that has this id where ``process`` is."""
    if process.sees_all_processes:
        return process.machine.processes.get(pid)
    mates = (other for other in process.machine.processes.values() if other.files.shares_with(process.files))
    return next((mate for mate in mates if mate.pid == pid), None)


async def run_inside(process: Process, words: list[str], namespace: Namespace, *, with_devices: bool) -> int:
    """Start a program in ``namespace`` and wait for its end. /proc shows the new one, /sys/class/net only
    ``with_devices``, that is, when it is mounted anew (network_namespaces(7)). Raises ProgramNotFound."""
    files = process.files.seen_anew()
    mount_kernel_files(files, namespace, partial(visible_to, process), hostname=process.hostname,
                       writable=process.privileged)
    if with_devices:
        mount_devices(files, namespace, writable=process.privileged)
    child = process.machine.spawn(words, namespace=namespace, files=files, environment=process.environment,
                                  pids=process.pids)
    child.inherit(process)
    child.stdin, child.stdout, child.stderr = process.stdin, process.stdout, process.stderr
    child.start()
    return await child.exit


@complaining
async def nsenter(process: Process) -> int:
    pid, network, words = _read(process.arguments[1:])
    namespace = process.namespace
    if network:
        namespace = _namespace_of(process, pid)
    words = words or [process.environment.get("SHELL", "/bin/sh")]
    try:
        return await run_inside(process, words, namespace, with_devices=False)
    except ProgramNotFound:
        raise Complaint(f"nsenter: failed to execute {words[0]}: No such file or directory", NOT_FOUND) from None


def _namespace_of(process: Process, pid: str) -> Namespace:
    if not pid:
        raise Complaint("nsenter: neither filename nor target pid supplied for ns/net")
    if not pid.isdigit():
        raise Complaint(f"nsenter: failed to parse pid: '{pid}': Invalid argument")
    target = fellow(process, int(pid))
    if target is None:
        raise Complaint(f"nsenter: cannot open /proc/{pid}/ns/net: No such file or directory")
    if not process.privileged:
        raise Complaint("nsenter: reassociate to namespace 'ns/net' failed: Operation not permitted")
    return target.namespace


def _read(words: list[str]) -> tuple[str, bool, list[str]]:
    """The process that was named, whether its network is meant, and the program."""
    pid, network, rest = "", False, list(words)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        if word in ("-t", "--target"):
            pid = rest.pop(0) if rest else ""
        elif word.startswith("--target=") or (word.startswith("-t") and word[2:].isdigit()):
            pid = word.partition("=")[2] or word[2:]
        elif word in ("-n", "--net"):
            network = True
        elif word == "--":
            break
        else:
            raise Complaint(f"nsenter: {word} is not simulated: only -t PID and -n are")
    return pid, network, rest

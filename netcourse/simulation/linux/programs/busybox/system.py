"""busybox programs about the system: hostname, id, env, sleep, true, false, uname, ps, top and their like."""

from __future__ import annotations

from ipaddress import IPv4Address

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.identity import user_name
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, duration, options, usage
from netcourse.simulation.linux.resolver import NameNotFound, find_addresses

ENDLESS = 10**9
KERNEL = "6.12.48"


@complaining
async def hostname(process: Process) -> int:
    given, rest = options(process, "dfisF:v")
    if "F" in given:
        path = process.files.resolve(given["F"], process.directory)
        try:
            process.files.read(path)
        except OSError as error:
            raise Complaint(f"hostname: can't open '{given['F']}': {error.strerror}") from None
    if rest or "F" in given:
        raise Complaint("hostname: sethostname: Operation not permitted" if not process.privileged else
                        "hostname: changing the name is not simulated by netcourse")
    name, _, domain = process.hostname.partition(".")
    if "f" in given:
        process.write(f"{process.hostname}\n")
    elif "i" in given:
        process.write(" ".join(str(ip) for ip in await _own_addresses(process)) + "\n")
    elif "s" in given:
        process.write(f"{name}\n")
    elif "d" in given:
        process.write(f"{domain}\n" if domain else "")
    else:
        process.write(f"{process.hostname}\n")
    return 0


async def _own_addresses(process: Process) -> list[IPv4Address]:
    try:
        return await find_addresses(process, process.hostname)
    except NameNotFound:
        raise Complaint(f"hostname: {process.hostname}: Unknown host") from None


@complaining
async def dnsdomainname(process: Process) -> int:
    domain = process.hostname.partition(".")[2]
    process.write(f"{domain}\n" if domain else "")
    return 0


@complaining
async def sleep(process: Process) -> int:
    words = process.arguments[1:]
    if not words:
        raise usage("sleep")
    await process.sleep(sum(ENDLESS if word in ("infinity", "inf") else duration(process, word) for word in words))
    return 0


async def true(process: Process) -> int:
    return 0


async def false(process: Process) -> int:
    return 1


@complaining
async def uname(process: Process) -> int:
    given, rest = options(process, "amnrspvio")
    if rest:
        raise usage("uname")
    words = {"s": "Linux", "n": process.hostname, "r": KERNEL, "v": "#1 SMP", "m": "x86_64", "o": "GNU/Linux"}
    chosen = list(words) if "a" in given else [letter for letter in words if letter in (given or {"s": ""})]
    process.write(" ".join(words[letter] for letter in chosen) + "\n")
    return 0


@complaining
async def which(process: Process) -> int:
    given, names = options(process, "a")
    if not names:
        raise usage("which")
    code = 0
    folders = process.environment.get("PATH", "/bin").split(":")
    for name in names:
        paths = [f"{folder}/{name}" for folder in folders if process.files.is_program(f"{folder}/{name}")]
        process.write("".join(f"{path}\n" for path in (paths if "a" in given else paths[:1])))
        code = code if paths else 1
    return code


@complaining
async def ps(process: Process) -> int:
    process.write("PID   USER     COMMAND\n")
    for other in family(process):
        process.write(f"{other.pid:5d} {user_name(other):8.8} {' '.join(other.arguments)}\n")
    return 0


async def pwd(process: Process) -> int:
    process.write(f"{process.directory}\n")
    return 0


def family(process: Process) -> list[Process]:
    """The processes that share this one's files: its container's."""
    mates = [p for p in process.machine.processes.values() if p.files.shares_with(process.files)]
    return sorted(mates, key=lambda other: other.pid)


@complaining
async def top(process: Process) -> int:
    given, _ = options(process, "bn:d:")
    rounds = int(given.get("n", "0"))
    shown = 0
    while True:
        process.write("Mem: 1024000K used, 3072000K free, 0K shrd, 0K buff, 512000K cached\n"
                      "CPU:   0% usr   0% sys   0% nic 100% idle   0% io   0% irq   0% sirq\n"
                      f"Load average: 0.00 0.00 0.00 1/{len(process.machine.processes)} {process.pid}\n"
                      "  PID  PPID USER     STAT   RSS %RSS %CPU COMMAND\n")
        for other in family(process):
            parent = other.parent.pid if other.parent is not None else 0
            state = "R" if other is process else "S"
            command = " ".join(other.arguments)
            process.write(f"{other.pid:5d} {parent:5d} {user_name(other):8.8} {state:<4}   1440   0%   0% {command}\n")
        shown += 1
        if shown == rounds:
            return 0
        await process.sleep(float(given.get("d", "5")))

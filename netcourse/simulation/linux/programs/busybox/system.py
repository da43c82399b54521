"""busybox programs about the system: hostname, id, env, sleep, true, false, uname, ps, top and their like."""

from __future__ import annotations

import re
from ipaddress import IPv4Address

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.identity import user_name
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, options, usage
from netcourse.simulation.linux.resolver import NameNotFound, find_addresses

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
KERNEL = "6.12.48"
DRAIN_EVERY = 1000


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
async def env(process: Process) -> int:
    if len(process.arguments) > 1:
        raise Complaint("env: running a program is not simulated")
    for name, value in process.environment.items():
        process.write(f"{name}={value}\n")
    return 0


@complaining
async def sleep(process: Process) -> int:
    words = process.arguments[1:]
    if not words:
        raise usage("sleep")
    total = 0.0
    for word in words:
        match = re.fullmatch(r"(\d*\.?\d+)([smhd]?)", word)
        if word in ("infinity", "inf"):
            total = 10**9
        elif match is None:
            raise Complaint(f"sleep: invalid number '{word}'")
        else:
            total += float(match[1]) * UNITS[match[2]]
    await process.sleep(total)
    return 0


async def true(process: Process) -> int:
    return 0


async def false(process: Process) -> int:
    return 1


@complaining
async def uname(process: Process) -> int:
    given, _ = options(process, "amnrspvio")
    words = {"s": "Linux", "n": process.hostname, "r": KERNEL, "v": "#1 SMP", "m": "x86_64", "o": "GNU/Linux"}
    chosen = list(words) if "a" in given else [letter for letter in words if letter in (given or {"s": ""})]
    process.write(" ".join(words[letter] for letter in chosen) + "\n")
    return 0


@complaining
async def which(process: Process) -> int:
    code = 0
    for name in process.arguments[1:]:
        folders = process.environment.get("PATH", "/bin").split(":")
        path = next((f"{f}/{name}" for f in folders if process.files.is_program(f"{f}/{name}")), None)
        process.write(f"{path}\n" if path else "")
        code = code if path else 1
    return code


@complaining
async def ps(process: Process) -> int:
    process.write("PID   USER     COMMAND\n")
    for other in family(process):
        process.write(f"{other.pid:5d} {user_name(other):8.8} {' '.join(other.arguments)}\n")
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


@complaining
async def test(process: Process) -> int:
    words = process.arguments[1:]
    if process.arguments[0] == "[":
        if words[-1:] != ["]"]:
            raise Complaint("[: missing ]", 2)
        words = words[:-1]
    negated = words[:1] == ["!"]
    return int(_condition(process, words[1:] if negated else words) == negated)


def _condition(process: Process, words: list[str]) -> bool:
    if len(words) == 3:
        left, operator, right = words
        if operator in ("=", "==", "!="):
            return (left == right) != (operator == "!=")
        order = {"-eq": (0,), "-ne": (-1, 1), "-lt": (-1,), "-le": (-1, 0), "-gt": (1,), "-ge": (0, 1)}
        if operator in order:
            try:
                return (int(left) > int(right)) - (int(left) < int(right)) in order[operator]
            except ValueError:
                raise Complaint(f"sh: {left}: bad number", 2) from None
        raise Complaint(f"sh: {operator}: unknown operand", 2)
    if len(words) == 2 and words[0] in ("-n", "-z"):
        return bool(words[1]) == (words[0] == "-n")
    if len(words) == 2 and words[0] in ("-e", "-f", "-d", "-x"):
        path = process.files.resolve(words[1], process.directory)
        files = process.files
        if words[0] == "-f":
            return files.exists(path) and not files.is_directory(path)
        return {"-e": files.exists, "-d": files.is_directory, "-x": files.is_program}[words[0]](path)
    return bool(words and words[0])


@complaining
async def seq(process: Process) -> int:
    words = process.arguments[1:]
    if not 1 <= len(words) <= 3 or any(not re.fullmatch(r"-?\d*\.?\d+", word) for word in words):
        raise usage("seq")
    if any("." in word for word in words):
        raise Complaint("seq: numbers with a fraction are not simulated")
    numbers = [int(word) for word in words]
    first, step, last = {1: (1, 1, *numbers), 2: (numbers[0], 1, numbers[-1]), 3: numbers}.get(len(numbers), (1, 1, 0))
    for value in range(first, last + (1 if step > 0 else -1), step):
        process.write(f"{value}\n")
        if value % DRAIN_EVERY == 0:
            await process.drain()
    return 0


@complaining
async def make_directory(process: Process) -> int:
    given, names = options(process, "p")
    if not names:
        raise usage("mkdir")
    for name in names:
        path = process.files.resolve(name, process.directory)
        missing = [path]
        while "p" in given and (parent := missing[-1].rpartition("/")[0]) and not process.files.exists(parent):
            missing.append(parent)
        try:
            for folder in reversed(missing):
                if "p" not in given or not process.files.exists(folder):
                    process.files.make_directory(folder)
        except OSError as error:
            raise Complaint(f"mkdir: can't create directory '{name}': {error.strerror}") from None
    return 0


@complaining
async def remove(process: Process) -> int:
    given, names = options(process, "frRi")
    if not names and "f" not in given:
        raise usage("rm")
    code = 0
    for name in names:
        path = process.files.resolve(name, process.directory)
        try:
            if process.files.is_directory(path) and given.keys() & {"r", "R"}:
                process.files.remove_tree(path)
            else:
                process.files.remove(path)
        except IsADirectoryError:
            process.complain(f"rm: '{name}' is a directory")
            code = 1
        except OSError as error:
            if "f" not in given or not isinstance(error, FileNotFoundError):
                process.complain(f"rm: can't remove '{name}': {error.strerror}")
                code = 1
    return code


@complaining
async def touch(process: Process) -> int:
    _, names = options(process, "c")
    for name in names:
        try:
            process.files.write(process.files.resolve(name, process.directory), b"", append=True)
        except OSError as error:
            raise Complaint(f"touch: {name}: {error.strerror}") from None
    return 0

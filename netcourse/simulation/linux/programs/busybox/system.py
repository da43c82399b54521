"""busybox programs about the system: hostname, id, env, sleep, true, false, uname and their like."""

from __future__ import annotations

from ipaddress import IPv4Address

from netcourse.simulation.linux import kernel
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, duration, options, usage
from netcourse.simulation.linux.resolver import NameNotFound, find_addresses

ENDLESS = 10**9


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
    words = {"s": kernel.NAME, "n": process.hostname, "r": kernel.RELEASE, "v": kernel.VERSION,
             "m": kernel.ARCHITECTURE, "o": "GNU/Linux"}
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


async def pwd(process: Process) -> int:
    process.write(f"{process.directory}\n")
    return 0

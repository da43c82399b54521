"""busybox programs about the system: hostname, id, env, sleep, true, false, uname and their like."""

from __future__ import annotations

from ipaddress import IPv4Address

from netcourse.simulation.linux import kernel
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import (
    Complaint,
    complaining,
    duration,
    name_of,
    options,
    usage,
)
from netcourse.simulation.linux.resolver import NameNotFound, NoAnswer, find_host

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
    if not given.keys() & {"d", "f", "i"}:
        process.write(f"{process.hostname.partition('.')[0] if 's' in given else process.hostname}\n")
        return 0
    name, addresses = await _own_host(process)
    if "f" in given:
        process.write(f"{name}\n")
    elif "s" in given:
        process.write(f"{name.partition('.')[0]}\n")
    elif "d" in given:
        _write_domain(process, name)
    else:
        process.write(" ".join(str(ip) for ip in addresses) + "\n")
    return 0


def _write_domain(process: Process, name: str) -> None:
    domain = name.partition(".")[2]
    process.write(f"{domain}\n" if domain else "")


async def _own_host(process: Process) -> tuple[str, list[IPv4Address]]:
    """Raises Complaint."""
    try:
        return await find_host(process, process.hostname)
    except NoAnswer:
        reason = "Host name lookup failure"
    except NameNotFound:
        reason = "Unknown host"
    raise Complaint(f"{name_of(process)}: {process.hostname}: {reason}")


@complaining
async def dnsdomainname(process: Process) -> int:
    _write_domain(process, (await _own_host(process))[0])
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
             "m": kernel.ARCHITECTURE, "p": "unknown", "i": "unknown", "o": "GNU/Linux"}
    asked = "snrvmo" if "a" in given else given or "s"
    chosen = [letter for letter in words if letter in asked]
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

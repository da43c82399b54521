"""busybox programs about how busy the machine is: free, nproc, uptime (procps/)."""

from __future__ import annotations

from datetime import UTC, datetime

from netcourse.simulation.linux import kernel
from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.kernel_files.machine import LOAD, memory
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import complaining, number, options, usage
from netcourse.simulation.linux.programs.busybox.sizes import readable

_KIB = 1024
_UNITS = {"b": 1, "k": _KIB, "m": _KIB ** 2, "g": _KIB ** 3}
_MOST = 2**31 - 1
_MINUTES_OF_HOUR, _MINUTES_OF_DAY = 60, 24 * 60


@complaining
async def free(process: Process) -> int:
    words = process.arguments[1:]
    given = words[0][1:2] if words and words[0].startswith("-") else ""
    if given and given not in "bkmgh":
        raise usage("free")
    known = memory()
    cached = known["Buffers"] + known["Cached"] + known["SReclaimable"]
    used = known["MemTotal"] - known["MemFree"] - cached
    amounts = (known["MemTotal"], used, known["MemFree"], known["Shmem"], cached, known["MemAvailable"])
    unit = next((_UNITS[letter] for letter in given if letter in _UNITS), _KIB)
    numbers = [readable(amount * _KIB) if "h" in given else str((amount * _KIB + unit // 2) // unit)
               for amount in amounts]
    titles = ("total", "used", "free", "shared", "buff/cache", "available")
    process.write(f"{'':7}{''.join(f'{title:>12}' for title in titles)}\n")
    process.write(f"{'Mem:':7}{''.join(f'{amount:>12}' for amount in numbers)}\n")
    process.write(f"{'Swap:':7}{''.join(f'{0:>12}' for _ in range(3))}\n")
    return 0


@complaining
async def nproc(process: Process) -> int:
    given, _ = options(process, "", "all", "ignore=")
    ignored = number(process, given.get("ignore", "0"), 0, _MOST)
    process.write(f"{max(1, kernel.PROCESSORS - ignored)}\n")
    return 0


@complaining
async def uptime(process: Process) -> int:
    """Nobody is logged in to a container."""
    machine = process.machine
    minutes = (machine.clock.now - machine.booted) // SECOND // 60
    days, hours = minutes // _MINUTES_OF_DAY, minutes // _MINUTES_OF_HOUR % 24
    shown = f"{days} day{'' if days == 1 else 's'}, " if days else ""
    shown += f"{hours:2}:{minutes % 60:02}" if hours else f"{minutes % 60} min"
    now = datetime.fromtimestamp(machine.clock.now // SECOND, UTC)
    process.write(f" {now:%H:%M:%S} up {shown},  0 users,  load average: {', '.join(LOAD.split())}\n")
    return 0

"""The programs that busybox has and the simulation hasn't: each is there, and says that it isn't simulated."""

from __future__ import annotations

import json
from importlib import resources

from netcourse.simulation.linux.process import Process

NOT_SIMULATED = 127


def names() -> list[str]:
    """All that ``busybox --list`` prints."""
    found: list[str] = json.loads(resources.files(__package__).joinpath("names.json").read_text())
    return found


async def unsimulated(process: Process) -> int:
    process.complain(f"{process.arguments[0].rpartition('/')[2]}: not simulated by netcourse")
    return NOT_SIMULATED

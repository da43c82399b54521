"""Signals by name and number, as ``docker kill`` takes them (moby/sys signal, ParseSignal)."""

from __future__ import annotations

from netcourse.simulation.docker.errors import bad_request
from netcourse.simulation.linux.signals import NAMES

FIRST_REAL_TIME, LAST_REAL_TIME = 34, 64
_REAL_TIME_MIDDLE = 49


def _numbers() -> dict[str, int]:
    """Every name without its SIG."""
    found = {name: number for number, name in NAMES.items()} | {"CLD": 17, "IOT": 6, "POLL": 29}
    for number in range(FIRST_REAL_TIME, LAST_REAL_TIME + 1):
        below = number <= _REAL_TIME_MIDDLE
        base, distance = ("RTMIN", number - FIRST_REAL_TIME) if below else ("RTMAX", number - LAST_REAL_TIME)
        found[f"{base}{distance:+d}" if distance else base] = number
    return found


NUMBERS = _numbers()


def signal_number(text: str) -> int:
    """Raises EngineError for what is no signal, or none of Linux."""
    number = int(text) if text.lstrip("+-").isdecimal() else NUMBERS.get(text.upper().removeprefix("SIG"), 0)
    if not number:
        raise bad_request(f"invalid signal: {text}")
    if number not in NUMBERS.values():
        raise bad_request(f"the linux daemon does not support signal {number}")
    return number

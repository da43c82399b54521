"""Times as dockerd writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from netcourse.simulation.linux.clock import SECOND

ZERO_TIME = "0001-01-01T00:00:00Z"


def timestamp_text(nanoseconds: int, *, all_digits: bool = False) -> str:
    """RFC 3339 with nanoseconds, as Go prints it; no time at all is the year 1. Logs have ``all_digits``."""
    if not nanoseconds:
        return ZERO_TIME
    seconds, rest = divmod(nanoseconds, 10**9)
    fraction = f".{rest:09d}"
    fraction = fraction if all_digits else fraction.rstrip("0").rstrip(".")
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def duration_as_go(nanoseconds: int) -> str:
    """Go's Duration.String: "1m30s", "1.5s", "200ms"."""
    if nanoseconds < SECOND:
        unit, name = next((part for part in ((10**6, "ms"), (10**3, "µs")) if nanoseconds >= part[0]),
                          (1, "ns" if nanoseconds else "s"))
        return f"{_decimal(nanoseconds, unit)}{name}"
    minutes, rest = divmod(nanoseconds, 60 * SECOND)
    hours, minutes = divmod(minutes, 60)
    before = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{before}{_decimal(rest, SECOND)}s"


def _decimal(number: int, unit: int) -> str:
    whole, rest = divmod(number, unit)
    return f"{whole}.{rest:0{len(str(unit)) - 1}d}".rstrip("0").rstrip(".")

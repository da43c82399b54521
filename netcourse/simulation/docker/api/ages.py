"""Until when something must have been made to be pruned: an age, or a time (moby api/types/time, GetTimestamp)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from netcourse.simulation.docker.errors import EngineError, bad_request
from netcourse.simulation.linux.clock import MICROSECOND, MILLISECOND, SECOND

_UNITS = {"ns": 1, "us": MICROSECOND, "µs": MICROSECOND, "ms": MILLISECOND, "s": SECOND, "m": 60 * SECOND,
          "h": 3600 * SECOND}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")
_DURATION = re.compile(rf"(?P<sign>[+-]?)(?P<parts>(?:{_PART.pattern})+)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}(:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)?)?"
                   r"(Z|[+-][0-9]{2}:[0-9]{2})?")


def moment_of(text: str, now: int) -> int:
    """Nanoseconds since the epoch, for "1h30m" (so long before ``now``), a date, or seconds. Raises EngineError."""
    duration = _DURATION.fullmatch(text)
    if duration is not None:
        length = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(duration["parts"]))
        # dockerd counts whole seconds here
        return (now - round(-length if duration["sign"] == "-" else length)) // SECOND * SECOND
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return round(float(text) * SECOND)
    if not _DATE.fullmatch(text):
        raise bad_request(f'failed to parse value as time or duration: "{text}"')
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise _out_of_range(text, str(error)) from None
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()) * SECOND


def _out_of_range(text: str, complaint: str) -> EngineError:
    part = next((part for part in ("month", "day", "hour", "minute", "second") if part in complaint), "time")
    return bad_request(f'parsing time "{text}": {part} out of range')

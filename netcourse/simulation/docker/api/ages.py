"""``until`` filters of the prune verbs: what is older than a moment (moby api/types/time, GetTimestamp)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from netcourse.simulation.docker.api.filters import Filters
from netcourse.simulation.docker.api.numbers import moment
from netcourse.simulation.docker.errors import EngineError, bad_request, not_simulated
from netcourse.simulation.linux.clock import SECOND

_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": SECOND, "m": 60 * SECOND,
          "h": 3600 * SECOND}
_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_DURATION = re.compile(rf"([+-]?)((?:{_PART.pattern})+)")


def youngest_to_prune(filters: Filters, now: int) -> int | None:
    """The moment up to which things may have been created, in nanoseconds since the epoch; None for any.

    Raises EngineError.
    """
    wanted = filters.get("until", [])
    if len(wanted) > 1:
        raise bad_request("more than one until filter specified")
    return _moment(wanted[0], now) if wanted else None


def _moment(text: str, now: int) -> int:
    duration = _DURATION.fullmatch(text)
    if duration is not None:
        length = sum(round(float(number) * _UNITS[unit]) for number, unit in _PART.findall(duration[2]))
        # dockerd counts whole seconds here
        return (now + length if duration[1] == "-" else now - length) // SECOND * SECOND
    if "-" in text:
        return _date(text)
    try:
        found = moment(text)
    except EngineError:
        found = None
    if found is None:
        raise bad_request(f'failed to parse value as time or duration: "{text}"')
    return found


def _date(text: str) -> int:
    """Where no zone is named it is the engine's, which is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise not_simulated(f"the date {text}") from None
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * SECOND)

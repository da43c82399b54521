"""Times as dockerd writes them."""

from __future__ import annotations

from datetime import UTC, datetime

ZERO_TIME = "0001-01-01T00:00:00Z"


def timestamp_text(nanoseconds: int, *, all_digits: bool = False) -> str:
    """RFC 3339 with nanoseconds, as Go prints it; no time at all is the year 1. Logs have ``all_digits``."""
    if not nanoseconds:
        return ZERO_TIME
    seconds, rest = divmod(nanoseconds, 10**9)
    fraction = f".{rest:09d}"
    fraction = fraction if all_digits else fraction.rstrip("0").rstrip(".")
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"

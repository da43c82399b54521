"""Sizes as people read them (libbb/human_readable.c)."""

from __future__ import annotations

_UNITS = "KMGT"


def readable(size: int) -> str:
    """Bytes with one decimal and a unit."""
    if size < 1024:
        return str(size)
    value, unit = float(size), -1
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f}{_UNITS[unit]}"

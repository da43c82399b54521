"""Numbers and moments in a query, as dockerd reads them: with Go's strconv, and refused in its words."""

from __future__ import annotations

import re

from netcourse.simulation.docker.errors import bad_request, failed
from netcourse.simulation.linux.clock import SECOND

_SIGNED, _UNSIGNED = re.compile(r"[+-]?[0-9]+"), re.compile(r"[0-9]+")
_INT64 = range(-(1 << 63), 1 << 63)
_UINT32 = range(1 << 32)
_SYNTAX, _RANGE = "invalid syntax", "value out of range"


def whole_number(text: str, function: str = "Atoi") -> int:
    """``function`` is the one of Go's that dockerd uses here, and that its message names. Raises EngineError."""
    if not _SIGNED.fullmatch(text):
        raise failed(f'strconv.{function}: parsing "{text}": {_SYNTAX}')
    # the longest int64 has 19 digits; Python refuses to read thousands
    digits = text.lstrip("+-").lstrip("0")
    if len(digits) > 19 or int(text) not in _INT64:
        raise failed(f'strconv.{function}: parsing "{text}": {_RANGE}')
    return int(text)


def size_of_terminal(height: str, width: str) -> tuple[int, int]:
    """Raises EngineError (moby daemon/server/httputils, Uint32Value)."""
    return _unsigned("height", height), _unsigned("width", width)


def _unsigned(name: str, text: str) -> int:
    """A negative number is a number, but not one in range."""
    digits = text.removeprefix("-")
    if not _UNSIGNED.fullmatch(digits):
        raise bad_request(f'invalid resize {name} "{text}": {_SYNTAX}')
    if text != digits or len(digits.lstrip("0")) > 10 or int(digits) not in _UINT32:
        raise bad_request(f'invalid resize {name} "{text}": {_RANGE}')
    return int(digits)


def moment(text: str) -> int | None:
    """Seconds since the epoch, maybe with a fraction, as nanoseconds; None for no time.

    Raises EngineError (moby api/types/time, ParseTimestamps).
    """
    if not text:
        return None
    seconds, point, fraction = text.partition(".")
    found = whole_number(seconds, "ParseInt") * SECOND
    return found + whole_number(fraction, "ParseInt") * SECOND // 10**len(fraction) if point else found

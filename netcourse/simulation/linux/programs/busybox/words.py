"""busybox programs that make words of words: basename, dirname, date, seq (coreutils/)."""

from __future__ import annotations

import posixpath
import re
from datetime import UTC, datetime, timedelta

from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, options, refuse, usage

DRAIN_EVERY = 1000
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(:(?P<second>\d{1,2}))?"
_DATES = [re.compile(form) for form in (
    _TIME, rf"((?P<year>\d+)\.)?(?P<month>\d{{1,2}})\.(?P<day>\d{{1,2}})-{_TIME}",
    rf"(?P<year>\d+)-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}})( {_TIME})?",
    r"(((((?P<year>\d{2}|\d{4}))?(?P<month>\d\d))?(?P<day>\d\d))?(?P<hour>\d\d))?(?P<minute>\d\d)"
    r"(\.(?P<second>\d\d))?")]
_NUMBER = re.compile(r"-?\d*\.?\d+")


@complaining
async def basename(process: Process) -> int:
    words = process.arguments[1:]
    if not 1 <= len(words) <= 2:
        raise usage("basename")
    name = posixpath.basename(words[0].rstrip("/")) or words[0][:1]
    end = words[1] if len(words) > 1 else ""
    process.write((name.removesuffix(end) or name) + "\n")
    return 0


@complaining
async def dirname(process: Process) -> int:
    words = process.arguments[1:]
    if len(words) != 1:
        raise usage("dirname")
    process.write((posixpath.dirname(words[0].rstrip("/")) or ("/" if words[0].startswith("/") else ".")) + "\n")
    return 0


@complaining
async def date(process: Process) -> int:
    """In UTC, as a container without a time zone has it."""
    given, words = options(process, "uRIs:d:r:D:")
    refuse(process, given, "sDrI")
    if words and not words[0].startswith("+"):
        raise Complaint(f"date: invalid date '{words[0]}'")
    now = datetime.fromtimestamp(process.machine.clock.now // SECOND, UTC)
    moment = _moment(given["d"], now) if "d" in given else now
    form = "%a, %d %b %Y %H:%M:%S +0000" if "R" in given else "%a %b %e %H:%M:%S UTC %Y"
    form = words[0][1:] if words else form
    form = form.replace("%s", str(int(moment.timestamp()))).replace("%e", f"{moment.day:2}")
    form = form.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S").replace("%R", "%H:%M").replace("%D", "%m/%d/%y")
    process.write(moment.strftime(form) + "\n")
    return 0


def _moment(text: str, now: datetime) -> datetime:
    """Raises Complaint. A day that the month doesn't have is one of the next (mktime(3))."""
    if re.fullmatch(r"@\d+", text):
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(text[1:]))
    found = next((match for form in _DATES if (match := form.fullmatch(text))), None)
    if found is None:
        raise Complaint(f"date: invalid date '{text}'")
    given = {name: int(value) for name, value in found.groupdict().items() if value is not None}
    given |= {"year": given["year"] + 2000} if given.get("year", 100) < 100 else {}
    units = ("year", "month", "day", "hour", "minute", "second")
    first = next((unit for unit in units if unit in given), "second")
    whole = {unit: given.get(unit, getattr(now, unit) if units.index(unit) < units.index(first) else 0)
             for unit in units}
    if not (1 <= whole["month"] <= 12 and whole["day"] <= 31 and whole["hour"] <= 24 and whole["minute"] <= 59):
        raise Complaint(f"date: invalid date '{text}'")
    return datetime(whole["year"], whole["month"], 1, tzinfo=UTC) + timedelta(
        days=whole["day"] - 1, hours=whole["hour"], minutes=whole["minute"], seconds=whole["second"])


@complaining
async def seq(process: Process) -> int:
    # a negative number is no option
    words = process.arguments[1:]
    at = next((place for place, word in enumerate(words) if _NUMBER.fullmatch(word)
               and (place == 0 or words[place - 1] != "-s")), len(words))
    numbers, process.arguments = words[at:], [process.arguments[0], *words[:at]]
    given, rest = options(process, "ws:")
    if rest or not 1 <= len(numbers) <= 3 or any(not _NUMBER.fullmatch(word) for word in numbers):
        raise usage("seq")
    digits = max(len(word.partition(".")[2]) for word in ([*numbers[:2]] if len(numbers) > 2 else numbers[:1]))
    scale = 10 ** max(len(word.partition(".")[2]) for word in numbers)
    values = [round(float(word) * scale) for word in numbers]
    first, step, last = {1: (scale, scale, *values), 2: (values[0], scale, values[-1])}.get(len(values), tuple(values))
    await _count(process, first, step, last, [scale, digits], given)
    return 0


async def _count(process: Process, first: int, step: int, last: int, shape: list[int], given: dict[str, str]) -> None:
    scale, digits = shape
    width = max(len(f"{value / scale:.{digits}f}") for value in (first, last)) if "w" in given else 0
    separator, value, is_first = given.get("s", "\n"), first, True
    while value <= last if step >= 0 else value >= last:
        text = f"{value / scale:0{width}.{digits}f}" if digits or width else str(value // scale)
        process.write(text if is_first else separator + text)
        is_first, value = False, value + step
        if (value - first) % (DRAIN_EVERY * (step or 1)) == 0:
            await process.drain()
    process.write("" if is_first else "\n")

"""busybox programs that make words of words: basename, dirname, date, seq (coreutils/)."""

from __future__ import annotations

import posixpath
import re
from datetime import UTC, datetime, timedelta

from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, options, refuse, usage

DRAIN_EVERY = 1000
_DATES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")
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
    moment = _moment(given["d"]) if "d" in given else datetime.fromtimestamp(
        process.machine.clock.now // SECOND, UTC)
    form = "%a, %d %b %Y %H:%M:%S +0000" if "R" in given else "%a %b %e %H:%M:%S UTC %Y"
    form = words[0][1:] if words else form
    form = form.replace("%s", str(int(moment.timestamp()))).replace("%e", f"{moment.day:2}").replace("%N", "000000000")
    form = form.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S").replace("%R", "%H:%M").replace("%D", "%m/%d/%y")
    process.write(moment.strftime(form) + "\n")
    return 0


def _moment(text: str) -> datetime:
    """Raises Complaint."""
    if re.fullmatch(r"@\d+", text):
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(text[1:]))
    for form in _DATES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise Complaint(f"date: invalid date '{text}'")


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

"""busybox sort (coreutils/sort.c)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.inputs import lines_of, read_all
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, option_list

_KEY = re.compile(r"(\d+)(?:\.(\d+))?([a-zA-Z]*)(?:,(\d+)(?:\.(\d+))?([a-zA-Z]*))?")
_UNITS = " KMGTPEZY"
_KINDS = "nghVM"


@dataclass(frozen=True)
class _Key:
    """From one field and character to another; 0 stands for "to the end"."""

    first: int = 1
    first_character: int = 0
    last: int = 0
    flags: str = ""

    @classmethod
    def parse(cls, text: str) -> _Key:
        match = _KEY.fullmatch(text)
        if match is None or match[1] == "0":
            raise Complaint("sort: bad field specification" if match is None else "sort: unknown key option")
        if match[5]:
            raise Complaint("sort: a key that ends at a character is not simulated by netcourse")
        return cls(int(match[1]), int(match[2] or 0), int(match[4] or 0), match[3] + (match[6] or ""))

    def of(self, line: str, separator: str) -> str:
        pieces = re.split(re.escape(separator), line) if separator else re.findall(r"\s*\S+", line)
        glue = separator
        start = pieces[self.first - 1:]
        if self.last:
            start = pieces[self.first - 1:self.last]
        text = glue.join(start)
        if self.first_character:
            text = (text.lstrip() if not separator else text)[self.first_character - 1:]
        return text.lstrip() if "b" in self.flags else text


@complaining
async def sort(process: Process) -> int:
    found, names = option_list(process, "nghMucszbrdfimS:T:o:k:t:V")
    given = dict(found)
    unsimulated = given.keys() & set("zimM")
    if unsimulated:
        raise Complaint(f"sort: -{min(unsimulated)} is not simulated by netcourse")
    inputs, code = await read_all(process, names, verb="")
    if code:
        return code
    lines = [line for _, data in inputs for line in lines_of(data)]
    compare = _comparison([_Key.parse(value) for letter, value in found if letter == "k"], given)
    if "c" in given:
        return _check(process, lines, compare, strictly="u" in given)
    whole = "s" not in given and "u" not in given

    def order(left: str, right: str) -> int:
        return compare(left, right) or (_whole(left, right, given) if whole else 0)

    ordered = sorted(lines, key=cmp_to_key(order))
    text = "".join(f"{line}\n" for line in (_once(ordered, compare) if "u" in given else ordered))
    if "o" in given:
        process.files.write(process.files.resolve(given["o"], process.directory), text.encode())
    else:
        process.write(text)
    return 0


def _whole(left: str, right: str, given: dict[str, str]) -> int:
    """Lines that are equal by their keys are in the order of the whole line."""
    order = (left > right) - (left < right)
    return -order if "r" in given else order


def _once(lines: Iterable[str], compare: Callable[[str, str], int]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if not kept or compare(kept[-1], line):
            kept.append(line)
    return kept


def _check(process: Process, lines: list[str], compare: Callable[[str, str], int], *, strictly: bool) -> int:
    for place, (one, other) in enumerate(pairwise(lines), 1):
        order = compare(one, other)
        if order > 0 or (strictly and order == 0):
            process.complain(f"Check line {place}")
            return 1
    return 0


def _comparison(keys: list[_Key], given: dict[str, str]) -> Callable[[str, str], int]:
    general = "".join(letter for letter in given if letter in _KINDS + "bdfr")
    chosen = keys or [_Key(flags="")]

    def compare(left: str, right: str) -> int:
        for key in chosen:
            flags = key.flags or general
            one, other = (_value(key.of(line, given.get("t", "")) if keys else line, flags) for line in (left, right))
            if one != other:
                return (1 if one > other else -1) * (-1 if "r" in flags else 1)
        return 0

    return compare


def _value(text: str, flags: str) -> Any:
    text = text.lstrip() if "b" in flags else text
    if "n" in flags or "g" in flags:
        match = re.match(r"\s*(-?\d*\.?\d+)", text)
        return float(match[1]) if match else 0.0
    if "h" in flags:
        match = re.match(r"\s*(-?\d*\.?\d+)([KMGTPEZY]?)", text)
        return (_UNITS.index(match[2] or " "), float(match[1])) if match else (0, 0.0)
    if "V" in flags:
        return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in re.findall(r"\d+|\D+", text)]
    if "d" in flags:
        text = re.sub(r"[^\w\s]|_", "", text)
    return text.upper() if "f" in flags else text

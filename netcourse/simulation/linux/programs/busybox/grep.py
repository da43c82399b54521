"""busybox grep, egrep and fgrep (findutils/grep.c)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox import expressions
from netcourse.simulation.linux.programs.busybox.inputs import STANDARD_INPUT, Input, lines_of, read_all
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, number, option_list, usage

LARGEST_NUMBER = 2**31 - 1
WRONG = 2
_CONTEXT = "ABC"


@dataclass(frozen=True)
class _Search:
    """What to look for and how to tell it; ``before`` and ``after`` are lines of context."""

    process: Process
    given: dict[str, str]
    pattern: re.Pattern[str] | None
    before: int
    after: int
    most: int

    def finds(self, line: str) -> bool:
        return (self.pattern is not None and self.pattern.search(line) is not None) != ("v" in self.given)


@complaining
async def grep(process: Process) -> int:
    return await _grep(process, "")


@complaining
async def egrep(process: Process) -> int:
    return await _grep(process, "E")


@complaining
async def fgrep(process: Process) -> int:
    return await _grep(process, "F")


async def _grep(process: Process, kind: str) -> int:
    found, rest = option_list(process, "lnqvscFiHhe:f:LorRm:wxA:B:C:EaIy", code=WRONG)
    given = dict(found) | ({kind: ""} if kind else {})
    texts = [value for letter, value in found if letter == "e"]
    texts += await _listed(process, [value for letter, value in found if letter == "f"])
    if not given.keys() & {"e", "f"}:
        if not rest:
            raise usage("grep", code=WRONG)
        texts = [rest.pop(0)]
    context = {letter: number(process, given[letter], 0, LARGEST_NUMBER) for letter in _CONTEXT if letter in given}
    both = context.get("C", 0)
    search = _Search(process, given, _pattern(given, [line for text in texts for line in text.split("\n")]),
                     context.get("B", both), context.get("A", both),
                     number(process, given["m"], 0, LARGEST_NUMBER) if "m" in given else LARGEST_NUMBER)
    inputs, failed = await _inputs(process, given, rest)
    is_tree = bool(given.keys() & {"r", "R"}) and [name for name, _ in inputs] != rest
    named = (len(rest) > 1 or is_tree or "H" in given) and "h" not in given
    matched = [_search_one(search, name, data, prefix=name if named else "") for name, data in inputs]
    if "q" in given and any(matched):
        return 0
    return WRONG if failed else int(not any(matched))


async def _listed(process: Process, names: list[str]) -> list[str]:
    """The patterns that files hold, one a line."""
    texts: list[str] = []
    if names:
        found, failed = await read_all(process, names, verb="")
        if failed:
            raise Complaint("", WRONG)
        texts = [line for _, data in found for line in lines_of(data)]
    return texts


def _pattern(given: dict[str, str], texts: list[str]) -> re.Pattern[str] | None:
    if not texts:
        return None
    parts = [re.escape(text) if "F" in given else _translated(text, extended="E" in given) for text in texts]
    whole = "|".join(f"(?:{part})" for part in parts) if len(parts) > 1 else parts[0]
    if "w" in given:
        whole = rf"(?<!\w)(?:{whole})(?!\w)"
    if "x" in given:
        whole = rf"^(?:{whole})\Z"
    try:
        return re.compile(whole, re.IGNORECASE if given.keys() & {"i", "y"} else 0)
    except re.error:
        raise Complaint(f"grep: bad regex '{texts[0]}'", WRONG) from None


def _translated(text: str, *, extended: bool) -> str:
    try:
        translated = expressions.translated(text, extended=extended)
        re.compile(translated)
    except re.error:
        raise Complaint(f"grep: bad regex '{text}'", WRONG) from None
    return translated


async def _inputs(process: Process, given: dict[str, str], names: list[str]) -> tuple[list[Input], int]:
    """What there is to search, a folder's files only where asked for; and whether something couldn't be read."""
    recursive = bool(given.keys() & {"r", "R"})
    names = names or ([".", ] if recursive else [])
    is_folder = {name: process.files.is_directory(process.files.resolve(name, process.directory)) for name in names}
    wanted = [inner for name in names for inner in (
        _below(process, name) if is_folder[name] and recursive else [] if is_folder[name] else [name])]
    if names and not wanted:
        return [], 0
    return await read_all(process, wanted, verb="", quiet="s" in given)


def _below(process: Process, folder: str) -> Iterator[str]:
    for name in process.files.list(process.files.resolve(folder, process.directory)):
        inner = f"{folder.rstrip('/')}/{name}"
        if process.files.is_directory(process.files.resolve(inner, process.directory)):
            yield from _below(process, inner)
        else:
            yield inner


def _search_one(search: _Search, name: str, data: bytes, *, prefix: str) -> bool:
    """Whether something was found, or, with -L, that there is nothing."""
    lines, given = lines_of(data), search.given
    hits = [place for place, line in enumerate(lines) if search.finds(line)][:search.most]
    write = search.process.write
    shown = STANDARD_INPUT if name == "-" else name
    if "q" in given:
        return bool(hits)
    if "L" in given:
        write("" if hits else f"{shown}\n")
        return not hits
    if "l" in given:
        write(f"{shown}\n" if hits else "")
    elif "c" in given:
        write((f"{prefix}:" if prefix else "") + f"{len(hits)}\n")
    else:
        _print(search, lines, hits, prefix)
    return bool(hits)


def _print(search: _Search, lines: list[str], hits: list[int], prefix: str) -> None:
    given, last = search.given, -1
    chosen = set(hits)
    wanted = sorted({place for hit in hits for place in
                     range(max(0, hit - search.before), min(len(lines), hit + search.after + 1))})
    for place in wanted:
        sign = ":" if place in chosen else "-"
        if last >= 0 and place > last + 1 and (search.before or search.after):
            search.process.write("--\n")
        last = place
        start = (f"{prefix}{sign}" if prefix else "") + (f"{place + 1}{sign}" if "n" in given else "")
        for text in _parts(search, lines[place]) if "o" in given else [lines[place]]:
            search.process.write(f"{start}{text}\n")


def _parts(search: _Search, line: str) -> list[str]:
    if search.pattern is None or "v" in search.given:
        return []
    return [match[0] for match in search.pattern.finditer(line) if match[0]]

"""busybox programs that take lines apart and put them together: cut, tr, uniq, tee."""

from __future__ import annotations

import itertools
import os
import re

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.inputs import lines_of, read_all
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, number, options, usage

Ranges = list[tuple[int, int]]
_CLASSES = {"[:lower:]": "a-z", "[:upper:]": "A-Z", "[:digit:]": "0-9", "[:alpha:]": "A-Za-z", "[:space:]": " \t-\r"}

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


@complaining
async def cut(process: Process) -> int:
    given, names = options(process, "b:c:f:d:sn")
    chosen = [letter for letter in "bcf" if letter in given]
    if not chosen:
        raise usage("cut")
    ranges = _ranges(given[chosen[0]])
    found, code = await read_all(process, names, verb="")
    for _, data in found:
        for line in lines_of(data):
            if chosen[0] == "f":
                _cut_fields(process, line, ranges, given)
            else:
                process.write("".join(_chosen(list(line), ranges)) + "\n")
    return code


def _cut_fields(process: Process, line: str, ranges: Ranges, given: dict[str, str]) -> None:
    separator = given.get("d", "\t") or "\0"
    if separator in line:
        process.write(separator.join(_chosen(line.split(separator), ranges)) + "\n")
    elif "s" not in given:
        process.write(line + "\n")


def _ranges(text: str) -> Ranges:
    ranges = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d*)(-?)(\d*)", part)
        if match is None or not part.strip("-") or "0" in (match[1], match[3]):
            raise Complaint(f"cut: invalid range {part}")
        first = int(match[1] or 1)
        last = int(match[3] or 2**31) if match[2] else first
        if last < first:
            raise Complaint(f"cut: invalid range {part}")
        ranges.append((first, last))
    return ranges


def _chosen(pieces: list[str], ranges: Ranges) -> list[str]:
    return [piece for place, piece in enumerate(pieces, 1) if any(low <= place <= high for low, high in ranges)]


@complaining
async def tr(process: Process) -> int:
    given, sets = options(process, "cdsC")
    if not sets:
        raise usage("tr")
    first = _characters(sets[0])
    if given.keys() & {"c", "C"}:
        first = "".join(chr(code) for code in range(256) if chr(code) not in first)
    second = _characters(sets[1]) if len(sets) > 1 else ""
    table = dict(zip(first, second.ljust(len(first), second[-1:] or " "), strict=False)) if second else {}
    squeezed = set((second or first) if "s" in given else "")
    while data := await process.stdin.read():
        text = "".join(table.get(c, c) for c in data.decode("latin-1") if "d" not in given or c not in first)
        groups = itertools.groupby(text) if squeezed else ()
        text = "".join(c if c in squeezed else c * len(list(run)) for c, run in groups) if squeezed else text
        process.stdout.write(text.encode("latin-1", "replace"))
        await process.drain()
    return 0


def _characters(text: str) -> str:
    for name, characters in _CLASSES.items():
        text = text.replace(name, characters)
    text = re.sub(r"\\([0-7]{1,3}|.)", lambda m: _ESCAPES.get(m[1]) or (chr(int(m[1], 8)) if m[1].isdigit() else m[1]),
                  text)
    return re.sub("(.)-(.)", lambda m: "".join(chr(c) for c in range(ord(m[1]), ord(m[2]) + 1)), text, flags=re.DOTALL)


@complaining
async def uniq(process: Process) -> int:
    given, names = options(process, "cduf:s:w:i")
    found, code = await read_all(process, names[:1])
    lines = [line for _, data in found for line in lines_of(data)]
    skipped, ignored = (number(process, given.get(letter, "0"), 0, 2**31 - 1) for letter in "fs")
    width = number(process, given["w"], 0, 2**31 - 1) if "w" in given else None

    def compared(line: str) -> str:
        rest = re.sub(rf"^(?:\s*\S+){{0,{skipped}}}", "", line)[ignored:][:width]
        return rest.lower() if "i" in given else rest

    for _, run in itertools.groupby(lines, key=compared):
        same = list(run)
        if ("d" in given and len(same) == 1) or ("u" in given and len(same) > 1):
            continue
        process.write((f"{len(same):7d} " if "c" in given else "") + same[0] + "\n")
    return code


@complaining
async def tee(process: Process) -> int:
    given, names = options(process, "ai")
    code, paths = 0, dict[str, str]()
    for name in names:
        path = process.files.resolve(name, process.directory)
        try:
            process.files.write(path, b"", append="a" in given)
            paths[name] = path
        except OSError as error:
            process.complain(f"tee: {name}: {os.strerror(error.errno or 0)}")
            code = 1
    while data := await process.stdin.read():
        process.stdout.write(data)
        for name, path in list(paths.items()):
            try:
                process.files.write(path, data, append=True)
            except OSError:
                process.complain(f"tee: {name}: I/O error")
                code = 1
                del paths[name]
        await process.drain()
    return code

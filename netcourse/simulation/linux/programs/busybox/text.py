"""busybox programs that read, cut and count text: cat, echo, grep, head, tail, wc, sort, ls and their like."""

from __future__ import annotations

import re

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.inputs import STANDARD_INPUT, read_all
from netcourse.simulation.linux.programs.busybox.options import (
    Complaint,
    complaining,
    duration,
    number,
    options,
    refuse,
)

BLOCK = 4096


@complaining
async def cat(process: Process) -> int:
    given, names = options(process, "nbvteAu")
    if not names and not given:
        while data := await process.stdin.read():
            process.stdout.write(data)
            await process.drain()
        return 0
    found, code = await read_all(process, names)
    content = b"".join(data for _, data in found)
    process.stdout.write(_shown(content, given) if given.keys() - {"u"} else content)
    return code


def _shown(content: bytes, given: dict[str, str]) -> bytes:
    """With numbers before the lines and signs for what can't be seen."""
    visible, ends, tabs = given.keys() & set("vetA"), given.keys() & {"e", "A"}, given.keys() & {"t", "A"}
    text, number = b"", 0
    for line in re.findall(rb"[^\n]*\n|[^\n]+", content):
        body, newline = (line[:-1], b"\n") if line.endswith(b"\n") else (line, b"")
        is_counted = "n" in given or ("b" in given and bool(body))
        number += is_counted
        start = b"%6d\t" % number if is_counted else b""
        body = b"".join(_visible(byte, tabs=bool(tabs)) for byte in body) if visible else body
        text += start + body + (b"$" if ends and newline else b"") + newline
    return text


def _visible(byte: int, *, tabs: bool) -> bytes:
    """^X for a control character, M-x for one with the highest bit."""
    if byte >= 128:
        return b"M-" + _visible(byte - 128, tabs=True)
    if byte < 32 and (byte != 9 or tabs):
        return b"^" + bytes([byte + 64])
    return b"^?" if byte == 127 else bytes([byte])


@complaining
async def echo(process: Process) -> int:
    words = process.arguments[1:]
    newline, escapes = "\n", False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        newline = "" if "n" in words[0] else newline
        escapes = "e" in words[0] or escapes
        words = words[1:]
    text = " ".join(words)
    if escapes:
        text, stop, _ = text.partition("\\c")
        newline = "" if stop else newline
    process.write((_unescape(text) if escapes else text) + newline)
    return 0


ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}


def _unescape(text: str) -> str:
    def meaning(match: re.Match[str]) -> str:
        kind = match[1]
        if kind in ESCAPES:
            return ESCAPES[kind]
        return chr(int(kind[1:], 16) if kind[0] == "x" else int(kind, 8) & 0xFF)

    return re.sub(r"\\(x[0-9a-fA-F]{1,2}|0?[0-7]{1,3}|[abefnrtv\\])", meaning, text)


@complaining
async def yes(process: Process) -> int:
    line = " ".join(process.arguments[1:]) or "y"
    block = f"{line}\n" * max(1, BLOCK // (len(line) + 1))
    while True:
        process.write(block)
        await process.drain()


@complaining
async def head(process: Process) -> int:
    return await _ends(process, first=True)


@complaining
async def tail(process: Process) -> int:
    return await _ends(process, first=False)


async def _ends(process: Process, *, first: bool) -> int:
    # head -3 is head -n 3; in head -n -3 the number is an argument
    process.arguments = [word if before in ("-n", "-c") else re.sub(r"^-(\d+)$", r"-n\1", word)
                         for before, word in zip(["", *process.arguments], process.arguments, strict=False)]
    if not first:
        process.arguments[1:2] = [re.sub(r"^\+(\d+)$", r"-n+\1", word) for word in process.arguments[1:2]]
    given, names = options(process, "n:c:qv" if first else "fc:n:qvs:F")
    if "s" in given:
        duration(process, given["s"])
    refuse(process, given, "fF")
    unit = "c" if "c" in given else "n"
    sign, digits = re.fullmatch(r"([-+]?)(.*)", given.get(unit, "10"), re.DOTALL).groups()  # type: ignore[union-attr]
    if first and sign == "+":
        raise Complaint(f"head: invalid number '+{digits}'")
    text = f"{sign}{_count(process, sign, digits)}"
    if first and not (names or "v" in given) and not text.startswith("-"):
        return await _beginning(process, int(text), unit)
    found, code = await read_all(process, names, verb="" if first else "can't open ", folders=first)
    if not found and not first:
        process.complain("tail: no files")
    for position, (name, data) in enumerate(found):
        if (len(names) > 1 or "v" in given) and "q" not in given:
            shown = name if name != STANDARD_INPUT else "standard input" if first else "-"
            process.write(("\n" if position else "") + f"==> {shown} <==\n")
        pieces = data.splitlines(keepends=True) if unit == "n" else [data[at:at + 1] for at in range(len(data))]
        process.stdout.write(b"".join(_part(pieces, text, first=first)))
    return code


def _count(process: Process, sign: str, digits: str) -> int:
    if not digits[:1].isdigit():
        raise Complaint(f"{process.arguments[0]}: invalid number '{sign if sign == '-' else ''}{digits}'")
    return number(process, digits, 0, 2**63 - 1, suffixes={"b": 512, "k": 1024, "K": 1024, "m": 1 << 20, "M": 1 << 20})


async def _beginning(process: Process, count: int, unit: str) -> int:
    """As it comes, so that what goes on for ever can be cut short."""
    while count > 0:
        data = await (process.stdin.readline() if unit == "n" else process.stdin.read(count))
        if not data:
            break
        count -= 1 if unit == "n" else len(data)
        process.stdout.write(data)
        await process.stdout.drain()
    return 0


def _part(pieces: list[bytes], text: str, *, first: bool) -> list[bytes]:
    """The first so many, or all but the last ``-N``; the last so many, or those from the ``+N``th on."""
    count = abs(int(text))
    if first:
        return pieces[:-count or None] if text.startswith("-") else pieces[:count]
    return pieces[max(0, count - 1):] if text.startswith("+") else pieces[len(pieces) - min(count, len(pieces)):]


@complaining
async def wc(process: Process) -> int:
    given, names = options(process, "clLwm")
    found, code = await read_all(process, names, verb="", folders=True)
    letters = [letter for letter in "lwmcL" if letter in given] or ["l", "w", "c"]
    width = "" if len(letters) == 1 and len(names) < 2 else "9"
    totals = [0] * len(letters)
    for name, data in found:
        counts = {"l": data.count(b"\n"), "w": len(data.split()), "c": len(data),
                  "m": len(data.decode(errors="replace")),
                  "L": max((len(line.expandtabs()) for line in data.decode(errors="ignore").split("\n")), default=0)}
        shown = [counts[letter] for letter in letters]
        totals = [total + count for total, count in zip(totals, shown, strict=True)]
        label = "-" if name == STANDARD_INPUT else name
        process.write(" ".join(f"{count:{width}}" for count in shown) + (f" {label}\n" if names else "\n"))
    if len(names) > 1:
        process.write(" ".join(f"{total:{width}}" for total in totals) + " total\n")
    return code

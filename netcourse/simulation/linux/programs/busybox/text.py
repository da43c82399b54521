"""busybox programs that read, cut and count text: cat, echo, grep, head, tail, wc, sort, ls and their like."""

from __future__ import annotations

import re

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.inputs import read_all
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, options, usage

BLOCK = 4096


@complaining
async def cat(process: Process) -> int:
    given, names = options(process, "nbvteAu")
    if given.keys() - {"n", "u"}:
        raise Complaint(f"cat: -{next(letter for letter in given if letter not in 'nu')} is not simulated")
    if not names and not given:
        while data := await process.stdin.read():
            process.stdout.write(data)
            await process.drain()
        return 0
    found, code = await read_all(process, names)
    content = b"".join(data for _, data in found)
    if "n" in given:
        content = b"".join(b"%6d\t%s" % pair for pair in enumerate(content.splitlines(keepends=True), 1))
    process.stdout.write(content)
    return code


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


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}


def _unescape(text: str) -> str:
    def meaning(match: re.Match[str]) -> str:
        kind = match[1]
        if kind in _ESCAPES:
            return _ESCAPES[kind]
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
async def printf(process: Process) -> int:
    if len(process.arguments) < 2:
        raise usage("printf")
    words = process.arguments[2:]
    pattern = _unescape(process.arguments[1])
    count = len([letter for letter in _CONVERSION.findall(pattern) if letter != "%"])
    code = 0
    while True:
        text, wrong = _formatted(pattern, words[:count])
        for word in wrong:
            process.complain(f"sh: invalid number '{word}'")
            code = 1
        process.write(text)
        words = words[count:]
        if not words or not count:
            return code


_CONVERSION = re.compile(r"%[-+ 0#]*\d*(?:\.\d+)?([sdiuxXoc%])")


def _formatted(pattern: str, words: list[str]) -> tuple[str, list[str]]:
    """The text, and the words that should have been numbers."""
    values, wrong = iter(words), []

    def converted(match: re.Match[str]) -> str:
        if match[1] == "%":
            return "%"
        if match[1] in "sc":
            return (match[0][:-1] + "s") % next(values, "")[:1 if match[1] == "c" else None]
        word = next(values, "") or "0"
        try:
            return match[0] % int(word, 0)
        except ValueError:
            wrong.append(word)
            return match[0] % 0

    return _CONVERSION.sub(converted, pattern), wrong


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
    given, names = options(process, "n:c:qvf" if not first else "n:c:qv")
    if "f" in given:
        raise Complaint("tail: -f is not simulated: use docker logs -f")
    unit = "c" if "c" in given else "n"
    text = given.get(unit, "10")
    if not re.fullmatch(r"[-+]?\d+", text):
        raise Complaint(f"{process.arguments[0]}: invalid number '{text}'")
    if first and not names and not text.startswith("-"):
        return await _beginning(process, int(text), unit)
    found, code = await read_all(process, names, verb="" if first else "can't open ")
    if not found and not first:
        process.complain("tail: no files")
    for position, (name, data) in enumerate(found):
        if (len(names) > 1 or "v" in given) and "q" not in given:
            process.write(("\n" if position else "") + f"==> {name} <==\n")
        pieces = data.splitlines(keepends=True) if unit == "n" else [data[at:at + 1] for at in range(len(data))]
        process.stdout.write(b"".join(_part(pieces, text, first=first)))
    return code


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
async def grep(process: Process) -> int:
    given, rest = options(process, "HhnlLoqvsriwFExcm:e:")
    if "e" not in given and not rest:
        error = usage("grep")
        error.code = 2
        raise error
    pattern = _pattern(given, given["e"] if "e" in given else rest.pop(0))
    matched = False
    found, failed = await read_all(process, rest, verb="")
    for name, data in found:
        prefix = f"{name}:" if (len(rest) > 1 or "H" in given) and "h" not in given else ""
        matched = _grep_one(process, given, pattern, data.decode(errors="replace"), prefix) or matched
    return 2 if failed else int(not matched)


def _pattern(given: dict[str, str], text: str) -> re.Pattern[str]:
    if "F" in given:
        text = re.escape(text)
    elif "E" not in given:
        # a basic regular expression: + ? | ( ) { } mean themselves unless a backslash stands before them
        text = re.sub(r"(\\?)([+?|(){}])", lambda m: m[2] if m[1] else "\\" + m[2], text)
    if "w" in given:
        text = rf"\b(?:{text})\b"
    if "x" in given:
        text = rf"^(?:{text})$"
    try:
        return re.compile(text, re.IGNORECASE if "i" in given else 0)
    except re.error:
        raise Complaint(f"grep: bad regex '{text}': Invalid regexp", 2) from None


def _grep_one(process: Process, given: dict[str, str], pattern: re.Pattern[str], text: str, prefix: str) -> bool:
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if bool(pattern.search(line)) != ("v" in given)]
    lines = lines[:int(given["m"])] if "m" in given else lines
    if "q" in given:
        return bool(lines)
    if "c" in given:
        process.write(f"{prefix}{len(lines)}\n")
        return bool(lines)
    if "l" in given:
        process.write(f"{prefix.rstrip(':') or '(standard input)'}\n" if lines else "")
        return bool(lines)
    for n, line in lines:
        place = prefix + (f"{n}:" if "n" in given else "")
        for shown in pattern.findall(line) if "o" in given else [line]:
            process.write(f"{place}{shown}\n")
    return bool(lines)


@complaining
async def wc(process: Process) -> int:
    given, names = options(process, "clLwm")
    if "L" in given:
        raise Complaint("wc: -L is not simulated")
    found, code = await read_all(process, names, verb="")
    letters = [letter for letter in "lwmc" if letter in given] or ["l", "w", "c"]
    width = "" if len(letters) == 1 and len(names) < 2 else "9"
    totals = [0] * len(letters)
    for name, data in found:
        counts = {"l": data.count(b"\n"), "w": len(data.split()), "c": len(data), "m": len(data)}
        shown = [counts[letter] for letter in letters]
        totals = [total + count for total, count in zip(totals, shown, strict=True)]
        process.write(" ".join(f"{count:{width}}" for count in shown) + (f" {name}\n" if names else "\n"))
    if len(names) > 1:
        process.write(" ".join(f"{total:{width}}" for total in totals) + " total\n")
    return code


@complaining
async def sort(process: Process) -> int:
    given, names = options(process, "nru")
    found, code = await read_all(process, names, verb="")
    lines = [line for _, data in found for line in data.decode(errors="replace").splitlines()]
    lines.sort(key=lambda line: (int(re.match(r"\s*(-?\d*)", line)[1] or 0), line) if "n" in given else (0, line),  # type: ignore[index]
               reverse="r" in given)
    for line in dict.fromkeys(lines) if "u" in given else lines:
        process.write(line + "\n")
    return code


@complaining
async def ls(process: Process) -> int:
    given, names = options(process, "1laAdxC")
    if "l" in given:
        raise Complaint("ls: -l is not simulated")
    code = 0
    for position, name in enumerate(names or ["."]):
        path = process.files.resolve(name, process.directory)
        if not process.files.exists(path):
            process.complain(f"ls: {name}: No such file or directory")
            code = 1
            continue
        if "d" in given or not process.files.is_directory(path):
            process.write(f"{name}\n")
            continue
        hidden = bool(given.keys() & {"a", "A"})
        entries = [entry for entry in process.files.list(path) if hidden or not entry.startswith(".")]
        if len(names) > 1:
            process.write(("\n" if position else "") + f"{name}:\n")
        process.write("".join(f"{entry}\n" for entry in [".", ".."] * ("a" in given) + entries))
    return code

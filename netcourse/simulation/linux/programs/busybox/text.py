"""busybox programs that read, cut and count text: cat, echo, grep, head, tail, wc, sort, ls and their like."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, number, options, usage

BLOCK = 4096


async def _inputs(process: Process, names: list[str], *, verb: str = "can't open") -> AsyncIterator[tuple[str, bytes]]:
    """Name and content of each file (or standard input); a file that can't be read is complained of and left out."""
    for name in names or ["-"]:
        if name == "-":
            yield "(standard input)", await process.stdin.read_all()
            continue
        try:
            yield name, process.files.read(process.files.resolve(name, process.directory))
        except OSError as error:
            program = process.arguments[0]
            reason = os.strerror(error.errno or 0)
            process.complain(f"{program}: can't open '{name}': {reason}" if verb else f"{program}: {name}: {reason}")


async def _read_all(process: Process, names: list[str]) -> tuple[list[tuple[str, bytes]], int]:
    found = [pair async for pair in _inputs(process, names)]
    return found, int(len(found) < len(names))


@complaining
async def cat(process: Process) -> int:
    _, names = options(process, "nbvteAu")
    if not names:
        while data := await process.stdin.read():
            process.stdout.write(data)
            await process.drain()
        return 0
    found, code = await _read_all(process, names)
    for _, data in found:
        process.stdout.write(data)
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
    process.write((_unescape(text) if escapes else text) + newline)
    return 0


def _unescape(text: str) -> str:
    return re.sub(r"\\([ntr\\])", lambda m: {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}[m[1]], text)


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
    count = len(re.findall(r"%[sd]", pattern))
    while True:
        values = iter(words[:count] + [""] * (count - len(words)))
        process.write(re.sub(r"%([sd])", lambda m: next(values) or ("0" if m[1] == "d" else ""), pattern))  # noqa: B023
        words = words[count:]
        if not words or not count:
            return 0


@complaining
async def head(process: Process) -> int:
    return await _ends(process, first=True)


@complaining
async def tail(process: Process) -> int:
    return await _ends(process, first=False)


async def _ends(process: Process, *, first: bool) -> int:
    process.arguments = [re.sub(r"^-(\d+)$", r"-n\1", word) for word in process.arguments]
    given, names = options(process, "n:c:qvf" if not first else "n:c:qv")
    if "f" in given:
        raise Complaint("tail: -f is not simulated: use docker logs -f")
    if first and not names and "c" not in given:
        return await _first_lines(process, number(process, given.get("n", "10"), 0, 2**31))
    found, code = await _read_all(process, names)
    for position, (name, data) in enumerate(found):
        if len(names) > 1:
            process.write(("\n" if position else "") + f"==> {name} <==\n")
        process.stdout.write(_part(data, given, first=first))
    return code


async def _first_lines(process: Process, count: int) -> int:
    """As they come, so that what goes on for ever can be cut short."""
    for _ in range(count):
        line = await process.stdin.readline()
        if not line:
            break
        process.stdout.write(line)
        await process.stdout.drain()
    return 0


def _part(data: bytes, given: dict[str, str], *, first: bool) -> bytes:
    if "c" in given:
        return data[:int(given["c"])] if first else data[-int(given["c"]):]
    lines = data.splitlines(keepends=True)
    text = given.get("n", "10")
    if not first and text.startswith("+"):
        return b"".join(lines[int(text) - 1:])
    count = abs(int(text))
    return b"".join(lines[:count] if first else lines[-count:] if count else [])


@complaining
async def grep(process: Process) -> int:
    given, rest = options(process, "HhnlLoqvsriwFExcm:e:")
    if "e" not in given and not rest:
        error = usage("grep")
        error.code = 2
        raise error
    pattern = _pattern(given, given["e"] if "e" in given else rest.pop(0))
    matched, failed = False, False
    found = [pair async for pair in _inputs(process, rest, verb="")]
    failed = len(found) < len(rest)
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
    found, code = await _read_all(process, names)
    for name, data in found:
        counts = {"l": data.count(b"\n"), "w": len(data.split()), "c": len(data)}
        shown = [counts[letter] for letter in "lwc" if letter in given or not given]
        width = "" if len(shown) == 1 else "9"
        process.write(" ".join(f"{count:{width}}" for count in shown) + (f" {name}\n" if names else "\n"))
    return code


@complaining
async def sort(process: Process) -> int:
    given, names = options(process, "nru")
    found, code = await _read_all(process, names)
    lines = [line for _, data in found for line in data.decode(errors="replace").splitlines()]
    lines.sort(key=lambda line: (int(re.match(r"\s*(-?\d*)", line)[1] or 0), line) if "n" in given else (0, line),  # type: ignore[index]
               reverse="r" in given)
    for line in dict.fromkeys(lines) if "u" in given else lines:
        process.write(line + "\n")
    return code


@complaining
async def ls(process: Process) -> int:
    given, names = options(process, "1la")
    if "l" in given:
        raise Complaint("ls: -l is not simulated")
    code = 0
    for position, name in enumerate(names or ["."]):
        path = process.files.resolve(name, process.directory)
        if not process.files.exists(path):
            process.complain(f"ls: {name}: No such file or directory")
            code = 1
            continue
        entries = process.files.list(path) if process.files.is_directory(path) else [name]
        if len(names) > 1 and process.files.is_directory(path):
            process.write(("\n" if position else "") + f"{name}:\n")
        process.write("".join(f"{entry}\n" for entry in entries if "a" in given or not entry.startswith(".")))
    return code

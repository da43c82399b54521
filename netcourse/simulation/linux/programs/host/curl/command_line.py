"""curl's command line: options by letter or long name, and what they say of all transfers (src/tool_getparam.c)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from importlib import resources
from ipaddress import IPv4Address
from urllib.parse import quote_plus

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint

HINT = "curl: try 'curl --help' or 'curl --manual' for more information"
USAGE_ERROR, CANNOT_RESOLVE_ENTRY = 2, 49
FORM = "application/x-www-form-urlencoded"
_OPTIONS = {
    "silent": "s", "show-error": "S", "include": "i", "head": "I", "output": "o", "remote-name": "O", "fail": "f",
    "fail-with-body": "fail-with-body", "max-time": "m", "connect-timeout": "connect-timeout", "write-out": "w",
    "header": "H", "request": "X", "ipv4": "4", "verbose": "v", "location": "L", "max-redirs": "max-redirs",
    "data": "d", "data-ascii": "d", "data-binary": "data-binary", "data-raw": "data-raw", "json": "json",
    "data-urlencode": "data-urlencode", "get": "G", "user": "u", "user-agent": "A", "referer": "e", "insecure": "k",
    "resolve": "resolve", "connect-to": "connect-to", "interface": "interface", "range": "r", "http1.0": "0",
    "http1.1": "http1.1", "no-buffer": "N", "globoff": "g", "url": "url", "no-progress-meter": "no-progress-meter"}
_WITH_VALUE = {"o", "m", "connect-timeout", "w", "H", "X", "max-redirs", "d", "data-binary", "data-raw",
               "data-urlencode", "json", "u", "A", "e", "resolve", "connect-to", "interface", "r", "url"}
_DATA = {"d", "data-binary", "data-raw", "data-urlencode", "json"}
_LETTERS_UNSIMULATED = "#:12369BCDEFJKMPQRTUVYZabchjlnpqtxyz"


@dataclass
class CommandLine:
    """``outputs`` has None for what is named as on the server; ``known`` are the addresses given with --resolve."""

    flags: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    headers: list[str] = field(default_factory=list)
    outputs: list[str | None] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    data: bytes | None = None
    known: dict[tuple[str, int], IPv4Address] = field(default_factory=dict)
    detours: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    @property
    def is_quiet(self) -> bool:
        return "s" in self.flags

    @property
    def tells_errors(self) -> bool:
        return not self.is_quiet or "S" in self.flags


def read(process: Process) -> CommandLine:
    """Raises Complaint."""
    line, rest = CommandLine(), list(process.arguments[1:])
    while rest:
        typed = rest.pop(0)
        if not typed.startswith("-") or typed == "-":
            line.urls.append(typed)
        elif typed.startswith("--"):
            option = _long(typed)
            _take(process, line, option, _value(rest, typed) if option in _WITH_VALUE else "", typed)
        else:
            _read_letters(process, line, typed, rest)
    return line


def _read_letters(process: Process, line: CommandLine, typed: str, rest: list[str]) -> None:
    for place, letter in enumerate(typed[1:], start=2):
        if letter not in _OPTIONS.values():
            raise _mistake(typed, "is not simulated" if letter in _LETTERS_UNSIMULATED else "is unknown")
        if letter in _WITH_VALUE:
            _take(process, line, letter, typed[place:] or _value(rest, typed), typed)
            return
        _take(process, line, letter, "", typed)


def _long(typed: str) -> str:
    """An unambiguous beginning is enough. Raises Complaint."""
    name = typed.removeprefix("--")
    if name in _OPTIONS:
        return _OPTIONS[name]
    known: list[str] = json.loads(resources.files(__package__).joinpath("options.json").read_text())
    meant = [name] if name in known else [other for other in known if other.startswith(name)]
    if len(meant) != 1:
        raise _mistake(typed, "is ambiguous" if meant else "is unknown")
    if meant[0] not in _OPTIONS:
        raise _mistake(typed, "is not simulated")
    return _OPTIONS[meant[0]]


def _value(rest: list[str], typed: str) -> str:
    if not rest:
        raise _mistake(typed, "requires parameter")
    return rest.pop(0)


def _mistake(typed: str, problem: str) -> Complaint:
    return Complaint(f"curl: option {typed}: {problem}\n{HINT}", USAGE_ERROR)


def _take(process: Process, line: CommandLine, option: str, value: str, typed: str) -> None:
    """Raises Complaint."""
    if option in ("m", "connect-timeout"):
        line.seconds[option] = _seconds(value, typed)
    elif option in _DATA:
        _add_data(process, line, option, value)
    elif option == "H":
        line.headers.append(value)
    elif option in ("o", "O"):
        line.outputs.append(value if option == "o" else None)
    elif option == "resolve":
        _add_address(line, value)
    elif option == "connect-to":
        _add_detour(line, value)
    elif option == "url":
        line.urls.append(value)
    elif option in _WITH_VALUE:
        line.values[option] = value
    else:
        line.flags.add(option)


def _seconds(text: str, typed: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise _mistake(typed, "expected a proper numerical parameter") from None
    if seconds < 0:
        raise _mistake(typed, "expected a positive numerical parameter")
    return seconds


def _add_data(process: Process, line: CommandLine, option: str, value: str) -> None:
    """Pieces of a form are joined by an ampersand."""
    piece = value.encode()
    if option == "json":
        line.headers += ["Content-Type: application/json", "Accept: application/json"]
    if option == "data-urlencode":
        name, sign, content = value.partition("=")
        piece = f"{name}{sign and '='}{quote_plus(content)}".encode() if sign else quote_plus(value).encode()
    elif option != "data-raw" and value.startswith("@"):
        piece = _file(process, value[1:])
        piece = re.sub(rb"[\r\n\0]", b"", piece) if option == "d" else piece
    line.data = piece if line.data is None else line.data + (b"" if option == "json" else b"&") + piece


def _file(process: Process, name: str) -> bytes:
    """What can't be read is empty."""
    try:
        return process.files.read(process.files.resolve(name, process.directory))
    except OSError:
        return b""


def _add_address(line: CommandLine, text: str) -> None:
    found = re.fullmatch(r"\+?([^:]+):(\d+):\[?([\d.]+)]?", text)
    try:
        if found is None:
            raise ValueError
        line.known[found[1], int(found[2])] = IPv4Address(found[3])
    except ValueError:
        raise Complaint(f"curl: ({CANNOT_RESOLVE_ENTRY}) Couldn't parse CURLOPT_RESOLVE entry '{text}'",
                        CANNOT_RESOLVE_ENTRY) from None


def _add_detour(line: CommandLine, text: str) -> None:
    words = text.split(":")
    if len(words) != 4:
        raise Complaint(f"curl: --connect-to {text}: not simulated", USAGE_ERROR)
    line.detours[words[0], words[1]] = (words[2], words[3])

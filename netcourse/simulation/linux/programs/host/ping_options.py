"""The command line of ping of iputils 20221126."""

from __future__ import annotations

import getopt
import json
import re
from dataclasses import dataclass
from importlib import resources

from netcourse.simulation.linux.netfilter.extension import integer
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.sockets import PathMTUDiscovery

LETTERS = "h?4bRT:6F:N:aABc:CdDe:fi:I:l:Lm:M:nOp:qQ:rs:S:t:UvVw:W:"
NOT_SIMULATED = frozenset("FNRTfv")
VERSION = ("ping from iputils 20221126\n"
           "libcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes\n")
LONG_MAX, INT_MAX, HIGHEST_BYTE = 2**63 - 1, 2**31 - 1, 255
RANGES = {"c": (1, LONG_MAX), "e": (0, 65535), "l": (1, 65536), "m": (0, 2**32 - 1), "s": (0, INT_MAX),
          "S": (1, INT_MAX), "t": (0, HIGHEST_BYTE), "w": (0, INT_MAX)}
LINGER = 10.0


class Refused(Exception):
    """What is printed instead, on standard error unless ``is_output``, and the exit code."""

    def __init__(self, text: str, code: int, *, is_output: bool = False) -> None:
        super().__init__(text)
        self.code, self.is_output = code, is_output


@dataclass(frozen=True)
class Options:
    """``interval``, ``patience`` and ``deadline`` are in seconds; ``count`` 0 is endless."""

    destination: str
    count: int
    size: int
    ttl: int
    tos: int
    interval: float
    patience: float
    deadline: float | None
    source: str
    path_mtu_discovery: PathMTUDiscovery
    flags: frozenset[str]
    pattern: str
    warnings: tuple[str, ...]


def read(process: Process) -> Options:
    """Raises Refused."""
    try:
        found, rest = getopt.gnu_getopt(process.arguments[1:], LETTERS)
    except getopt.GetoptError as error:
        wanting = "option requires an argument" if "requires" in error.msg else "invalid option"
        raise Refused(f"ping: {wanting} -- '{error.opt}'\n{_usage()}", 2) from None
    given = {option[1:]: value for option, value in found}
    if given.keys() & {"h", "?"}:
        raise Refused(_usage(), 2)
    if "V" in given:
        raise Refused(VERSION, 0, is_output=True)
    unknown = NOT_SIMULATED & given.keys()
    if unknown:
        raise Refused(f"ping: -{min(unknown)} is not simulated\n", 2)
    return _options(given, rest)


def _options(given: dict[str, str], rest: list[str]) -> Options:
    numbers = {letter: _number(given[letter], *bounds) for letter, bounds in RANGES.items() if letter in given}
    warnings: list[str] = []
    interval = _seconds(given["i"], "i", warnings) if "i" in given else 1.0
    patience = _seconds(given["W"], "W", warnings) if "W" in given else LINGER
    if not rest:
        raise Refused("ping: usage error: Destination address required\n", 1)
    if len(rest) > 1:
        raise Refused("ping: several hops (source routing) are not simulated\n", 2)
    if {"4", "6"} <= given.keys():
        raise Refused("ping: only one -4 or -6 option may be specified\n", 2)
    if "6" in given:
        raise Refused("ping: IPv6 is not simulated\n", 2)
    if numbers.get("t") == 0:
        raise Refused("ping: cannot set unicast time-to-live: Invalid argument\n", 2)
    return Options(rest[0], numbers.get("c", 0), numbers.get("s", 56), numbers.get("t", 0), _tos(given),
                   interval, patience or LINGER, numbers.get("w") or None,
                   given.get("I", ""), _discovery(given), frozenset(given), _pattern(given), tuple(warnings))


def _number(text: str, low: int, high: int) -> int:
    if not re.fullmatch(r"\s*[-+]?\d+", text):
        raise Refused(f"ping: invalid argument: '{text}'\n", 1)
    if not low <= int(text) <= high:
        raise Refused(f"ping: invalid argument: '{text}': out of range: {low} <= value <= {high}\n", 1)
    return int(text)


def _seconds(text: str, letter: str, warnings: list[str]) -> float:
    """As strtod(3) reads it, up to where it isn't a number."""
    number = re.match(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", text, re.IGNORECASE)
    if number is None or number.end() < len(text):
        rest = text[number.end():] if number else text
        warnings += [f"ping: option argument contains garbage: {rest}",
                     "ping: this will become fatal error in the future"]
    value = float(number[0]) if number else 0.0
    if value < 0 and letter == "W":
        raise Refused(f"ping: bad linger time: {text}\n", 2)
    return max(value, 0.0)


def _tos(given: dict[str, str]) -> int:
    text = given.get("Q", "0")
    value = integer(text)
    if value is None:
        raise Refused(f"ping: bad TOS value: {text}\n", 2)
    if not 0 <= value <= HIGHEST_BYTE:
        raise Refused(f"ping: the decimal value of TOS bits must be in range 0-255: {text}\n", 2)
    return value


def _discovery(given: dict[str, str]) -> PathMTUDiscovery:
    text = given.get("M", "want")
    if text not in {choice.value for choice in PathMTUDiscovery}:
        raise Refused(f"ping: invalid -M argument: {text}\n", 2)
    return PathMTUDiscovery(text)


def _pattern(given: dict[str, str]) -> str:
    """What is said of it; that a packet is filled with it makes no difference to anybody."""
    if "p" not in given:
        return ""
    digits = given["p"]
    wrong = re.search("[^0-9a-fA-F]", digits)
    if wrong is not None:
        raise Refused(f"ping: patterns must be specified as hex digits: {digits[wrong.start():]}\n", 2)
    pairs = [digits[at:at + 2].zfill(2) for at in range(0, len(digits), 2)]
    return f"PATTERN: 0x{''.join(pairs).lower()}\n"


def _usage() -> str:
    text = resources.files(__package__).joinpath("usage.json").read_text()
    usage: str = json.loads(text)["ping"]
    return usage

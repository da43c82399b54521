"""dig's command line: servers, names with what is asked of each, and how the answers are shown (bin/dig/dig.c).

What stands before the first name holds for all names; what follows a name, for that one.
"""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass, field

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint

VERSION = "9.18.49-1~deb12u3-Debian"
CANNOT_PARSE = 10
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "NAPTR": 35,
         "DS": 43, "DNSKEY": 48, "SVCB": 64, "HTTPS": 65, "ANY": 255, "CAA": 257}
# what can be shown or hidden, with how short its name may be made
SECTIONS = {"additional": 2, "answer": 2, "authority": 2, "comments": 2, "question": 3, "stats": 2}
_SWITCHES = {"class": 2, "cmd": 2, "recurse": 3, "short": 5, "tcp": 2, "ttlid": 4, "ttlunits": 4, "vc": 2,
             **SECTIONS}
_NUMBERS = {"time": 3, "timeout": 5, "tries": 3, "retry": 3}
# nothing is to be seen of these in a question without EDNS, to servers that answer each alike
_WITHOUT_EFFECT = {"adflag", "cookie", "edns", "badcookie", "besteffort", "fail", "ignore", "keepopen"}
_UNSIMULATED = {
    "aaflag", "aaonly", "bufsize", "cdflag", "cl", "crypto", "defname", "dns64prefix", "dnssec", "domain", "ednsflags",
    "ednsnegotiation", "ednsopt", "expandaaaa", "expire", "header-only", "https", "https-get", "https-post",
    "http-plain", "identify", "idnin", "idnout", "keepalive", "mapped", "multiline", "ndots", "nsid", "nssearch",
    "onesoa", "opcode", "padding", "qid", "qr", "raflag", "rdflag", "rrcomments", "search", "showsearch", "split",
    "subnet", "tcflag", "tls", "tls-ca", "trace", "unexpected", "unknownformat", "yaml", "zflag"}
_WITH_VALUE = "bcfkmpqtxy"


_USAGE = """Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}
            {global-d-opt} host [@local-server] {local-d-opt}
            [ host [@local-server] {local-d-opt} [...]]

Use "dig -h" (or "dig -h | more") for complete list of options"""


@dataclass
class Lookup:
    """One question. ``shown`` tells which sections of the answer are; ``timeout`` is in seconds."""

    name: str = "."
    type: int = TYPES["A"]
    has_type: bool = False
    shown: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(SECTIONS, True))
    shows_command: bool = True
    shows_class: bool = True
    shows_ttl: bool = True
    ttl_in_units: bool = False
    recurses: bool = True
    over_tcp: bool = False
    timeout: float = 5
    tries: int = 3

    @property
    def copied(self) -> Lookup:
        other = copy(self)
        other.shown = dict(self.shown)
        return other


@dataclass
class CommandLine:
    """``greets``: the first line repeats the command; ``first_servers`` were named before the first name."""

    words: list[str]
    defaults: Lookup = field(default_factory=Lookup)
    lookups: list[Lookup] = field(default_factory=list)
    servers: list[str] = field(default_factory=list)
    first_servers: int = 0
    port: int = 53
    is_short: bool = False
    greets: bool = True

    @property
    def current(self) -> Lookup:
        """What an option is about."""
        return self.lookups[-1] if self.lookups else self.defaults

    def ask(self, name: str) -> None:
        self.first_servers = self.first_servers if self.lookups else len(self.servers)
        lookup = self.defaults.copied
        lookup.name = name
        self.lookups.append(lookup)


def read(process: Process) -> CommandLine:
    """Raises Complaint."""
    line = CommandLine(process.arguments[1:])
    rest = list(line.words)
    while rest:
        word = rest.pop(0)
        if word.startswith("@"):
            line.servers.append(word[1:])
        elif word.startswith("+"):
            _read_query_option(process, line, word[1:])
        elif word.startswith("-") and len(word) > 1:
            _read_letters(process, line, word, rest)
        elif not _read_type(process, line, word):
            line.ask(word)
    if not line.lookups:
        line.ask(".")
        if not line.current.has_type:
            line.current.type = TYPES["NS"]
    return line


def _read_type(process: Process, line: CommandLine, word: str) -> bool:
    """Whether a bare word is a type or a class."""
    if word.upper() == "IN":
        return True
    number = _type(word)
    if number is None:
        return False
    if line.current.has_type:
        process.complain(";; Warning, extra type option")
    line.current.type, line.current.has_type = number, True
    return True


def _type(word: str) -> int | None:
    """Raises Complaint for a zone transfer."""
    upper = word.upper()
    if upper in ("AXFR", "IXFR") or upper.startswith("IXFR="):
        raise Complaint(f"dig: {upper} is not simulated")
    numbered = re.fullmatch(r"TYPE(\d{1,5})", upper)
    return int(numbered[1]) if numbered else TYPES.get(upper)


def _invalid(word: str) -> Complaint:
    return Complaint(f"Invalid option: {word}\n{_USAGE}")


def _read_letters(process: Process, line: CommandLine, word: str, rest: list[str]) -> None:
    letter, value = word[1], word[2:]
    if letter == "v":
        raise Complaint(f"DiG {VERSION}", 0)
    if letter in "hmiuryfkb6":
        raise Complaint(f"dig: -{letter} is not simulated")
    if letter == "4":
        return
    if letter not in _WITH_VALUE or not (value or rest):
        raise _invalid(word)
    value = value or rest.pop(0)
    if letter == "p":
        line.port = _number(process, value, "port number", 1)
    elif letter == "q":
        line.ask(value)
    elif letter == "x":
        line.ask(".".join(reversed(value.split("."))) + ".in-addr.arpa")
        line.current.type, line.current.has_type = TYPES["PTR"], True
    elif letter == "t":
        _read_wanted_type(process, line, value)
    elif value.upper() != "IN":
        raise Complaint(f"dig: the class {value} is not simulated")


def _read_wanted_type(process: Process, line: CommandLine, word: str) -> None:
    number = _type(word)
    if number is None:
        process.complain(f";; Warning, ignoring invalid type {word}")
    else:
        line.current.type, line.current.has_type = number, True


def _number(process: Process, text: str, name: str, code: int = CANNOT_PARSE) -> int:
    """Raises Complaint."""
    if not text.isdigit():
        process.write(f"invalid {name} '{text}': not a valid number\n")
        raise Complaint(f"dig: Couldn't parse {name}", code)
    return int(text)


def _named(table: dict[str, int], word: str) -> str | None:
    return next((name for name, least in table.items() if name.startswith(word) and len(word) >= least), None)


def _read_query_option(process: Process, line: CommandLine, typed: str) -> None:
    name, _, value = typed.partition("=")
    state = not name.startswith("no")
    plain = name if state else name[2:]
    if (number := _named(_NUMBERS, name)) is not None:
        _set_number(process, line.current, number, value)
    elif plain == "all":
        line.current.shown = dict.fromkeys(SECTIONS, state)
        line.current.shows_command = state
        line.is_short = line.is_short and state
    elif (switch := _named(_SWITCHES, plain)) is not None:
        _set_switch(line, switch, state)
    elif plain in _UNSIMULATED:
        raise Complaint(f"dig: +{typed} is not simulated")
    elif plain not in _WITHOUT_EFFECT:
        raise _invalid(f"+{typed}")


def _set_number(process: Process, lookup: Lookup, name: str, text: str) -> None:
    if name in ("time", "timeout"):
        lookup.timeout = max(1, _number(process, text, "timeout"))
    elif name == "tries":
        lookup.tries = max(1, _number(process, text, "tries"))
    else:
        lookup.tries = _number(process, text, "retries") + 1


def _set_switch(line: CommandLine, name: str, state: bool) -> None:
    lookup = line.current
    if name in SECTIONS:
        lookup.shown[name] = state
    elif name == "short":
        line.is_short = state
    elif name == "cmd":
        line.greets = state
    else:
        attribute = {"class": "shows_class", "recurse": "recurses", "tcp": "over_tcp", "vc": "over_tcp",
                     "ttlid": "shows_ttl", "ttlunits": "ttl_in_units"}[name]
        setattr(lookup, attribute, state)

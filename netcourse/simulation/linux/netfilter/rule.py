"""A rule: parsed from, matched as and printed in the form of ``iptables -S`` (iptables(8), iptables-extensions(8))."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from netcourse.packets import ICMP, TCP, UDP, IPv4
from netcourse.simulation.linux.netfilter.conntrack import Connection, state_of

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17}
PROTOCOL_NAMES = {number: name for name, number in PROTOCOLS.items()}
ICMP_TYPES = {"any": 255, "echo-reply": 0, "destination-unreachable": 3, "echo-request": 8, "time-exceeded": 11}


class IptablesError(Exception):
    """What iptables prints on standard error, and the exit code (1, or 2 for a wrong command line)."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Passage:
    """A packet at a hook: where it came in and goes out, and its connection."""

    packet: IPv4
    incoming: str | None
    outgoing: str | None
    connection: Connection | None
    namespace: Namespace


Test = Callable[[Passage], bool]


@dataclass(frozen=True, slots=True)
class Match:
    """One condition: its words as they are printed, and the test. ``module`` is the ``-m`` that it belongs to."""

    words: str
    test: Test
    module: str = ""


@dataclass(slots=True, eq=False)
class Rule:
    """``target`` is "" for a rule that only counts; ``options`` are the target's words as printed."""

    matches: tuple[Match, ...] = ()
    target: str = ""
    options: str = ""
    goto: bool = False
    packets: int = 0
    bytes: int = 0
    settings: dict[str, str] = field(default_factory=dict)

    def matches_packet(self, passage: Passage) -> bool:
        return all(match.test(passage) for match in self.matches)

    @property
    def text(self) -> str:
        """The rule without ``-A CHAIN``."""
        words, module = [], ""
        for match in self.matches:
            if match.module and match.module != module:
                words.append(f"-m {match.module}")
            module = match.module
            words.append(match.words)
        if self.target:
            words.append(("-g " if self.goto else "-j ") + self.target)
        words += [self.options] if self.options else []
        return " ".join(words)


class _Words:
    """The words of a command line, taken one at a time."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.at = 0

    def __bool__(self) -> bool:
        return self.at < len(self.words)

    def take(self) -> str:
        self.at += 1
        return self.words[self.at - 1]

    def value(self, option: str) -> str:
        if not self:
            raise IptablesError(f'option "{option}" requires an argument')
        return self.take()


def _negated(text: str, inverted: bool, test: Test, module: str = "") -> Match:
    if not inverted:
        return Match(text, test, module)
    return Match(f"! {text}", lambda passage: not test(passage), module)


def _network(text: str) -> IPv4Network:
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        raise IptablesError(f"host/network `{text}' not found") from None


def _source(value: str, inverted: bool) -> Match:
    network = _network(value)
    return _negated(f"-s {network}", inverted, lambda p: p.packet.source in network)


def _destination(value: str, inverted: bool) -> Match:
    network = _network(value)
    return _negated(f"-d {network}", inverted, lambda p: p.packet.destination in network)


def _named(pattern: str, name: str | None) -> bool:
    return name is not None and (name.startswith(pattern[:-1]) if pattern.endswith("+") else name == pattern)


def _incoming(value: str, inverted: bool) -> Match:
    return _negated(f"-i {value}", inverted, lambda p: _named(value, p.incoming))


def _outgoing(value: str, inverted: bool) -> Match:
    return _negated(f"-o {value}", inverted, lambda p: _named(value, p.outgoing))


def _protocol(value: str, inverted: bool) -> Match:
    if value == "all" or value == "0":
        return Match("", lambda _: True)
    number = PROTOCOLS.get(value) or (int(value) if value.isdigit() else None)
    if number is None:
        raise IptablesError(f'unknown protocol "{value}" specified')
    name = PROTOCOL_NAMES.get(number, str(number))
    return _negated(f"-p {name}", inverted, lambda p: p.packet.protocol == number)


_BASIC: dict[str, tuple[int, Callable[[str, bool], Match]]] = {
    "-s": (0, _source), "--source": (0, _source), "--src": (0, _source),
    "-d": (1, _destination), "--destination": (1, _destination), "--dst": (1, _destination),
    "-i": (2, _incoming), "--in-interface": (2, _incoming),
    "-o": (3, _outgoing), "--out-interface": (3, _outgoing),
    "-p": (4, _protocol), "--protocol": (4, _protocol), "--proto": (4, _protocol),
}


def _ports(text: str) -> tuple[int, int]:
    first, _, last = text.partition(":")
    if not all(part.isdigit() and int(part) < 65536 for part in (first or "0", last or "0")):
        raise IptablesError(f'invalid port/service `{text}\' specified')
    return int(first or 0), int(last or (65535 if ":" in text else first))


def _port_match(which: str) -> Callable[[str, bool, str], Match]:
    def build(value: str, inverted: bool, module: str) -> Match:
        low, high = _ports(value)

        def test(passage: Passage) -> bool:
            payload = passage.packet.payload
            if not isinstance(payload, UDP | TCP):
                return False
            return low <= (payload.destination_port if which == "dport" else payload.source_port) <= high
        return _negated(f"--{which} {value}", inverted, test, module)
    return build


def _multiport(which: str) -> Callable[[str, bool, str], Match]:
    def build(value: str, inverted: bool, module: str) -> Match:
        ranges = [_ports(part) for part in value.split(",")]

        def test(passage: Passage) -> bool:
            payload = passage.packet.payload
            if not isinstance(payload, UDP | TCP):
                return False
            port = payload.destination_port if which == "dports" else payload.source_port
            return any(low <= port <= high for low, high in ranges)
        return _negated(f"--{which} {value}", inverted, test, module)
    return build


def _icmp_type(value: str, inverted: bool, module: str) -> Match:
    number = ICMP_TYPES.get(value) if not value.isdigit() else int(value)
    if number is None:
        raise IptablesError(f'Invalid ICMP type `{value}\'')

    def test(passage: Passage) -> bool:
        payload = passage.packet.payload
        return isinstance(payload, ICMP) and number in (255, payload.type)
    return _negated("--icmp-type any" if number == 255 else f"--icmp-type {number}", inverted, test, module)


_STATES = ("INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT")


def _ctstate(value: str, inverted: bool, module: str) -> Match:
    wanted = set(value.split(","))
    if not wanted <= set(_STATES):
        raise IptablesError(f'Bad ctstate "{sorted(wanted - set(_STATES))[0]}"')

    def test(passage: Passage) -> bool:
        source, destination = passage.connection.is_translated if passage.connection else (False, False)
        return (state_of(passage.connection, passage.packet) in wanted or (source and "SNAT" in wanted)
                or (destination and "DNAT" in wanted))
    ordered = ",".join(state for state in _STATES if state in wanted)
    option = "--state" if module == "state" else "--ctstate"
    return _negated(f"{option} {ordered}", inverted, test, module)


def _ctorigdst(value: str, inverted: bool, module: str) -> Match:
    network = _network(value)
    return _negated(f"--ctorigdst {value}", inverted,
                    lambda p: p.connection is not None and p.connection.original.destination in network, module)


def _ctorigdstport(value: str, inverted: bool, module: str) -> Match:
    low, high = _ports(value)
    return _negated(f"--ctorigdstport {value}", inverted, lambda p: p.connection is not None
                    and low <= p.connection.original.destination_port <= high, module)


def _address_type(namespace: Namespace, address: IPv4Address) -> str:
    if namespace.is_local(address):
        return "LOCAL"
    if namespace.is_broadcast(address):
        return "BROADCAST"
    return "MULTICAST" if address.is_multicast else "UNICAST"


def _addrtype(which: str) -> Callable[[str, bool, str], Match]:
    def build(value: str, inverted: bool, module: str) -> Match:
        wanted = set(value.split(","))

        def test(passage: Passage) -> bool:
            packet = passage.packet
            address = packet.destination if which == "dst-type" else packet.source
            return _address_type(passage.namespace, address) in wanted
        return _negated(f"--{which} {value}", inverted, test, module)
    return build


def _comment(value: str, inverted: bool, module: str) -> Match:
    text = f'"{value}"' if " " in value else value
    return _negated(f"--comment {text}", inverted, lambda _: True, module)


def _mark(value: str, inverted: bool, module: str) -> Match:
    number, _, mask = value.partition("/")
    wanted, bits = int(number, 0), int(mask or "0xffffffff", 0)
    shown = f"{wanted:#x}" + (f"/{bits:#x}" if mask else "")
    return _negated(f"--mark {shown}", inverted,
                    lambda p: p.connection is not None and p.connection.mark & bits == wanted, module)


_MODULES: dict[str, dict[str, Callable[[str, bool, str], Match]]] = {
    "tcp": {"--dport": _port_match("dport"), "--destination-port": _port_match("dport"),
            "--sport": _port_match("sport"), "--source-port": _port_match("sport")},
    "icmp": {"--icmp-type": _icmp_type},
    "multiport": {"--dports": _multiport("dports"), "--sports": _multiport("sports")},
    "conntrack": {"--ctstate": _ctstate, "--ctorigdst": _ctorigdst, "--ctorigdstport": _ctorigdstport},
    "state": {"--state": _ctstate},
    "addrtype": {"--dst-type": _addrtype("dst-type"), "--src-type": _addrtype("src-type")},
    "comment": {"--comment": _comment},
    "connmark": {"--mark": _mark},
}
_MODULES["udp"] = _MODULES["tcp"]

_TARGET_OPTIONS = {
    "DNAT": {"--to-destination"}, "SNAT": {"--to-source"}, "MASQUERADE": {"--to-ports"}, "REDIRECT": {"--to-ports"},
    "REJECT": {"--reject-with"}, "LOG": {"--log-prefix", "--log-level"}, "CONNMARK": {"--set-mark"},
    "ACCEPT": set(), "DROP": set(), "RETURN": set(),
}
REJECTIONS = {"icmp-net-unreachable": 0, "icmp-host-unreachable": 1, "icmp-proto-unreachable": 2,
              "icmp-port-unreachable": 3, "icmp-net-prohibited": 9, "icmp-host-prohibited": 10,
              "icmp-admin-prohibited": 13}


def is_target(name: str) -> bool:
    """Whether ``name`` is a target of its own and not a chain."""
    return name in _TARGET_OPTIONS


def parse_rule(words: list[str]) -> Rule:
    """A rule from the words after ``-A CHAIN``. Raises IptablesError with iptables' own text."""
    return _Parser(words).rule()


class _Parser:
    def __init__(self, words: list[str]) -> None:
        self._words = _Words(words)
        self._basic: dict[int, Match] = {}
        self._matches: list[Match] = []
        self._modules: list[str] = []
        self._target, self._goto = "", False
        self._settings: dict[str, str] = {}

    def rule(self) -> Rule:
        inverted = False
        while self._words:
            word = self._words.take()
            if word == "!":
                inverted = True
                continue
            self._option(word, inverted)
            inverted = False
        if self._target == "REJECT":
            self._settings.setdefault("--reject-with", "icmp-port-unreachable")
        options = " ".join(f"{name} {shlex.quote(value) if ' ' in value else value}"
                           for name, value in self._settings.items())
        basic = [match for _, match in sorted(self._basic.items()) if match.words]
        return Rule((*basic, *self._matches), self._target, options, self._goto, settings=self._settings)

    def _option(self, word: str, inverted: bool) -> None:
        if word in _BASIC:
            place, build = _BASIC[word]
            value = self._words.value(word)
            self._basic[place] = build(value, inverted)
            if place == 4 and value in _MODULES:
                self._modules.append(value)
        elif word in ("-m", "--match"):
            self._load(self._words.value(word))
        elif word in ("-j", "--jump", "-g", "--goto"):
            self._target, self._goto = self._words.value(word), word in ("-g", "--goto")
        else:
            self._extension(word, inverted)

    def _load(self, module: str) -> None:
        if module not in _MODULES:
            raise IptablesError(f"Couldn't load match `{module}':No such file or directory\n")
        self._modules.append(module)

    def _extension(self, word: str, inverted: bool) -> None:
        if word in _TARGET_OPTIONS.get(self._target, ()):
            self._settings[word] = self._words.value(word)
            return
        module = next((name for name in reversed(self._modules) if word in _MODULES[name]), None)
        if module is None:
            raise IptablesError(f'unknown option "{word}"')
        self._matches.append(_MODULES[module][word](self._words.value(word), inverted, module))

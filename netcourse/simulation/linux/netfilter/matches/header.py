"""Matches on the IPv4 header, and comment, which matches everything: addrtype, iprange, length, ttl
(iptables-extensions(8))."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address

from netcourse.simulation.linux.netfilter.extension import (
    Extension,
    Given,
    IptablesError,
    Match,
    Option,
    integer,
    options,
    quoted,
    together,
)
from netcourse.simulation.linux.netfilter.passage import Passage

LONGEST_COMMENT = 255
TYPES = ("UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE", "PROHIBIT",
         "THROW", "NAT", "XRESOLVE")
LONGEST_PACKET = 65535
HIGHEST_TTL = 255


def _end(passage: Passage, option: str) -> IPv4Address:
    return passage.packet.source if option.startswith("--src") else passage.packet.destination


def _type_of(passage: Passage, address: IPv4Address) -> str:
    if passage.namespace.is_local(address):
        return "LOCAL"
    if passage.namespace.is_broadcast(address):
        return "BROADCAST"
    return "MULTICAST" if address.is_multicast else "UNICAST"


def _addrtype(given: Given) -> Match:
    if not given.values:
        given.complain("you must specify --src-type or --dst-type")
    saved, listed, tests = [], ["ADDRTYPE match"], []
    for option in (option for option in ("--src-type", "--dst-type") if option in given):
        wanted = given.text(option).upper().split(",")
        for kind in wanted:
            if kind not in TYPES:
                given.complain(f'bad type "{given.text(option)}"')
        shown = ",".join(kind for kind in TYPES if kind in wanted)
        inverted = option in given.inverted
        saved.append(f"{given.bang(option)}{option} {shown}")
        listed.append(f"{option.removeprefix('--')} {'!' if inverted else ''}{shown}")
        tests.append(_type_test(option, wanted, inverted=inverted))
    return Match("addrtype", " ".join(saved), " ".join(listed), together(tests))


def _type_test(option: str, wanted: list[str], *, inverted: bool) -> Callable[[Passage], bool]:
    return lambda passage: (_type_of(passage, _end(passage, option)) in wanted) is not inverted


def _comment(given: Given) -> Match:
    given.require("--comment")
    text = given.text("--comment")[:LONGEST_COMMENT]
    return Match("comment", f"--comment {quoted(text)}", f"/* {text} */", lambda _: True)


RANGES = {"--src-range": "source IP range", "--dst-range": "destination IP range"}


def _iprange(given: Given) -> Match:
    if not given.values:
        raise IptablesError("iprange match: You must specify `--src-range' or `--dst-range'")
    saved, listed, tests = [], [], []
    for option in (option for option in RANGES if option in given):
        first, _, last = given.text(option).partition("-")
        try:
            low, high = IPv4Address(first), IPv4Address(last or first)
        except ValueError:
            given.complain(f'Bad value for "{option}" option: "{given.text(option)}"')
        saved.append(f"{given.bang(option)}{option} {low}-{high}")
        listed.append(f"{RANGES[option]} {given.bang(option)}{low}-{high}")
        tests.append(_range_test(option, low, high, inverted=option in given.inverted))
    return Match("iprange", " ".join(saved), " ".join(listed), together(tests))


def _range_test(option: str, low: IPv4Address, high: IPv4Address, *, inverted: bool) -> Callable[[Passage], bool]:
    return lambda passage: (low <= _end(passage, option) <= high) is not inverted


def _length(given: Given) -> Match:
    given.require("--length")
    first, colon, last = given.text("--length").partition(":")
    low = integer(first) if first or not colon else 0
    high = (integer(last) if last else LONGEST_PACKET) if colon else low
    if low is None or high is None or not 0 <= low <= LONGEST_PACKET or not 0 <= high <= LONGEST_PACKET:
        wrong = first if low is None or low > LONGEST_PACKET else last
        given.complain(f'bad value for option "--length" near "{wrong}", or out of range (0-{LONGEST_PACKET}).\n')
    shown = f"{low}" if low == high else f"{low}:{high}"
    inverted = "--length" in given.inverted
    return Match("length", f"{given.bang('--length')}--length {shown}", f"length {'!' if inverted else ''}{shown}",
                 lambda p: (low <= len(p.packet) <= high) is not inverted)


TTL_TESTS: dict[str, tuple[str, Callable[[int, int], bool]]] = {
    "--ttl-eq": ("==", lambda ttl, wanted: ttl == wanted), "--ttl-lt": ("<", lambda ttl, wanted: ttl < wanted),
    "--ttl-gt": (">", lambda ttl, wanted: ttl > wanted),
}


def _ttl(given: Given) -> Match:
    for one, other in (("--ttl-lt", "--ttl-gt"), ("--ttl-eq", "--ttl-lt"), ("--ttl-eq", "--ttl-gt")):
        given.exclude(one, other)
    option = next(iter(given.values), None)
    if option is None:
        raise IptablesError("TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt")
    wanted, inverted = given.number(option, HIGHEST_TTL), option in given.inverted
    sign, test = TTL_TESTS[option]
    return Match("ttl", f"{given.bang(option)}{option} {wanted}",
                 f"TTL match TTL {'!=' if inverted else sign} {wanted}",
                 lambda p: test(p.packet.ttl, wanted) is not inverted)


HEADER = (
    Extension("addrtype", options(Option("--src-type", invertible=True), Option("--dst-type", invertible=True)),
              _addrtype),
    Extension("comment", options(Option("--comment")), _comment),
    Extension("iprange", options(*(Option(name, invertible=True) for name in RANGES)), _iprange),
    Extension("length", options(Option("--length", invertible=True)), _length),
    Extension("ttl", options(Option("--ttl-eq", invertible=True), Option("--ttl-lt"), Option("--ttl-gt"),
                             aliases={"--ttl": "--ttl-eq"}), _ttl),
)

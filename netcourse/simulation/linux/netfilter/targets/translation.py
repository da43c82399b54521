"""Targets that give a connection other addresses: DNAT, SNAT, MASQUERADE, REDIRECT (iptables-extensions(8))."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Address

from netcourse.simulation.linux.netfilter.connection import Tuple
from netcourse.simulation.linux.netfilter.extension import Extension, Given, IptablesError, Option, Target, options
from netcourse.simulation.linux.netfilter.names import WITH_PORTS, port_number
from netcourse.simulation.linux.netfilter.passage import Passage

NEEDS_PORTS = "Need TCP, UDP, SCTP or DCCP with port specification"
Range = tuple[int, int]


def _ports(text: str) -> Range:
    first, dash, last = text.partition("-")
    numbers = [port_number(part, 6) for part in ((first, last) if dash else (first,))]
    for part, number in zip((first, last), numbers, strict=False):
        if number is None:
            raise IptablesError(f"Port `{part}' not valid")
    known = [number for number in numbers if number is not None]
    if known[0] > known[-1]:
        raise IptablesError(f"Port range `{text}' funky")
    return known[0], known[-1]


def _addresses(text: str) -> IPv4Address | None:
    """The first address of a range: what a connection gets as long as nothing else has it."""
    if not text:
        return None
    first, *_ = [_address(part) for part in text.split("-")]
    return first


@lru_cache(maxsize=1000)
def _address(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        raise IptablesError(f'Bad IP address "{text}"') from None


def _within(port: int, ports: Range | None) -> int:
    """A port of the range: the packet's own where it lies in it (nf_nat_l4proto_unique_tuple)."""
    return port if ports is None or ports[0] <= port <= ports[1] else ports[0]


def _endpoint(given: Given, option: str) -> tuple[IPv4Address | None, Range | None]:
    """"10.0.0.2:80-90", "10.0.0.2-10.0.0.9" or ":53"."""
    given.require(option)
    address, colon, ports = given.text(option).partition(":")
    if colon and given.protocol not in WITH_PORTS and given.protocol != 1:
        raise IptablesError(NEEDS_PORTS)
    wanted = _ports(ports) if colon else None
    return _addresses(address), wanted if given.protocol in WITH_PORTS else None


def _own_address(passage: Passage, interface: str | None) -> IPv4Address:
    device = passage.namespace.devices.get(interface or "lo")
    return device.addresses[0].ip if device is not None and device.addresses else IPv4Address("127.0.0.1")


def _random_words(given: Given) -> list[str]:
    return [name for name in ("--random", "--random-fully", "--persistent") if name in given]


def _listed(*words: str) -> str:
    return " ".join(word.removeprefix("--") for word in words)


def _dnat(given: Given) -> Target:
    ip, ports = _endpoint(given, "--to-destination")
    text, extra = given.text("--to-destination"), _random_words(given)

    def translate(reply: Tuple, _: Passage) -> Tuple:
        return replace(reply, source=ip or reply.source, source_port=_within(reply.source_port, ports))
    return Target("DNAT", "ACCEPT", " ".join([f"--to-destination {text}", *extra]), _listed(f"to:{text}", *extra),
                  translate=translate, tables=("nat",), hooks=("PREROUTING", "OUTPUT"))


def _snat(given: Given) -> Target:
    ip, ports = _endpoint(given, "--to-source")
    text, extra = given.text("--to-source"), _random_words(given)

    def translate(reply: Tuple, _: Passage) -> Tuple:
        return replace(reply, destination=ip or reply.destination,
                       destination_port=_within(reply.destination_port, ports))
    return Target("SNAT", "ACCEPT", " ".join([f"--to-source {text}", *extra]), _listed(f"to:{text}", *extra),
                  translate=translate, tables=("nat",), hooks=("POSTROUTING", "INPUT"))


def _to_ports(given: Given) -> tuple[Range | None, str]:
    if "--to-ports" not in given:
        return None, ""
    if given.protocol not in WITH_PORTS:
        raise IptablesError(NEEDS_PORTS)
    low, high = _ports(given.text("--to-ports"))
    return (low, high), f"{low}" if low == high else f"{low}-{high}"


def _masquerade(given: Given) -> Target:
    (ports, shown), extra = _to_ports(given), _random_words(given)

    def translate(reply: Tuple, passage: Passage) -> Tuple:
        return replace(reply, destination=_own_address(passage, passage.outgoing),
                       destination_port=_within(reply.destination_port, ports))
    return Target("MASQUERADE", "ACCEPT", " ".join([*([f"--to-ports {shown}"] if shown else []), *extra]),
                  _listed(*([f"masq ports: {shown}"] if shown else []), *extra),
                  translate=translate, tables=("nat",), hooks=("POSTROUTING",))


def _redirect(given: Given) -> Target:
    (ports, shown), extra = _to_ports(given), _random_words(given)

    def translate(reply: Tuple, passage: Passage) -> Tuple:
        return replace(reply, source=_own_address(passage, passage.incoming),
                       source_port=_within(reply.source_port, ports))
    return Target("REDIRECT", "ACCEPT", " ".join([*([f"--to-ports {shown}"] if shown else []), *extra]),
                  _listed(*([f"redir ports {shown}"] if shown else []), *extra),
                  translate=translate, tables=("nat",), hooks=("PREROUTING", "OUTPUT"))


_RANDOM = (Option("--random", 0), Option("--random-fully", 0))
TRANSLATION = (
    Extension("DNAT", options(Option("--to-destination"), *_RANDOM, Option("--persistent", 0)), _dnat),
    Extension("SNAT", options(Option("--to-source"), *_RANDOM, Option("--persistent", 0)), _snat),
    Extension("MASQUERADE", options(Option("--to-ports"), *_RANDOM), _masquerade),
    Extension("REDIRECT", options(Option("--to-ports"), *_RANDOM), _redirect),
)

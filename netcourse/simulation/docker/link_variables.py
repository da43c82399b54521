"""The environment variables that a legacy link gives to its owner (moby daemon/links/links.go, ToEnv; gone in 29)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address

UNTOLD = ("HOME", "PATH")

Port = tuple[int, str]


def link_variables(name: str, ip: IPv4Address, exposed: Iterable[str], environment: Iterable[str]) -> dict[str, str]:
    """``name`` is that of the link, /web/db; ``exposed`` and ``environment`` are the target's."""
    prefix = name.rpartition("/")[2].upper().replace("-", "_")
    ports = sorted((_port(text) for text in exposed), key=lambda port: (port[1] != "tcp", port[1], port[0]))
    found = {f"{prefix}_PORT": _url(ip, ports[0])} if ports else {}
    first = last = ports[0] if ports else (0, "")
    for place, port in enumerate(ports):
        found |= _of_port(prefix, ip, port)
        if place and port == (last[0] + 1, last[1]):
            last = port
            if place + 1 < len(ports):
                continue
        if first != last:
            found |= _of_range(prefix, ip, first, last)
        first = last = port
    found[f"{prefix}_NAME"] = name
    pairs = (text.partition("=") for text in environment)
    return found | {f"{prefix}_ENV_{key}": value for key, equals, value in pairs if equals and key not in UNTOLD}


def _port(text: str) -> Port:
    number, _, protocol = text.partition("/")
    return int(number), protocol or "tcp"


def _url(ip: IPv4Address, port: Port) -> str:
    return f"{port[1]}://{ip}:{port[0]}"


def _of_port(prefix: str, ip: IPv4Address, port: Port) -> dict[str, str]:
    number, protocol = port
    start = f"{prefix}_PORT_{number}_{protocol.upper()}"
    return {start: _url(ip, port), f"{start}_ADDR": str(ip), f"{start}_PORT": str(number), f"{start}_PROTO": protocol}


def _of_range(prefix: str, ip: IPv4Address, first: Port, last: Port) -> dict[str, str]:
    start = f"{prefix}_PORT_{first[0]}_{first[1].upper()}"
    return {f"{start}_START": _url(ip, first), f"{start}_PORT_START": str(first[0]),
            f"{start}_END": _url(ip, last), f"{start}_PORT_END": str(last[0])}


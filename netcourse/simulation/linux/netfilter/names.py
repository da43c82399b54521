"""Names of ports, protocols and interfaces, as /etc/services and /etc/protocols of Debian 12 give them."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from netcourse.simulation.linux.netfilter.extension import IptablesError

ICMP, TCP, UDP = 1, 6, 17
WITH_PORTS = {6: "tcp", 17: "udp", 33: "dccp", 132: "sctp", 136: "udplite"}
LAST_PORT, LAST_PROTOCOL = 65535, 255
LONGEST_INTERFACE = 15


@cache
def _database() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(resources.files(__package__).joinpath("names.json").read_text())
    return loaded


@cache
def _names(kind: str, protocol: str = "") -> dict[int, str]:
    """The first name of each number."""
    known = _database()[kind]
    entries: dict[str, int] = known.get(protocol, {}) if protocol else known
    return {number: name for name, number in reversed(entries.items())}


def check_interface(name: str) -> None:
    """Raises IptablesError for what no interface can be called."""
    if not name:
        raise IptablesError("Empty interface is likely to be undesired")
    if len(name) > LONGEST_INTERFACE:
        raise IptablesError(f"interface name `{name}' must be shorter than IFNAMSIZ ({LONGEST_INTERFACE})")


def protocol_number(text: str) -> int | None:
    """6 for "tcp", "TCP" or "6", 0 for "all"; None for a name that nobody knows."""
    lower = text.lower()
    if lower.isdigit():
        return int(lower) if int(lower) <= LAST_PROTOCOL else None
    if lower in ("all", "ip"):
        return 0
    number: int | None = _database()["protocols"].get({"icmpv6": "ipv6-icmp"}.get(lower, lower))
    return number


def protocol_name(number: int) -> str:
    """"tcp" for 6; the number itself for one without a name."""
    return _names("protocols").get(number, str(number))


def port_number(text: str, protocol: int) -> int | None:
    """80 for "80" or "http"; None for what is neither a port nor the name of one."""
    if text.isdigit():
        return int(text) if int(text) <= LAST_PORT else None
    kind = WITH_PORTS.get(protocol, "tcp")
    number: int | None = _database()["services"].get(kind, {}).get(text)
    return number if number is not None else _database()["aliases"].get(kind, {}).get(text)


def port_name(port: int, protocol: int) -> str:
    """"http" for 80; the number itself for one without a name."""
    kind = WITH_PORTS.get(protocol)
    return _names("services", kind).get(port, str(port)) if kind else str(port)

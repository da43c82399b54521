"""What ``ip -6 route show`` tells of a route, and which of them are wanted."""

from __future__ import annotations

from ipaddress import IPv6Network

from netcourse.simulation.linux.ipv6_routes import IPv6Route
from netcourse.simulation.linux.programs.busybox.options import Complaint

Fields = dict[str, object]


def fields(route: IPv6Route) -> Fields:
    device = route.device
    is_cut = device.up and not device.carrier and route.kind != "local"
    whole = route.destination.prefixlen == route.destination.max_prefixlen
    return {"type": route.kind, "dst": str(route.destination.network_address if whole else route.destination),
            "dev": device.name, "protocol": "kernel", "scope": "global", "metric": route.metric,
            "flags": ["linkdown"] if is_cut else [], "pref": "medium"}


def is_wanted(record: Fields, given: dict[str, str]) -> bool:
    """Raises Complaint for a prefix that is none."""
    for word, key in (("dev", "dev"), ("proto", "protocol"), ("type", "type"), ("scope", "scope")):
        if given.get(word, record[key]) != record[key]:
            return False
    if given.keys() & {"via", "src", "metric"}:
        return False
    network = IPv6Network(str(record["dst"]))
    if "to" in given:
        return network == _prefix(given["to"])
    if "root" in given:
        return network.subnet_of(_prefix(given["root"]))
    return "match" not in given or _prefix(given["match"]).subnet_of(network)


def _prefix(word: str) -> IPv6Network:
    try:
        return IPv6Network("::/0" if word in ("default", "all", "any") else word, strict=False)
    except ValueError:
        raise Complaint(f'Error: inet6 prefix is expected rather than "{word}".') from None

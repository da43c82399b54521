"""``ip -6 route show``: the routes that come with the addresses which a device has by itself (net/ipv6/addrconf.c)."""

from __future__ import annotations

from ipaddress import IPv6Network

from netcourse.simulation.linux import ipv6
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.programs.busybox.options import Complaint

Fields = dict[str, object]
MULTICAST = IPv6Network("ff00::/8")
METRIC = 256


def main_routes(namespace: Namespace) -> list[Fields]:
    return [_record("unicast", str(ipv6.LINK_LOCAL_NETWORK), device, METRIC)
            for device in namespace.link_local]


def local_routes(namespace: Namespace) -> list[Fields]:
    """Of each address, then of the multicast groups on each device."""
    own = [(address.ip, device) for device in (namespace.loopback, *namespace.link_local)
           for address in ipv6.addresses_of(device) if not address.is_tentative]
    own.sort(key=lambda pair: pair[0])
    return [*(_record("local", str(ip), device, 0) for ip, device in own),
            *(_record("multicast", str(MULTICAST), device, METRIC) for device in namespace.link_local)]


def _record(kind: str, destination: str, device: Device, metric: int) -> Fields:
    is_cut = device.up and not device.carrier and kind != "local"
    return {"type": kind, "dst": destination, "dev": device.name, "protocol": "kernel", "scope": "global",
            "metric": metric, "flags": ["linkdown"] if is_cut else [], "pref": "medium"}


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

"""Which way a packet of this host's own goes to an address (net/ipv4/route.c, ip_route_output_key)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netcourse.simulation.linux.local_addresses import LIMITED_BROADCAST, LOOPBACK_ADDRESS
from netcourse.simulation.linux.local_routes import local_route_to
from netcourse.simulation.linux.routes import NoRoute, Route

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace


@dataclass(frozen=True, slots=True)
class Way:
    """``kind`` is unicast, local, broadcast or multicast; ``source`` is the address that it leaves with."""

    kind: str
    interface: str
    gateway: IPv4Address | None
    source: IPv4Address


def find_way(namespace: Namespace, target: IPv4Address, *, sender: IPv4Address | None = None,
             interface: str = "") -> Way:
    """Perhaps that of a packet from ``sender``, or out of an ``interface``. Raises NoRoute."""
    if sender is not None and not namespace.is_local(sender):
        raise NoRoute
    near = local_route_to(namespace, LOOPBACK_ADDRESS if int(target) == 0 else target, interface)
    if near is not None and near.source is not None:
        if near.kind == "local" and not namespace.loopback.up:
            raise NoRoute
        out = namespace.loopback.name if near.kind == "local" else near.interface
        return Way("multicast" if target.is_multicast else near.kind, out, None, near.source)
    route = namespace.route_to(target, interface)
    source = _source(namespace, route, target)
    if target == LIMITED_BROADCAST or target.is_multicast:
        # all are on the link: no gateway leads to them
        return Way("multicast" if target.is_multicast else "broadcast", route.interface, None, source)
    return Way("unicast", route.interface, route.gateway, source)


def _source(namespace: Namespace, route: Route, target: IPv4Address) -> IPv4Address:
    if route.source is not None:
        return route.source
    address = namespace.devices[route.interface].address_in(route.gateway or target)
    return address.ip if address is not None else namespace.source_for(target)

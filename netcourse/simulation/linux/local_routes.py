"""The local routing table: what the kernel writes down of each address (net/ipv4/fib_frontend.c, fib_add_ifaddr).

A packet to one of its own addresses never leaves; one to a broadcast address goes to all on the link.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from netcourse.simulation.linux.routes import Route

if TYPE_CHECKING:
    from netcourse.simulation.linux.address import Address
    from netcourse.simulation.linux.device import Device
    from netcourse.simulation.linux.namespace import Namespace


def local_routes(namespace: Namespace) -> list[Route]:
    """In the kernel's order: by destination, more specific first."""
    found = [route for device in namespace.devices.values() for address in device.addresses
             for route in _routes_of(device, address)]
    unique = dict.fromkeys(found)
    return sorted(unique, key=lambda route: (int(route.destination.network_address), -route.destination.prefixlen))


def local_route_to(namespace: Namespace, ip: IPv4Address, interface: str = "") -> Route | None:
    """The most specific of them that ``ip`` is in, perhaps over one interface."""
    found = [route for route in local_routes(namespace)
             if ip in route.destination and interface in ("", route.interface)]
    return max(found, key=lambda route: route.destination.prefixlen, default=None)


def _routes_of(device: Device, address: Address) -> Iterator[Route]:
    """An address is known even while its device is down; nothing can be sent to others then."""
    source = _primary(device, address)
    yield _route(IPv4Network(address.ip), device, source, kind="local")
    if not device.up:
        return
    if address.broadcast is not None and not address.is_secondary:
        yield _route(IPv4Network(address.broadcast), device, source, kind="broadcast")
    if address.is_secondary or address.prefix_length == 32:
        return
    if device.kind == "loopback" and int(address.network.network_address) >> 24:
        yield _route(address.network, device, source, kind="local")
    if address.prefix_length < 31:
        yield _route(IPv4Network(address.network.broadcast_address), device, source, kind="broadcast")


def _primary(device: Device, address: Address) -> IPv4Address:
    """A secondary address sends with the primary one of its network."""
    mates = (other.ip for other in device.addresses
             if other.network == address.network and not other.is_secondary)
    return next(mates, address.ip)


def _route(destination: IPv4Network, device: Device, source: IPv4Address, *, kind: str) -> Route:
    scope = "host" if kind == "local" else "link"
    return Route(destination, device.name, source=source, scope=scope, protocol="kernel", kind=kind)

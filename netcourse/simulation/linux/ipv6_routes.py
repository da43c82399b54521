"""The IPv6 routes that come with the addresses which devices have by themselves (net/ipv6/addrconf.c)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Network

from netcourse.simulation.linux import ipv6
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.namespace import Namespace

MULTICAST = IPv6Network("ff00::/8")
METRIC = 256


@dataclass(frozen=True)
class IPv6Route:
    """``kind`` is unicast, local or multicast."""

    kind: str
    destination: IPv6Network
    device: Device

    @property
    def metric(self) -> int:
        return 0 if self.kind == "local" else METRIC


def main_routes(namespace: Namespace) -> list[IPv6Route]:
    return [IPv6Route("unicast", ipv6.LINK_LOCAL_NETWORK, device) for device in namespace.link_local]


def local_routes(namespace: Namespace) -> list[IPv6Route]:
    """Of each address, then of the multicast groups on each device."""
    own = [IPv6Route("local", IPv6Network(address.ip), device) for device in (namespace.loopback, *namespace.link_local)
           for address in ipv6.addresses_of(device) if not address.is_tentative]
    own.sort(key=lambda route: route.destination)
    return [*own, *(IPv6Route("multicast", MULTICAST, device) for device in namespace.link_local)]

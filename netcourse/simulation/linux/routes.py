"""The routing table of a namespace: parse, look up, list. Longest prefix first, then lowest metric (ip-route(8))."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

EVERYWHERE = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True, slots=True)
class Route:
    """``protocol`` is kernel (made by adding an address), boot (typed) or static; ``scope`` global or link.

    ``kind`` is unicast, blackhole, unreachable or prohibit; only a unicast route has an ``interface``.
    """

    destination: IPv4Network
    interface: str = ""
    gateway: IPv4Address | None = None
    source: IPv4Address | None = None
    metric: int = 0
    scope: str = "global"
    protocol: str = "boot"
    kind: str = "unicast"

    @property
    def is_default(self) -> bool:
        return self.destination.prefixlen == 0

    def __str__(self) -> str:
        """As ``ip route`` prints it, without trailing blank."""
        words = [] if self.kind == "unicast" else [self.kind]
        words.append(_destination_text(self.destination))
        words += ["via", str(self.gateway)] if self.gateway else []
        words += ["dev", self.interface] if self.interface else []
        words += ["proto", self.protocol] if self.protocol != "boot" else []
        words += ["scope", self.scope] if self.scope != "global" else []
        words += ["src", str(self.source)] if self.source else []
        words += ["metric", str(self.metric)] if self.metric else []
        return " ".join(words)


def _destination_text(network: IPv4Network) -> str:
    if network.prefixlen == 0:
        return "default"
    return str(network.network_address) if network.prefixlen == 32 else str(network)


class RouteTable:
    """The main table of one namespace."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self.listing())

    def listing(self) -> list[Route]:
        """In the kernel's order: by destination, more specific last, then by metric."""
        return sorted(self._routes, key=lambda r: (int(r.destination.network_address), r.destination.prefixlen,
                                                   r.metric))

    def add(self, route: Route) -> None:
        """Raises FileExistsError when a route with this destination and metric is there already."""
        if any(self._same_place(route, other) for other in self._routes):
            raise FileExistsError
        self._routes.append(route)
        self._routes.sort(key=lambda r: (-r.destination.prefixlen, r.metric))

    def replace(self, route: Route) -> None:
        self._routes = [other for other in self._routes if not self._same_place(route, other)]
        self.add(route)

    def remove(self, route: Route) -> None:
        """Raises ProcessLookupError (ESRCH, as the kernel) when there is no such route."""
        if route not in self._routes:
            raise ProcessLookupError
        self._routes.remove(route)

    def flush(self, interface: str) -> list[Route]:
        """Remove every route over ``interface``; returns them."""
        gone = [route for route in self._routes if route.interface == interface]
        self._routes = [route for route in self._routes if route.interface != interface]
        return gone

    def lookup(self, destination: IPv4Address) -> Route | None:
        return next((route for route in self._routes if destination in route.destination), None)

    @staticmethod
    def _same_place(one: Route, other: Route) -> bool:
        return (one.destination, one.metric) == (other.destination, other.metric)

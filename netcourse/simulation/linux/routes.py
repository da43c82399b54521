"""The routing table of a namespace: parse, look up, list. Longest prefix first, then lowest metric (ip-route(8))."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

EVERYWHERE = IPv4Network("0.0.0.0/0")
_REFUSALS = {"unreachable": errno.EHOSTUNREACH, "prohibit": errno.EACCES, "blackhole": errno.EINVAL,
             "throw": errno.ENETUNREACH}


class NoRoute(OSError):
    """No route leads to the destination (ENETUNREACH), or one says no (EHOSTUNREACH, EACCES, EINVAL)."""

    def __init__(self, number: int = errno.ENETUNREACH) -> None:
        super().__init__(number, os.strerror(number))


@dataclass(frozen=True, slots=True)
class Route:
    """``protocol`` is kernel (made by adding an address), boot (typed) or static; ``scope`` global or link.

    ``kind`` is unicast, blackhole, unreachable, prohibit or throw (as if there were none); only a unicast route has an
    ``interface``. ``is_onlink``: the gateway is taken to be on the link, whatever the table says.
    """

    destination: IPv4Network
    interface: str = ""
    gateway: IPv4Address | None = None
    source: IPv4Address | None = None
    metric: int = 0
    scope: str = "global"
    protocol: str = "boot"
    kind: str = "unicast"
    is_onlink: bool = False

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
        """In the kernel's order: by destination, more specific first, then by metric."""
        return sorted(self._routes, key=lambda r: int(r.destination.network_address))

    def add(self, route: Route) -> None:
        """Raises FileExistsError when a route with this destination and metric is there already."""
        if self._rivals(route):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        self.append(route)

    def append(self, route: Route) -> None:
        """After those with the same destination and metric. Raises FileExistsError for one that is there already."""
        self._insert(len(self._routes), route)

    def prepend(self, route: Route) -> None:
        """Before those with the same destination and metric. Raises FileExistsError for one that is there already."""
        self._insert(0, route)

    def _insert(self, place: int, route: Route) -> None:
        if route in self._routes:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        self._routes.insert(place, route)
        self._routes.sort(key=lambda r: (-r.destination.prefixlen, r.metric))

    def replace(self, route: Route) -> None:
        """Instead of the first with the same destination and metric, or as a new one."""
        rivals = self._rivals(route)
        if rivals:
            self._routes[self._routes.index(rivals[0])] = route
        else:
            self.append(route)

    def change(self, route: Route) -> None:
        """Raises FileNotFoundError when there is none with the same destination and metric."""
        if not self._rivals(route):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        self.replace(route)

    def test(self, route: Route) -> None:
        """Raises FileExistsError or FileNotFoundError: whether there is one with the same destination and metric."""
        number = errno.EEXIST if self._rivals(route) else errno.ENOENT
        raise OSError(number, os.strerror(number))

    def remove(self, route: Route) -> None:
        """Raises ProcessLookupError (ESRCH, as the kernel) when there is no such route."""
        if route not in self._routes:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        self._routes.remove(route)

    def remove_like(self, destination: IPv4Network, said: dict[str, object]) -> None:
        """The first that agrees with all that is said of it (fib_trie.c, fib_table_delete); ``said`` is by the names of
        Route's fields. Raises ProcessLookupError when none does."""
        for route in self._routes:
            if route.destination == destination and all(getattr(route, name) == said[name] for name in said):
                self._routes.remove(route)
                return
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))

    def flush(self, interface: str) -> list[Route]:
        """Remove every route over ``interface``; returns them."""
        gone = [route for route in self._routes if route.interface == interface]
        self._routes = [route for route in self._routes if route.interface != interface]
        return gone

    def lookup(self, destination: IPv4Address, interface: str = "") -> Route | None:
        """The best route, or the best over ``interface`` where one is given."""
        return next((route for route in self._routes if destination in route.destination
                     and interface in ("", route.interface)), None)

    def on_link(self, gateway: IPv4Address, interface: str = "") -> Route | None:
        """The best route to what is on a link itself: only those of a narrower scope lead there."""
        return next((route for route in self._routes if gateway in route.destination and route.scope != "global"
                     and interface in ("", route.interface)), None)

    def way_to(self, destination: IPv4Address, interface: str = "") -> Route:
        """The route that is taken, perhaps one over ``interface``. Raises NoRoute."""
        route = self.lookup(destination, interface)
        if route is None:
            raise NoRoute
        if route.kind != "unicast":
            raise NoRoute(_REFUSALS[route.kind])
        return route

    def _rivals(self, route: Route) -> list[Route]:
        return [other for other in self._routes
                if (other.destination, other.metric) == (route.destination, route.metric)]

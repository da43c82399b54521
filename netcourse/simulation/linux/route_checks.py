"""What the kernel asks of a route before it takes it in (net/ipv4/fib_semantics.c, fib_create_info, fib_check_nh)."""

from __future__ import annotations

import errno
from dataclasses import replace
from typing import TYPE_CHECKING

from netcourse.simulation.linux.routes import Route

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace


class RouteRefused(OSError):
    """``sentence`` is what the kernel says besides the error number; empty where it says nothing."""

    def __init__(self, number: int, sentence: str = "") -> None:
        super().__init__(number, sentence)
        self.sentence = sentence


def checked(namespace: Namespace, route: Route) -> Route:
    """The route as it enters the table, with the interface that its gateway is behind. Raises RouteRefused."""
    if route.source is not None and not namespace.is_local(route.source):
        raise RouteRefused(errno.EINVAL, "Invalid prefsrc address.")
    if route.kind != "unicast":
        return route
    if route.gateway is not None:
        return _with_gateway(namespace, route)
    if not route.interface:
        raise RouteRefused(errno.ENODEV)
    if not namespace.devices[route.interface].up:
        raise RouteRefused(errno.ENETDOWN, "Device for nexthop is not up.")
    return route


def _with_gateway(namespace: Namespace, route: Route) -> Route:
    assert route.gateway is not None
    if route.is_onlink:
        if not route.interface or not namespace.devices[route.interface].up:
            raise RouteRefused(errno.ENETDOWN, "Nexthop device is not up.")
        return route
    way = namespace.routes.lookup(route.gateway, route.interface)
    if way is None or way.gateway is not None or way.kind != "unicast" or namespace.is_local(route.gateway):
        raise RouteRefused(errno.ENETUNREACH, "Nexthop has invalid gateway.")
    return replace(route, interface=way.interface)

"""What the kernel asks of a route before it takes it in (net/ipv4/fib_semantics.c, fib_create_info, fib_check_nh)."""

from __future__ import annotations

import errno
from dataclasses import replace
from ipaddress import IPv4Interface, IPv4Network
from typing import TYPE_CHECKING

from netcourse.simulation.linux.local_routes import local_route_to
from netcourse.simulation.linux.refusal import Refused
from netcourse.simulation.linux.routes import Route

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace

_WRONG_GATEWAY = "Nexthop has invalid gateway."


def destination(prefix: IPv4Interface) -> IPv4Network:
    """Raises Refused for an address with bits behind its network's part (net/ipv4/fib_trie.c)."""
    if prefix.ip != prefix.network.network_address:
        raise Refused(errno.EINVAL, "Invalid prefix for given prefix length.")
    return prefix.network


def checked(namespace: Namespace, route: Route) -> Route:
    """The route as it enters the table, with the interface that its gateway is behind. Raises Refused."""
    found = _with_next_hop(namespace, route)
    if route.source is not None and not namespace.is_local(route.source):
        raise Refused(errno.EINVAL, "Invalid prefsrc address.")
    return found


def _with_next_hop(namespace: Namespace, route: Route) -> Route:
    if route.kind != "unicast":
        if route.interface or route.gateway is not None:
            raise Refused(errno.EINVAL,
                               "Gateway, device and multipath can not be specified for this route type.")
        return route
    if route.gateway is not None:
        return _onlink(namespace, route) if route.is_onlink else _with_gateway(namespace, route)
    if not route.interface:
        raise Refused(errno.ENODEV)
    if not namespace.devices[route.interface].up:
        raise Refused(errno.ENETDOWN, "Device for nexthop is not up.")
    return route


def _onlink(namespace: Namespace, route: Route) -> Route:
    assert route.gateway is not None
    if route.scope != "global":
        raise Refused(errno.EINVAL, "Nexthop has invalid scope.")
    if not route.interface:
        raise Refused(errno.ENODEV)
    if not namespace.devices[route.interface].up:
        raise Refused(errno.ENETDOWN, "Nexthop device is not up.")
    if local_route_to(namespace, route.gateway) is not None or route.gateway.is_multicast:
        raise Refused(errno.EINVAL, _WRONG_GATEWAY)
    return route


def _with_gateway(namespace: Namespace, route: Route) -> Route:
    """Behind a gateway that is on a link, or is this host itself."""
    assert route.gateway is not None
    way = local_route_to(namespace, route.gateway, route.interface)
    if way is not None and way.kind != "local":
        raise Refused(errno.EINVAL, _WRONG_GATEWAY)
    if way is None and route.scope == "global":
        way = namespace.routes.on_link(route.gateway, route.interface)
    if way is None or way.gateway is not None or way.kind not in ("unicast", "local"):
        raise Refused(errno.ENETUNREACH, _WRONG_GATEWAY)
    return replace(route, interface=way.interface)

"""``ip route add``, ``append``, ``prepend``, ``replace``, ``change``, ``del`` and ``flush``."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace as with_fields
from ipaddress import IPv4Interface

from netcourse.simulation.linux.programs.busybox.options import Complaint
from netcourse.simulation.linux.programs.host.ip import words
from netcourse.simulation.linux.programs.host.ip.route import read_selection, selected
from netcourse.simulation.linux.programs.host.ip.words import Request
from netcourse.simulation.linux.refusal import Refused
from netcourse.simulation.linux.route_checks import checked, destination
from netcourse.simulation.linux.routes import Route, RouteTable

KINDS = ("unicast", "unreachable", "blackhole", "prohibit")
KEYWORDS = {"via": "via", "dev": "dev", "oif": "dev", "src": "src", "metric": "metric", "preference": "metric",
            "proto": "proto", "protocol": "proto", "scope": "scope", "table": "table", "to": "to"}
UNSIMULATED = ("nexthop", "mtu", "tos", "weight", "encap", "advmss", "window", "rtt", "nhid", "throw", "local",
               "broadcast", "multicast", "nat", "table")
SCOPES = ("global", "link", "host")
FLUSH_FILE = "/proc/sys/net/ipv4/route/flush"
PROTOCOLS = ("boot", "static", "kernel", "redirect", "dhcp")


def _read(request: Request, rest: list[str]) -> tuple[Route, IPv4Interface, dict[str, str]]:
    """The route that was typed, unchecked; its destination as it was typed; and what was said. Raises Complaint."""
    if not rest:
        raise words.usage("ip route")
    kind = rest[0] if rest[0] in KINDS else ""
    unsimulated = next((word for word in rest if word in UNSIMULATED and word != "table"), None)
    if unsimulated is not None or request.family == "6":
        raise words.not_simulated(f"route with {unsimulated or '-6'}")
    given = words.read(rest[1:] if kind else rest, KEYWORDS, flags=("onlink",), bare="to")
    if given.get("table", "main") not in ("main", "254"):
        raise words.not_simulated(f"the routing table {given['table']}")
    if "to" not in given:
        raise Complaint("need at least a destination address")
    prefix = words.prefix(given["to"])
    gateway = words.ip_address(given["via"]) if "via" in given else None
    source = words.ip_address(given["src"], "any valid") if "src" in given else None
    device = words.to_change(request.namespace, given["dev"]).name if "dev" in given else ""
    for word, known in (("scope", SCOPES), ("proto", PROTOCOLS)):
        if given.get(word, known[0]) not in known:
            raise words.wrong_argument(given[word], f'"{word}" value is invalid')
    if gateway is not None and int(gateway) == 0:
        gateway = None
    narrow = "via" not in given and kind in ("", "unicast")
    scope = given.get("scope", "link" if narrow else "global")
    metric = words.number(given["metric"], "metric") if "metric" in given else 0
    route = Route(prefix.network, device, gateway, source, metric, scope, given.get("proto", "boot"),
                  kind or "unicast", "onlink" in given)
    return route, prefix, given | ({"kind": kind} if kind else {})


def _changing(put: Callable[[RouteTable, Route], None]) -> Callable[[Request, list[str]], None]:
    def change(request: Request, rest: list[str]) -> None:
        route, prefix, _ = _read(request, rest)
        request.need_privilege()
        try:
            route = with_fields(route, destination=destination(prefix))
            put(request.namespace.routes, checked(request.namespace, route))
        except Refused as refusal:
            raise words.refused(refusal) from None
        except OSError as error:
            raise words.answers(error.errno or errno.EINVAL) from None

    return change


add, append, prepend, replace, change = (_changing(put) for put in (
    RouteTable.add, RouteTable.append, RouteTable.prepend, RouteTable.replace, RouteTable.change))


def delete(request: Request, rest: list[str]) -> None:
    wanted, prefix, given = _read(request, rest)
    request.need_privilege()
    fields = {"dev": "interface", "via": "gateway", "src": "source", "metric": "metric", "proto": "protocol",
              "scope": "scope", "kind": "kind"}
    said = {name: getattr(wanted, name) for word, name in fields.items() if word in given}
    try:
        request.namespace.routes.remove_like(destination(prefix), said)
    except Refused as refusal:
        raise words.refused(refusal) from None
    except ProcessLookupError:
        raise words.answers(errno.ESRCH) from None


def flush(request: Request, rest: list[str]) -> None:
    if not rest:
        raise Complaint('"ip route flush" requires arguments.')
    if rest == ["cache"]:
        try:
            request.process.files.write(FLUSH_FILE, b"")  # which may be mounted read-only
        except OSError as error:
            request.process.complain(f'Cannot open "{FLUSH_FILE}": {error.strerror}')
            return
        request.namespace.ipv4.path_mtus.forget()
        return
    given = read_selection(rest)
    if given.get("table", "main") not in ("main", "254") or request.family == "6":
        raise words.not_simulated(f"flushing the routing table {given.get('table', 'of IPv6')}")
    gone = selected(request, given)
    request.need_privilege()
    for route in gone:
        request.namespace.routes.remove(route)

"""busybox ip route add, append, change, delete, prepend, replace and test (networking/libiproute/iproute.c)."""

from __future__ import annotations

import errno
from dataclasses import replace
from ipaddress import IPv4Interface
from typing import Any

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.ip.words import (
    Words,
    abbreviated,
    address,
    duplicate,
    find_device,
    need_privilege,
    number,
    prefix,
    refused,
    value_of,
)
from netcourse.simulation.linux.programs.busybox.options import Complaint
from netcourse.simulation.linux.route_checks import checked, destination
from netcourse.simulation.linux.routes import EVERYWHERE, Route, RouteTable

_WORDS = ("src", "via", "mtu", "advmss", "scope", "protocol", "table", "dev", "oif", "to", "metric", "onlink")
_KINDS = ("local", "nat", "broadcast", "brd", "anycast", "multicast", "prohibit", "unreachable", "blackhole",
          "xresolve", "unicast", "throw")
_SIMULATED_KINDS = ("unicast", "prohibit", "unreachable", "blackhole", "throw")
SCOPES = ("global", "site", "link", "host", "nowhere")
PROTOCOLS = ("unspec", "redirect", "kernel", "boot", "static", "gated", "ra", "mrt", "zebra", "bird", "dnrouted",
             "xorp", "ntk", "dhcp")
_FIELDS = {"dev": "interface", "via": "gateway", "src": "source", "metric": "metric", "protocol": "protocol",
           "scope": "scope", "kind": "kind"}
_CHANGES = {"add": RouteTable.add, "append": RouteTable.append, "change": RouteTable.change, "chg": RouteTable.change,
            "prepend": RouteTable.prepend, "replace": RouteTable.replace, "test": RouteTable.test}


def change(process: Process, verb: str, words: Words) -> None:
    """Raises Complaint."""
    given = _read(words)
    if "dev" in given:
        find_device(process.namespace, given["dev"])
    need_privilege(process)
    unsimulated = next((word for word in ("table", "mtu", "advmss") if word in given), None)
    kind = given.get("kind", "unicast")
    if unsimulated is not None or kind not in _SIMULATED_KINDS:
        raise Complaint(f"ip: route {verb} {unsimulated or kind} is not simulated by netcourse")
    given["via"], has_gateway = given.get("via") or None, "via" in given
    route = Route(EVERYWHERE, given.get("dev", ""), given["via"], given.get("src"), given.get("metric", 0),
                  given.get("scope", "link" if kind == "unicast" and not has_gateway else "global"),
                  given.get("protocol", "boot"), kind, is_onlink="onlink" in given)
    try:
        network = destination(given.get("to", IPv4Interface(EVERYWHERE)))
        if verb == "delete":
            said = {_FIELDS[word]: value for word, value in given.items() if word in _FIELDS and value is not None}
            process.namespace.routes.remove_like(network, said)
        else:
            _CHANGES[verb](process.namespace.routes, checked(process.namespace, replace(route, destination=network)))
    except OSError as error:
        raise refused(error.errno or errno.EINVAL) from None


def _read(words: Words) -> dict[str, Any]:
    """Each word is read before the next is looked at. Raises Complaint."""
    given: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        name = abbreviated(_WORDS, word)
        if name == "onlink":
            given[name] = True
        elif name and name != "to":
            given["dev" if name == "oif" else name] = read_value(name, value_of(rest))
        else:
            target = value_of(rest) if name == "to" else word
            kind = "" if target[:1].isdigit() else abbreviated(_KINDS, target)
            if kind:
                given["kind"], target = kind, value_of(rest)
            if "to" in given:
                raise duplicate("to", target)
            given["to"] = prefix(target) or IPv4Interface(EVERYWHERE)
    return given


def read_value(name: str, text: str) -> object:
    """Raises Complaint."""
    if name in ("src", "via"):
        ip = address(text)
        return ip if int(ip) else None
    if name == "metric":
        return number(text, "metric")
    known = {"protocol": PROTOCOLS, "scope": SCOPES, "table": ("default", "main", "local", "all")}.get(name)
    if known is not None and text not in known and not text.isdigit():
        raise Complaint(f"ip: invalid argument '{text}' to '{name}'")
    return text

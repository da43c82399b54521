"""busybox ip route (networking/libiproute/iproute.c)."""

from __future__ import annotations

import errno
import os
from ipaddress import IPv4Address, IPv4Network

from netcourse.simulation.linux.local_addresses import LOOPBACK_ADDRESS, LOOPBACK_NETWORK
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.ip.words import (
    SHOW,
    Manner,
    Words,
    arguments,
    find_device,
    invalid,
    need_privilege,
    refused,
)
from netcourse.simulation.linux.programs.busybox.options import Complaint
from netcourse.simulation.linux.routes import EVERYWHERE, NoRoute, Route

_FILTERS = {"dev", "oif", "table", "proto", "protocol", "scope", "via", "src", "root", "match", "exact", "to", "type",
            "metric", "from"}
_CHANGES = {"add", "a", "append", "replace", "change", "del", "delete", "d", "prepend"}


def route(process: Process, words: Words, manner: Manner) -> None:
    verb, rest = (words[0], words[1:]) if words else ("show", [])
    if verb == "get":
        process.write(_route_to(process.namespace, rest))
    elif verb in SHOW:
        if manner.family != "inet6":
            _show(process, rest)
    elif verb == "flush":
        _flush(process, rest)
    elif verb in _CHANGES:
        _change(process, verb, rest)
    else:
        raise invalid(verb)


def _show(process: Process, words: Words) -> None:
    given, rest = arguments(words, _FILTERS)
    if "dev" in given:
        find_device(process.namespace, given["dev"])
    table = given.get("table", "main")
    lines = _local_lines(process.namespace) if table in ("local", "255", "all") else []
    routes = process.namespace.routes.listing() if table in ("main", "254", "all") else []
    for entry in routes:
        if _is_wanted(entry, given, rest):
            process.write(_line(entry, given))
    process.write("".join(lines))


def _is_wanted(entry: Route, given: dict[str, str], rest: Words) -> bool:
    """No notice is taken of proto and via, and nothing is found by src; "default" is a prefix of all routes."""
    if given.get("dev", entry.interface) != entry.interface or given.get("scope", entry.scope) != entry.scope:
        return False
    if "src" in given:
        return False
    for keyword in ("root", "match", "exact"):
        if keyword in given and not _fits(entry.destination, keyword, _prefix(given[keyword])):
            return False
    text = given.get("to", "".join(rest[:1]))
    return not text or text == "default" or entry.destination == _prefix(text)


def _prefix(text: str) -> IPv4Network:
    try:
        return EVERYWHERE if text in ("default", "all", "any") else IPv4Network(text)
    except ValueError:
        raise Complaint(f"ip: an inet prefix is expected rather than \"{text}\"") from None


def _fits(destination: IPv4Network, keyword: str, prefix: IPv4Network) -> bool:
    if keyword == "root":
        return destination.subnet_of(prefix)
    return prefix.subnet_of(destination) if keyword == "match" else destination == prefix


def _line(entry: Route, given: dict[str, str]) -> str:
    """With the two blanks that busybox prints before src; what all have in common, as asked for, isn't repeated."""
    via = f" via {entry.gateway}" if entry.gateway and "via" not in given else ""
    scope = f" scope {entry.scope}" if entry.scope != "global" and "scope" not in given else ""
    source = f"  src {entry.source}" if entry.source else ""
    metric = f" metric {entry.metric}" if entry.metric else ""
    destination = "default" if entry.is_default else str(entry.destination).removesuffix("/32")
    return f"{destination}{via} dev {entry.interface}{scope}{source}{metric} \n"


def _local_lines(namespace: Namespace) -> list[str]:
    """The table that the kernel keeps of its own addresses (ip-route(8), table local)."""
    found: list[tuple[int, str]] = []
    for device in namespace.devices.values():
        for own in device.addresses if device.up else ():
            ends = {(own.ip, "local", "host")}
            if own.prefix_length < 31:
                ends.add((own.network.broadcast_address, "broadcast", "link"))
            found += [(int(ip) * 2 + 1, f"{kind} {ip} dev {device.name} scope {scope}  src {own.ip} \n")
                      for ip, kind, scope in ends]
    if namespace.loopback.up:
        found.append((int(LOOPBACK_NETWORK.network_address) * 2,
                      f"local {LOOPBACK_NETWORK} dev lo scope host  src {LOOPBACK_ADDRESS} \n"))
    return [line for _, line in sorted(found)]


def _route_to(namespace: Namespace, words: Words) -> str:
    given, rest = arguments(words, {"from", "dev", "oif", "iif", "to"})
    try:
        target = IPv4Address(given.get("to") or rest[0].partition("/")[0])
    except (ValueError, IndexError):
        raise Complaint("ip: need at least destination address") from None
    interface = given.get("dev", given.get("oif", ""))
    if interface:
        find_device(namespace, interface)
    if namespace.is_local(target):
        return f"local {target} dev lo  src {namespace.source_for(target)} \n    cache \n"
    try:
        entry = namespace.route_to(target) if not interface else namespace.routes.lookup(target, interface)
    except NoRoute:
        entry = None
    if entry is None:
        raise refused(errno.ENETUNREACH)
    via = f" via {entry.gateway}" if entry.gateway else ""
    sender = f" from {given['from']}" if "from" in given else ""
    source = "" if sender else f"  src {namespace.source_for(target)}"
    return f"{target}{sender}{via} dev {entry.interface}{source} \n    cache \n"


def _flush(process: Process, words: Words) -> None:
    given, rest = arguments(words, _FILTERS)
    if not words:
        raise Complaint('ip: "ip route flush" requires an argument')
    gone = [entry for entry in process.namespace.routes.listing() if _is_wanted(entry, given, rest)]
    if gone and not process.privileged:
        raise Complaint(f"ip: can't send flush request: {os.strerror(errno.EPERM)}")
    for entry in gone:
        process.namespace.routes.remove(entry)


def _change(process: Process, verb: str, words: Words) -> None:
    namespace = process.namespace
    given, rest = arguments(words, {"via", "dev", "src", "metric", "scope", "proto", "table", "mtu", "oif"})
    gateway = _address(given["via"]) if "via" in given else None
    source = _address(given["src"]) if "src" in given else None
    need_privilege(process)
    unsimulated = next((word for word in ("table", "mtu") if word in given), None)
    if unsimulated is not None:
        raise Complaint(f"ip: route {verb} {unsimulated} is not simulated by netcourse")
    destination = _prefix("".join(rest[:1]))
    if verb[0] == "d":
        gone = next((r for r in namespace.routes.listing() if r.destination == destination and
                     given.get("dev", r.interface) == r.interface and gateway in (None, r.gateway)), None)
        if gone is None:
            raise refused(errno.ESRCH)
        namespace.routes.remove(gone)
        return
    interface = given.get("dev") or _interface_of(namespace, gateway)
    entry = Route(destination, find_device(namespace, interface).name, gateway, source, int(given.get("metric", "0")),
                  "global" if gateway else "link")
    try:
        (namespace.routes.replace if verb in ("replace", "change") else namespace.routes.add)(entry)
    except FileExistsError:
        raise refused(errno.EEXIST) from None


def _address(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        raise Complaint(f"ip: an inet address is expected rather than \"{text}\"") from None


def _interface_of(namespace: Namespace, gateway: IPv4Address | None) -> str:
    """The interface through which a gateway can be reached directly."""
    route = namespace.routes.lookup(gateway) if gateway is not None else None
    if gateway is None:
        raise refused(errno.ENODEV)
    if route is None or route.gateway is not None:
        raise refused(errno.ENETUNREACH)
    return route.interface

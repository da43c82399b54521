"""busybox ip route show, get and flush (networking/libiproute/iproute.c)."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from ipaddress import IPv4Interface, IPv4Network
from typing import Any

from netcourse.simulation.linux import ipv6_routes
from netcourse.simulation.linux.local_routes import local_routes
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.ip.route_changes import change, read_value
from netcourse.simulation.linux.programs.busybox.ip.words import (
    Manner,
    Words,
    abbreviated,
    address,
    find_device,
    invalid,
    is_anything,
    prefix,
    refused,
    value_of,
)
from netcourse.simulation.linux.programs.busybox.options import Complaint
from netcourse.simulation.linux.routes import EVERYWHERE, NoRoute, Route
from netcourse.simulation.linux.ways import find_way

_VERBS = ("a", "add", "append", "change", "chg", "delete", "get", "list", "show", "prepend", "replace", "test", "flush")
_FILTERS = ("protocol", "dev", "oif", "iif", "via", "table", "cache", "from", "to", "scope", "root", "match", "exact",
            "main")
_TABLES = {"main": ("main",), "254": ("main",), "local": ("local",), "255": ("local",), "all": ("main", "local"),
           "0": ("main", "local"), "cache": ("main", "local")}
_FLUSH_FILE = "/proc/sys/net/ipv4/route/flush"


def route(process: Process, words: Words, manner: Manner) -> None:
    verb = abbreviated(_VERBS, words[0]) if words else "show"
    if verb == "get":
        process.write(_way(process.namespace, words[1:]))
    elif verb in ("show", "list"):
        if manner.family != "inet6":
            _show(process, words[1:], manner)
    elif verb == "flush":
        _flush(process, words[1:])
    elif verb:
        change(process, "add" if verb == "a" else verb, words[1:])
    else:
        raise invalid(words[0])


def _filters(namespace: Namespace, words: Words) -> dict[str, Any]:
    """Of several prefixes the last counts. Raises Complaint."""
    given: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        name = abbreviated(_FILTERS, word)
        if name == "cache":
            given["table"] = name
        elif name in ("root", "match", "exact"):
            given["prefix"] = name, value_of(rest)
        elif name in ("to", "from", "", "main"):
            text = value_of(rest) if name in ("to", "from") else word
            how = abbreviated(("root", "match", "exact"), text) if name in ("to", "from") else ""
            given["from" if name == "from" else "prefix"] = how or "exact", value_of(rest) if how else text
        else:
            given["dev" if name == "oif" else name] = read_value(name, value_of(rest))
        if "prefix" in given and not is_anything(given["prefix"][1]):
            prefix(given["prefix"][1])
    if "dev" in given:
        find_device(namespace, given["dev"])
    return given


def _show(process: Process, words: Words, manner: Manner) -> None:
    given = _filters(process.namespace, words)
    tables = _TABLES.get(given.get("table", "main"), ())
    for table in tables:
        for entry in _chosen(process.namespace, given, table):
            shown_table = " table local" if table == "local" and given["table"] in ("all", "0") else ""
            process.write(_line(entry, given, shown_table))
    if given.get("table") in ("all", "0") and not manner.family:
        for own in _ipv6_routes(process.namespace, given):
            process.write(f"local {own.destination.network_address} dev {own.device.name} table local  metric 0 \n")


def _ipv6_routes(namespace: Namespace, given: dict[str, Any]) -> Iterator[ipv6_routes.IPv6Route]:
    if not given.keys() & {"prefix", "scope"}:
        yield from (entry for entry in ipv6_routes.local_routes(namespace)
                    if entry.kind == "local" and given.get("dev", entry.device.name) == entry.device.name)


def _chosen(namespace: Namespace, given: dict[str, Any], table: str) -> list[Route]:
    """No notice is taken of protocol and via."""
    routes = namespace.routes.listing() if table == "main" else local_routes(namespace)
    return [entry for entry in routes if given.get("dev", entry.interface) == entry.interface
            and given.get("scope", entry.scope) == entry.scope and _is_in(entry.destination, *given.get("prefix", ()))
            and is_anything(given.get("from", ("exact", "all"))[1])]


def _is_in(network: IPv4Network, how: str = "exact", text: str = "all") -> bool:
    """What is no address is a prefix of no length."""
    if is_anything(text):
        return True
    wanted = (prefix(text) or IPv4Interface(EVERYWHERE)).network
    if how == "root":
        return network.subnet_of(wanted)
    return wanted.subnet_of(network) if how == "match" else network == wanted


def _line(entry: Route, given: dict[str, Any], table: str = "") -> str:
    """Each word with a blank after it, and src and metric with one before; what was asked for isn't repeated."""
    kind = "" if entry.kind == "unicast" else f"{entry.kind} "
    via = f" via {entry.gateway}" if entry.gateway and "via" not in given else ""
    device = f" dev {entry.interface}" if entry.interface else ""
    scope = f" scope {entry.scope}" if entry.scope != "global" and "scope" not in given else ""
    source = f"  src {entry.source}" if entry.source else ""
    metric = f"  metric {entry.metric}" if entry.metric else ""
    onlink = " onlink" if entry.is_onlink else ""
    destination = "default" if entry.is_default else str(entry.destination).removesuffix("/32")
    return f"{kind}{destination}{via}{device}{table}{scope}{source}{metric}{onlink} \n"


def _way(namespace: Namespace, words: Words) -> str:
    given: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name = abbreviated(("from", "iif", "oif", "dev", "to"), word) or "to"
        given["oif" if name == "dev" else name] = word if name == "to" and word != "to" else value_of(rest)
    target = prefix(given["to"]) if "to" in given and not is_anything(given["to"]) else None
    if target is None or target.network.prefixlen == 0:
        raise Complaint("ip: need at least destination address")
    if "iif" in given:
        raise Complaint("ip: route get iif is not simulated by netcourse")
    if "oif" in given:
        find_device(namespace, given["oif"])
    try:
        way = find_way(namespace, target.ip, sender=address(given["from"]) if "from" in given else None,
                       interface=given.get("oif", ""))
    except NoRoute as refusal:
        raise refused(refusal.errno or errno.ENETUNREACH) from None
    kind = "" if way.kind == "unicast" else f"{way.kind} "
    sender = f" from {given['from']}" if "from" in given else ""
    via = f" via {way.gateway}" if way.gateway else ""
    source = "" if sender else f"  src {way.source}"
    return f"{kind}{target.ip}{sender}{via} dev {way.interface}{source} \n    cache \n"


def _flush(process: Process, words: Words) -> None:
    if not words:
        raise Complaint('ip: "ip route flush" requires an argument')
    given = _filters(process.namespace, words)
    table = given.get("table", "main")
    if table == "cache":
        _flush_cache(process)
        return
    if _TABLES.get(table) != ("main",):
        raise Complaint(f"ip: route flush table {table} is not simulated by netcourse")
    gone = _chosen(process.namespace, given, "main")
    if gone and not process.privileged:
        raise Complaint(f"ip: can't send flush request: {os.strerror(errno.EPERM)}")
    for entry in gone:
        process.namespace.routes.remove(entry)


def _flush_cache(process: Process) -> None:
    try:
        process.files.write(_FLUSH_FILE, b"-1")
    except OSError as error:
        process.complain(f"ip: can't open '{_FLUSH_FILE}': {error.strerror}")

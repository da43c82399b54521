"""busybox route (networking/route.c): the routing table, and routes added and removed by hand."""

from __future__ import annotations

import errno
import os
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, number, options, usage
from netcourse.simulation.linux.refusal import Refused
from netcourse.simulation.linux.resolver import NameNotFound, find_address, find_name
from netcourse.simulation.linux.route_checks import checked, destination
from netcourse.simulation.linux.routes import EVERYWHERE, Route

_HEADERS = {"plain": "Flags Metric Ref    Use Iface", "extended": "Flags   MSS Window  irtt Iface"}
_WITH_VALUE = {"metric", "netmask", "gw", "gateway", "mss", "window", "irtt", "dev", "device"}
_IGNORED = {"mod", "dyn", "reinstate"}


@complaining
async def route(process: Process) -> int:
    kind = next((word for word in process.arguments if word in ("-net", "-host")), "")
    process.arguments = [word for word in process.arguments if word not in ("-net", "-host")]
    given, rest = options(process, "neA:")
    family = given.get("A", "inet")
    if family not in ("inet", "inet6") or (rest and rest[0] not in ("add", "del", "delete")):
        raise usage("route")
    if family == "inet6":
        raise Complaint("route: IPv6 is not simulated by netcourse")
    if rest:
        await _change(process, rest[0], rest[1:], kind)
    else:
        await list_routes(process, numeric="n" in given, extended="e" in given)
    return 0


async def list_routes(process: Process, *, numeric: bool, extended: bool) -> None:
    """As ``netstat -r`` prints it too, which is ``extended``."""
    header = _HEADERS["extended" if extended else "plain"]
    process.write(f"Kernel IP routing table\nDestination     Gateway         Genmask         {header}\n")
    for entry in process.namespace.routes.listing():
        target = "default" if entry.is_default and not numeric else str(entry.destination.network_address)
        gateway = await _gateway_text(process, entry, numeric=numeric)
        flags = ("U" if entry.kind == "unicast" else "!") + ("G" if entry.gateway else "")
        flags += "H" if entry.destination.prefixlen == 32 else ""
        numbers = f"{flags:<9} 0 0          0" if extended else f"{flags:<5} {entry.metric:<6} 0        0"
        process.write(f"{target:<15} {gateway:<15} {entry.destination.netmask!s:<15} {numbers} "
                      f"{entry.interface or '*'}\n")


async def _gateway_text(process: Process, entry: Route, *, numeric: bool) -> str:
    """By name, unless it is the first address of the destination's network, which is taken for a network."""
    if entry.gateway is None:
        return "0.0.0.0" if numeric else "*"
    is_host = int(entry.gateway) & int(entry.destination.hostmask)
    name = await find_name(process, entry.gateway) if is_host and not numeric else None
    return name or str(entry.gateway)


async def _change(process: Process, verb: str, words: list[str], kind: str) -> None:
    if not words:
        raise usage("route")
    target = await _target(process, words[0], kind)
    settings = _settings(words[1:])
    gateway = await _resolved(process, settings["gw"]) if "gw" in settings else None
    length = _length(target, settings.get("netmask", ""), kind or ("-net" if words[0] == "default" else "-host"))
    metric = number(process, settings["metric"], 0, 2**31 - 1) if "metric" in settings else None
    request = "SIOCADDRT" if verb == "add" else "SIOCDELRT"
    if not process.privileged:
        raise Complaint(f"route: {request}: {os.strerror(errno.EPERM)}")
    try:
        network = destination(IPv4Interface((target[0], length)))
        (_add if verb == "add" else _delete)(process.namespace, network, gateway, settings, metric)
    except OSError as error:
        raise Complaint(f"route: {request}: {os.strerror(error.errno or 0)}") from None


async def _resolved(process: Process, name: str) -> IPv4Address:
    try:
        return await find_address(process, name)
    except NameNotFound:
        raise Complaint(f"route: resolving {name}") from None


async def _target(process: Process, text: str, kind: str) -> tuple[IPv4Address, int]:
    """The destination's address, and how long its network's part is."""
    name, slash, length = text.partition("/")
    ip = EVERYWHERE.network_address if text == "default" else await _resolved(process, name)
    if slash and not (length.isdigit() and int(length) < 33):
        raise usage("route")
    if slash:
        return ip, int(length)
    return ip, 0 if kind == "-net" or text == "default" else 32


def _settings(words: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    while words:
        word = words.pop(0)
        if word in _WITH_VALUE and words:
            found[{"gateway": "gw", "device": "dev"}.get(word, word)] = words.pop(0)
        elif word == "reject":
            found[word] = word
        elif word not in _IGNORED:
            if word in _WITH_VALUE or words:
                raise usage("route")
            found["dev"] = word
    return found


def _length(target: tuple[IPv4Address, int], mask: str, kind: str) -> int:
    """Raises Complaint for a netmask that is none, or that doesn't fit the address."""
    try:
        network = IPv4Network(f"{target[0]}/{mask or target[1]}", strict=False)
    except ValueError:
        raise Complaint(f"route: bogus netmask {mask}") from None
    if kind == "-host" and (mask or network.prefixlen < 32):
        swapped = int.from_bytes(network.netmask.packed, "little")
        raise Complaint(f"route: netmask {swapped:08x} and host route conflict")
    if network.prefixlen and network.network_address != target[0]:
        raise Complaint("route: netmask and route address conflict")
    return network.prefixlen


def _add(namespace: Namespace, network: IPv4Network, gateway: IPv4Address | None, settings: dict[str, str],
         metric: int | None) -> None:
    """Before those that are like it (net/ipv4/fib_frontend.c, rtentry_to_fib_config). Raises OSError."""
    interface = settings.get("dev", "")
    if interface and interface not in namespace.devices:
        raise Refused(errno.ENODEV)
    if "reject" in settings:
        route = Route(network, metric=metric or 0, scope="host", kind="unreachable")
    elif gateway is not None and int(gateway) == 0:
        raise Refused(errno.EINVAL)
    else:
        is_far = gateway is not None and not namespace.is_local(gateway)
        route = Route(network, interface, gateway, metric=metric or 0, scope="global" if is_far else "link")
    namespace.routes.prepend(checked(namespace, route))


def _delete(namespace: Namespace, network: IPv4Network, gateway: IPv4Address | None, settings: dict[str, str],
            metric: int | None) -> None:
    """Raises OSError."""
    said = {"interface": settings.get("dev"), "gateway": gateway, "metric": metric}
    namespace.routes.remove_like(network, {name: value for name, value in said.items() if value is not None})

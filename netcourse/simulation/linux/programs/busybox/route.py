"""busybox route (networking/route.c): the routing table, and routes added and removed by hand."""

from __future__ import annotations

import errno
import os
from ipaddress import IPv4Address, IPv4Network

from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, options, usage
from netcourse.simulation.linux.resolver import NameNotFound, find_address
from netcourse.simulation.linux.routes import EVERYWHERE, NoRoute, Route

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
        list_routes(process, numeric="n" in given, extended="e" in given)
    return 0


def list_routes(process: Process, *, numeric: bool, extended: bool) -> None:
    """As ``netstat -r`` prints it too, which is ``extended``."""
    header = _HEADERS["extended" if extended else "plain"]
    process.write(f"Kernel IP routing table\nDestination     Gateway         Genmask         {header}\n")
    for entry in process.namespace.routes.listing():
        destination = "default" if entry.is_default and not numeric else str(entry.destination.network_address)
        gateway = str(entry.gateway or ("0.0.0.0" if numeric else "*"))
        flags = "U" + ("G" if entry.gateway else "") + ("H" if entry.destination.prefixlen == 32 else "")
        numbers = f"{flags:<9} 0 0          0" if extended else f"{flags:<5} {entry.metric:<6} 0        0"
        process.write(f"{destination:<15} {gateway:<15} {entry.destination.netmask!s:<15} {numbers} "
                      f"{entry.interface}\n")


async def _change(process: Process, verb: str, words: list[str], kind: str) -> None:
    if not words:
        raise usage("route")
    target = await _target(process, words[0], kind)
    settings = _settings(words[1:])
    gateway = await _resolved(process, settings["gw"]) if "gw" in settings else None
    length = _length(target, settings.get("netmask", ""), kind)
    request = "SIOCADDRT" if verb == "add" else "SIOCDELRT"
    if not process.privileged:
        raise Complaint(f"route: {request}: {os.strerror(errno.EPERM)}")
    try:
        destination = _network(target[0], length)
        (_add if verb == "add" else _delete)(process.namespace, destination, gateway, settings)
    except OSError as error:
        raise Complaint(f"route: {request}: {os.strerror(error.errno or 0)}") from None


def _network(ip: IPv4Address, length: int) -> IPv4Network:
    """Raises OSError (EINVAL) where the address has bits behind its network's part, as the kernel does."""
    network = IPv4Network((ip, length), strict=False)
    if network.network_address != ip:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return network


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
    return ip, _class_length(ip) if kind == "-net" or text == "default" else 32


def _class_length(ip: IPv4Address) -> int:
    """How long the network's part is in an address of its class, where nothing else is said (RFC 791)."""
    first = int(ip) >> 24
    return 0 if int(ip) == 0 else 8 if first < 128 else 16 if first < 192 else 24


def _settings(words: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    while words:
        word = words.pop(0)
        if word in _WITH_VALUE and words:
            found[{"gateway": "gw", "device": "dev"}.get(word, word)] = words.pop(0)
        elif word == "reject":
            raise Complaint("route: reject is not simulated by netcourse")
        elif word not in _IGNORED:
            if word in _WITH_VALUE or words:
                raise usage("route")
            found["dev"] = word
    return found


def _length(target: tuple[IPv4Address, int], mask: str, kind: str) -> int:
    """Raises Complaint for a netmask that is none, or that doesn't fit the address."""
    if not mask:
        return target[1]
    try:
        network = IPv4Network(f"{target[0]}/{mask}", strict=False)
    except ValueError:
        raise Complaint(f"route: bogus netmask {mask}") from None
    if kind == "-host":
        swapped = int.from_bytes(network.netmask.packed, "little")
        raise Complaint(f"route: netmask {swapped:08x} and host route conflict")
    if network.network_address != target[0]:
        raise Complaint("route: netmask and route address conflict")
    return network.prefixlen


def _add(namespace: Namespace, destination: IPv4Network, gateway: IPv4Address | None,
         settings: dict[str, str]) -> None:
    """Raises OSError."""
    interface = settings.get("dev", "")
    if interface and interface not in namespace.devices:
        raise OSError(errno.ENODEV, "")
    if gateway is not None:
        near = namespace.routes.lookup(gateway, interface)
        if near is None or near.gateway is not None:
            raise NoRoute
        interface = near.interface
    if not interface:
        raise OSError(errno.ENODEV, "")
    if not namespace.devices[interface].up:
        raise OSError(errno.ENETDOWN, "")
    metric = int(settings["metric"]) - 1 if settings.get("metric", "").isdigit() else 0
    namespace.routes.add(Route(destination, interface, gateway, metric=max(0, metric),
                               scope="global" if gateway else "link"))


def _delete(namespace: Namespace, destination: IPv4Network, gateway: IPv4Address | None,
            settings: dict[str, str]) -> None:
    """Raises OSError."""
    gone = next((entry for entry in namespace.routes.listing() if entry.destination == destination
                 and settings.get("dev", entry.interface) == entry.interface
                 and gateway in (None, entry.gateway)), None)
    if gone is None:
        raise OSError(errno.ESRCH, "")
    namespace.routes.remove(gone)

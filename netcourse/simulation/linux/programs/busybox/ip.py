"""busybox ip: addr, link, route and neigh, in busybox's own format (networking/libiproute)."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network

from netcourse.simulation.linux import ipv6
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, usage
from netcourse.simulation.linux.routes import EVERYWHERE, NoRoute, Route

Words = list[str]


def refused(number: int) -> Complaint:
    return Complaint(f"ip: RTNETLINK answers: {os.strerror(number)}", 2)


@complaining
async def ip(process: Process) -> int:
    words, family = process.arguments[1:], ""
    while words and words[0].startswith("-"):
        family, words = words[0], words[1:]
        if family not in ("-4", "-6", "-o", "-f"):
            raise usage("ip")
    if not words:
        raise usage("ip")
    handler = next((h for name, h in _OBJECTS.items() if name.startswith(words[0])), None)
    if handler is None:
        raise usage("ip")
    handler(process, words[1:], family)
    return 0


def need_privilege(process: Process) -> None:
    """Changing the network takes CAP_NET_ADMIN, which a container hasn't got."""
    if not process.privileged:
        raise refused(errno.EPERM)


def find_device(namespace: Namespace, name: str) -> Device:
    if name not in namespace.devices:
        raise Complaint(f"ip: can't find device '{name}'", 2)
    return namespace.devices[name]


def _arguments(words: Words, known: set[str]) -> tuple[dict[str, str], Words]:
    """Keywords with their values, and the rest."""
    found, rest, at = {}, [], 0
    while at < len(words):
        if words[at] in known and at + 1 < len(words):
            found[words[at]] = words[at + 1]
            at += 2
        else:
            rest.append(words[at])
            at += 1
    return found, rest


def flags_text(device: Device) -> str:
    flags = [] if device.carrier or not device.up else ["NO-CARRIER"]
    flags += ["LOOPBACK"] if device.kind == "loopback" else ["BROADCAST", "MULTICAST"]
    flags += ["UP"] if device.up else []
    flags += ["LOWER_UP"] if device.up and device.carrier else []
    return ",".join(flags)


def shown_name(device: Device) -> str:
    return f"{device.name}@if{device.link_index}" if device.link_index is not None else device.name


def _link_lines(device: Device, *, with_mac: bool) -> str:
    flags = flags_text(device) + (",M-DOWN" if device.link_index is not None else "")
    length = "qlen 1000" if device.kind in ("loopback", "physical") else ""
    state = "" if device.kind == "loopback" or device.link_index is not None else f"state {_state(device)} "
    master = f"master {device.master.name} " if device.master is not None else ""
    text = f"{device.index}: {shown_name(device)}: <{flags}> mtu {device.mtu} qdisc noqueue {master}{state}{length}\n"
    if with_mac:
        kind = "loopback" if device.kind == "loopback" else "ether"
        end = "00:00:00:00:00:00" if kind == "loopback" else "ff:ff:ff:ff:ff:ff"
        text += f"    link/{kind} {device.mac} brd {end}\n"
    return text


def _state(device: Device) -> str:
    return "UP" if device.up and device.carrier else "DOWN"


def _address_lines(device: Device, family: str) -> str:
    text = ""
    for address in device.addresses if family != "-6" else ():
        broadcast = f" brd {address.broadcast}" if address.broadcast else ""
        text += (f"    inet {address}{broadcast} scope {address.scope} {device.name}\n"
                 "       valid_lft forever preferred_lft forever\n")
    for shown in ipv6.addresses_of(device) if family != "-4" else ():
        text += (f"    inet6 {shown} scope {shown.scope} {'tentative ' if shown.is_tentative else ''}\n"
                 "       valid_lft forever preferred_lft forever\n")
    return text


def _by_index(namespace: Namespace) -> list[Device]:
    return sorted(namespace.devices.values(), key=lambda device: device.index)


def _addr(process: Process, words: Words, family: str) -> None:
    verb = words[0] if words else "show"
    given, rest = _arguments(words[1:], {"dev", "brd", "broadcast", "label", "scope"})
    if verb in ("show", "list", "lst", "s", "sh"):
        name = given.get("dev") or (rest[0] if rest else None)
        devices = [find_device(process.namespace, name)] if name else _by_index(process.namespace)
        for device in devices:
            lines = _address_lines(device, family)
            if lines or not family:
                process.write(_link_lines(device, with_mac=not family) + lines)
        return
    if verb not in ("add", "a", "del", "delete", "d"):
        raise usage("ip")
    need_privilege(process)
    _change_address(process.namespace, verb[0], given, rest)


def _change_address(namespace: Namespace, verb: str, given: dict[str, str], rest: Words) -> None:
    device = find_device(namespace, given.get("dev", ""))
    try:
        address = Address.parse(rest[0], broadcast=given.get("brd", given.get("broadcast", "")) == "+")
    except (ValueError, IndexError):
        raise Complaint(f"ip: an inet prefix is expected rather than \"{' '.join(rest)}\"") from None
    if verb == "a":
        try:
            namespace.add_address(device, address)
        except FileExistsError:
            raise refused(errno.EEXIST) from None
        return
    mine = next((a for a in device.addresses if a.ip == address.ip), None)
    if mine is None:
        raise refused(errno.EADDRNOTAVAIL)
    namespace.remove_address(device, mine)


def _link(process: Process, words: Words, _: str) -> None:
    verb = words[0] if words else "show"
    if verb in ("show", "list", "s", "sh"):
        rest = [word for word in words[1:] if word != "dev"]
        devices = [find_device(process.namespace, rest[0])] if rest else _by_index(process.namespace)
        for device in devices:
            process.write(_link_lines(device, with_mac=True))
    elif verb == "set":
        words = [word for word in words[1:] if word != "dev"]
        if not words or words[0] not in process.namespace.devices:
            raise Complaint("ip: SIOCGIFFLAGS: No such device", 2)
        if not process.privileged:
            raise Complaint("ip: SIOCSIFFLAGS: Operation not permitted", 2)
        _set_link(process.namespace, process.namespace.devices[words[0]], words[1:])
    else:
        raise Complaint(f"ip: link {verb} is not simulated in this container", 2)


def _set_link(namespace: Namespace, device: Device, words: Words) -> None:
    settings, flags = _arguments(words, {"mtu", "name", "address", "master"})
    for flag in flags:
        change = {"up": namespace.set_up, "down": namespace.set_down}.get(flag)
        if change is not None:
            change(device)
        elif flag == "nomaster" and device.master is not None:
            device.master.remove_port(device)
        else:
            raise Complaint(f"ip: link set {flag} is not simulated", 2)
    device.mtu = int(settings.get("mtu", device.mtu))
    device.mac = settings.get("address", device.mac)
    if "name" in settings:
        namespace.rename_device(device, settings["name"])
    if "master" in settings:
        bridge = find_device(namespace, settings["master"])
        if not isinstance(bridge, Bridge):
            raise refused(errno.EINVAL)
        bridge.add_port(device)


def _route(process: Process, words: Words, family: str) -> None:
    verb = words[0] if words else "show"
    namespace = process.namespace
    if verb == "get":
        process.write(_route_to(namespace, words[1:]))
    elif verb in ("show", "list", "s", "sh"):
        if family != "-6":
            _list_routes(process, words[1:])
    elif verb in ("add", "a", "append", "replace", "change", "del", "delete", "d"):
        need_privilege(process)
        _change_route(namespace, verb, words[1:])
    else:
        raise usage("ip")


def _list_routes(process: Process, words: Words) -> None:
    given, rest = _arguments(words, {"dev", "via"})
    only_default = rest[:1] == ["default"]
    for route in process.namespace.routes.listing():
        if given.get("dev", route.interface) != route.interface:
            continue
        # busybox lists everything for "default", which it takes for 0.0.0.0/0 as a prefix of all routes
        if only_default or not rest or str(route.destination) == rest[0]:
            process.write(route_line(route))


def route_line(route: Route) -> str:
    """With the two blanks that busybox prints before src."""
    via = f" via {route.gateway}" if route.gateway else ""
    scope = f" scope {route.scope}" if route.scope != "global" else ""
    source = f"  src {route.source}" if route.source else ""
    metric = f" metric {route.metric}" if route.metric else ""
    destination = "default" if route.is_default else str(route.destination).removesuffix("/32")
    return f"{destination}{via} dev {route.interface}{scope}{source}{metric} \n"


def _route_to(namespace: Namespace, words: Words) -> str:
    try:
        target = IPv4Address(words[0])
        source = namespace.source_for(target)
        if namespace.is_local(target):
            return f"local {target} dev lo  src {source} \n    cache <local> \n"
        route = namespace.route_to(target)
    except NoRoute:
        raise refused(errno.ENETUNREACH) from None
    except (ValueError, IndexError):
        raise Complaint(f"ip: an inet address is expected rather than \"{' '.join(words)}\"") from None
    via = f" via {route.gateway}" if route.gateway else ""
    return f"{target}{via} dev {route.interface}  src {source} \n    cache \n"


def _change_route(namespace: Namespace, verb: str, words: Words) -> None:
    given, rest = _arguments(words, {"via", "dev", "src", "metric"})
    try:
        destination = EVERYWHERE if rest[0] == "default" else IPv4Network(rest[0])
        gateway = IPv4Address(given["via"]) if "via" in given else None
    except (ValueError, IndexError):
        raise Complaint(f"ip: an inet prefix is expected rather than \"{' '.join(rest)}\"") from None
    if verb[0] == "d":
        gone = next((r for r in namespace.routes.listing() if r.destination == destination and
                     given.get("dev", r.interface) == r.interface and gateway in (None, r.gateway)), None)
        if gone is None:
            raise refused(errno.ESRCH)
        namespace.routes.remove(gone)
        return
    interface = given.get("dev") or _interface_of(namespace, gateway)
    source = IPv4Address(given["src"]) if "src" in given else None
    route = Route(destination, find_device(namespace, interface).name, gateway, source, int(given.get("metric", "0")),
                  "global" if gateway else "link")
    try:
        (namespace.routes.replace if verb in ("replace", "change") else namespace.routes.add)(route)
    except FileExistsError:
        raise refused(errno.EEXIST) from None


def _interface_of(namespace: Namespace, gateway: IPv4Address | None) -> str:
    """The interface through which a gateway can be reached directly."""
    route = namespace.routes.lookup(gateway) if gateway is not None else None
    if gateway is None:
        raise refused(errno.ENODEV)
    if route is None or route.gateway is not None:
        raise refused(errno.ENETUNREACH)
    return route.interface


def _neigh(process: Process, words: Words, _: str) -> None:
    if words and words[0] not in ("show", "list", "s", "sh"):
        raise Complaint(f"ip: neigh {words[0]} is not simulated in this container", 2)
    for entry in process.namespace.neighbours.listing():
        mac = f" lladdr {entry.mac}" if entry.mac else ""
        process.write(f"{entry.ip} dev {entry.device.name}{mac} used 0/0/0 probes {entry.probes} {entry.state}\n")


_OBJECTS: dict[str, Callable[[Process, Words, str], None]] = {
    "address": _addr, "route": _route, "link": _link, "neighbour": _neigh,
}

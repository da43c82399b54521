"""busybox ip link add, delete and set (networking/libiproute/iplink.c)."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from netcourse.simulation.linux import links
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.links import LONGEST_NAME, NewLink
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.ip.words import (
    Words,
    abbreviated,
    duplicate,
    find_device,
    need_privilege,
    number,
    refused,
    value_of,
)
from netcourse.simulation.linux.programs.busybox.options import Complaint
from netcourse.simulation.linux.refusal import Refused

_SETTINGS = ("up", "down", "name", "mtu", "qlen", "multicast", "arp", "address", "netns", "promisc", "master",
             "nomaster", "dev", "type")
_ON_OFF = {"multicast": "MULTICAST", "arp": "NOARP", "promisc": "PROMISC"}
_ADDED = ("link", "name", "type", "dev", "address")
_UNSIMULATED_KINDS = ("vlan", "dummy", "macvlan", "ipvlan", "vxlan", "vrf", "bond", "tun", "ifb")


@contextmanager
def _asking(request: str = "") -> Iterator[None]:
    """What the kernel refuses in answer to an ioctl bears its name."""
    try:
        yield
    except OSError as error:
        number_given = error.errno or errno.EINVAL
        if not request:
            raise refused(number_given) from None
        raise Complaint(f"ip: {request}: {os.strerror(number_given)}", 2) from None


def _device(process: Process, name: str) -> Device:
    """Raises OSError, and where it may not be changed PermissionError."""
    if name not in process.namespace.devices:
        raise Refused(errno.ENODEV)
    if not process.privileged:
        raise Refused(errno.EPERM)
    return process.namespace.devices[name]


def change(process: Process, words: Words) -> None:
    given = _read(words)
    if "dev" not in given:
        raise Complaint('ip: "dev" requires an argument', 2)
    name, namespace = given["dev"], process.namespace
    if "address" in given:
        _set_address(process, name, given["address"])
    if "master" in given or "nomaster" in given:
        _set_master(process, name, given.get("master"))
    if "netns" in given:
        find_device(namespace, name, 2)
        raise Complaint("ip: link set netns is not simulated by netcourse", 2)
    if given.get("name", name) != name:
        with _asking("SIOCSIFNAME"):
            links.rename(namespace, _device(process, name), given["name"][:LONGEST_NAME])
        name = given["name"][:LONGEST_NAME]
    if "qlen" in given:
        with _asking("SIOCSIFTXQLEN"):
            _device(process, name).queue_length = int(given["qlen"])
    if "mtu" in given:
        with _asking("SIOCSIFMTU"):
            links.set_mtu(_device(process, name), int(given["mtu"]))
    flags = {flag: value for flag, value in given.items() if flag in (*_ON_OFF, "state")}
    if flags:
        _set_flags(process, name, flags)


def _read(words: Words) -> dict[str, str]:
    """Raises Complaint."""
    given: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        key = abbreviated(_SETTINGS, word)
        if key in ("up", "down"):
            given["state"] = key
        elif key == "nomaster":
            given[key] = key
        elif key == "type":
            raise Complaint(f"ip: invalid argument '{value_of(rest, 2)}' to 'type'", 2)
        elif key in _ON_OFF:
            given[key] = value_of(rest, 2)
            if given[key] not in ("on", "off"):
                raise Complaint(f'ip: argument of "{key}" must be "on" or "off"', 2)
        elif key in ("", "dev"):
            value = word if key == "" else value_of(rest, 2)
            if "dev" in given:
                raise duplicate("dev", value, 2)
            given["dev"] = value
        else:
            given[key] = value_of(rest, 2)
            if key in ("mtu", "qlen"):
                number(given[key], key, 2)
    return given


def _set_address(process: Process, name: str, text: str) -> None:
    if name not in process.namespace.devices:
        raise Complaint(f"ip: SIOCGIFINDEX: {os.strerror(errno.ENODEV)}", 2)
    if not re.fullmatch(r"(?:[0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}", text):
        raise Complaint(f"ip: wrong address ({text.partition(':')[0]}) length: expected 6 bytes", 2)
    with _asking("SIOCSIFHWADDR"):
        links.set_mac(_device(process, name), ":".join(f"{int(part, 16):02x}" for part in text.split(":")))


def _set_master(process: Process, name: str, master: str | None) -> None:
    bridge = find_device(process.namespace, master, 2) if master is not None else None
    device = find_device(process.namespace, name, 2)
    need_privilege(process)
    with _asking():
        links.set_master(device, bridge)


def _set_flags(process: Process, name: str, wanted: dict[str, str]) -> None:
    """What is as it is asked to be needs no privilege."""
    if name not in process.namespace.devices:
        raise Complaint(f"ip: SIOCGIFFLAGS: {os.strerror(errno.ENODEV)}", 2)
    device = process.namespace.devices[name]
    flags = set(device.flags)
    for word, flag in _ON_OFF.items():
        if word in wanted:
            (flags.add if (wanted[word] == "on") != (word == "arp") else flags.discard)(flag)
    is_up = wanted["state"] == "up" if "state" in wanted else device.up
    if flags == device.flags and is_up == device.up:
        return
    with _asking("SIOCSIFFLAGS"):
        _device(process, name).flags = flags
    if is_up != device.up:
        (Namespace.set_up if is_up else Namespace.set_down)(process.namespace, device)


def _read_link(process: Process, words: Words) -> dict[str, str]:
    """What stands after the type is passed over; of several names the last counts."""
    given: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        key = abbreviated(_ADDED, word)
        if key == "type":
            given["type"] = value_of(rest, 2)
            break
        name = "name" if key in ("", "dev") else key
        given[name] = word if key == "" else value_of(rest, 2)
    if "link" in given:
        find_device(process.namespace, given["link"], 2)
    if len(given.get("name", "")) > LONGEST_NAME:
        raise Complaint(f"ip: invalid argument '{given['name']}' to 'name'", 2)
    return given


def add(process: Process, words: Words) -> None:
    """Of a veth's peer no notice is taken: its name is the kernel's choice."""
    given = _read_link(process, words)
    need_privilege(process)
    kind = given.get("type", "")
    new = NewLink(process.namespace, given.get("name", ""), given.get("address", ""))
    with _asking():
        if kind == "bridge":
            links.add_bridge(new)
        elif kind == "veth":
            links.add_veth(new, NewLink(process.namespace))
        elif kind in _UNSIMULATED_KINDS:
            raise Complaint(f"ip: a link of type {kind} is not simulated by netcourse", 2)
        else:
            raise Refused(errno.EOPNOTSUPP)


def delete(process: Process, words: Words) -> int | None:
    """Who names none is told so by the exit code alone."""
    given = _read_link(process, words)
    if "name" not in given:
        return 1
    device = find_device(process.namespace, given["name"], 2)
    need_privilege(process)
    with _asking():
        links.remove(process.namespace, device)
    return None


VERBS: dict[str, Callable[[Process, Words], int | None]] = {
    "add": add, "delete": delete, "del": delete, "set": change}

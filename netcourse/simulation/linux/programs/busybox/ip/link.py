"""busybox ip link (networking/libiproute/iplink.c)."""

from __future__ import annotations

import errno
import os

from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.ip.words import (
    SHOW,
    Manner,
    Words,
    arguments,
    by_index,
    find_device,
    invalid,
    need_privilege,
    refused,
)
from netcourse.simulation.linux.programs.busybox.options import Complaint

_REQUESTS = {"mtu": "SIOCSIFMTU", "qlen": "SIOCSIFXQLEN", "txqueuelen": "SIOCSIFXQLEN", "name": "SIOCSIFNAME",
             "address": "SIOCSIFHWADDR"}
_SETTINGS = {*_REQUESTS, "master", "arp", "multicast", "promisc", "netns"}
_FLAGS = {"up", "down", "nomaster"}


def flags_text(device: Device) -> str:
    flags = [] if device.carrier or not device.up else ["NO-CARRIER"]
    flags += ["LOOPBACK"] if device.kind == "loopback" else ["BROADCAST", "MULTICAST"]
    flags += ["UP"] if device.up else []
    flags += ["LOWER_UP"] if device.up and device.carrier else []
    return ",".join(flags)


def shown_name(device: Device) -> str:
    return f"{device.name}@if{device.link_index}" if device.link_index is not None else device.name


def link_lines(device: Device, manner: Manner, *, with_mac: bool) -> str:
    flags = flags_text(device) + (",M-DOWN" if device.link_index is not None else "")
    length = "qlen 1000" if device.kind in ("loopback", "physical") else ""
    state = "" if device.kind == "loopback" or device.link_index is not None else f"state {_state(device)} "
    master = f"master {device.master.name} " if device.master is not None else ""
    queue = "" if manner.family == "inet6" else "qdisc noqueue "
    text = f"{device.index}: {shown_name(device)}: <{flags}> mtu {device.mtu} {queue}{master}{state}{length}"
    if with_mac:
        kind = "loopback" if device.kind == "loopback" else "ether"
        end = "00:00:00:00:00:00" if kind == "loopback" else "ff:ff:ff:ff:ff:ff"
        text += f"{manner.newline}    link/{kind} {device.mac} brd {end}"
    return f"{text}\n"


def _state(device: Device) -> str:
    return "UP" if device.up and device.carrier else "DOWN"


def link(process: Process, words: Words, manner: Manner) -> None:
    verb = words[0] if words else "show"
    if verb in SHOW | {"ls"}:
        show_links(process, words[1:], manner)
    elif verb == "set":
        _set(process, [word for word in words[1:] if word != "dev"])
    elif verb in ("add", "delete", "del"):
        need_privilege(process)
        raise Complaint(f"ip: link {verb} is not simulated by netcourse", 2)
    else:
        raise invalid(verb, 2)


def show_links(process: Process, words: Words, manner: Manner) -> None:
    rest = [word for word in words if word not in ("dev", "up")]
    if len(rest) > 1:
        raise Complaint(f'ip: either "dev" is duplicate, or "{rest[1]}" is garbage', 2)
    devices = [find_device(process.namespace, rest[0], code=2)] if rest else by_index(process.namespace)
    for device in devices:
        if "up" not in words or device.up:
            process.write(link_lines(device, manner, with_mac=True))


def _set(process: Process, words: Words) -> None:
    if not words:
        raise Complaint('ip: "dev" requires an argument', 2)
    device = process.namespace.devices.get(words[0])
    if device is None:
        raise Complaint(f"ip: SIOCGIFFLAGS: {os.strerror(errno.ENODEV)}", 2)
    settings, flags = arguments(words[1:], _SETTINGS)
    unknown = next((flag for flag in flags if flag not in _FLAGS), None)
    if unknown is not None:
        raise Complaint(f"ip: link set {unknown} is not simulated by netcourse", 2)
    if not process.privileged:
        _refuse(device, settings, flags)
    else:
        _set_link(process, device, settings, flags)


def _refuse(device: Device, settings: dict[str, str], flags: Words) -> None:
    """What is as it is asked to be needs no privilege."""
    for name in settings:
        if name not in _REQUESTS:
            raise refused(errno.EPERM)
        raise Complaint(f"ip: {_REQUESTS[name]}: {os.strerror(errno.EPERM)}", 2)
    if "nomaster" in flags:
        raise refused(errno.EPERM)
    if any((flag == "up") != device.up for flag in flags):
        raise Complaint(f"ip: SIOCSIFFLAGS: {os.strerror(errno.EPERM)}", 2)


def _set_link(process: Process, device: Device, settings: dict[str, str], flags: Words) -> None:
    namespace = process.namespace
    unknown = next((name for name in ("arp", "multicast", "promisc", "netns") if name in settings), None)
    if unknown is not None:
        raise Complaint(f"ip: link set {unknown} is not simulated by netcourse", 2)
    if "mtu" in settings:
        device.mtu = _number(settings["mtu"], "mtu")
    device.queue_length = _number(settings.get("qlen", settings.get("txqueuelen", str(device.queue_length))), "qlen")
    device.mac = settings.get("address", device.mac)
    if "name" in settings:
        namespace.rename_device(device, settings["name"])
    if "master" in settings:
        bridge = find_device(namespace, settings["master"])
        if not isinstance(bridge, Bridge):
            raise refused(errno.EINVAL)
        bridge.add_port(device)
    if "nomaster" in flags and device.master is not None:
        device.master.remove_port(device)
    for flag in flags:
        if flag != "nomaster":
            (namespace.set_up if flag == "up" else namespace.set_down)(device)


def _number(text: str, name: str) -> int:
    if not text.isdigit():
        raise Complaint(f"ip: invalid argument '{text}' to '{name}'", 1)
    return int(text)

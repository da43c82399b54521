"""busybox ip link show (networking/libiproute/ipaddress.c)."""

from __future__ import annotations

from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.links import near_peer
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.ip import link_changes
from netcourse.simulation.linux.programs.busybox.ip.words import (
    SHOW,
    Manner,
    Words,
    by_index,
    find_device,
    invalid,
)
from netcourse.simulation.linux.programs.busybox.options import Complaint

_NAMED = ("MULTICAST", "NOARP")
_UNNAMED = {"NOTRAILERS": 0x20, "PROMISC": 0x100, "ALLMULTI": 0x200, "DYNAMIC": 0x8000}


def _flags_text(device: Device) -> str:
    """Those that busybox has no name for stand as a number at the end."""
    flags = [] if device.carrier or not device.up else ["NO-CARRIER"]
    flags += ["LOOPBACK"] if device.kind == "loopback" else ["BROADCAST"]
    flags += [flag for flag in _NAMED if flag in device.flags]
    flags += ["UP"] if device.up else []
    flags += ["LOWER_UP"] if device.up and device.carrier else []
    rest = sum(bit for flag, bit in _UNNAMED.items() if flag in device.flags)
    return ",".join(flags) + (f"{rest:x}" if rest else "")


def _other_end(device: Device) -> tuple[str, str]:
    """After the name and after the flags. One in another namespace seems to be down."""
    if device.link_index is None:
        return "", ""
    peer = near_peer(device)
    if peer is None:
        return f"@if{device.link_index}", ",M-DOWN"
    return f"@{peer.name}", "" if peer.up else ",M-DOWN"


def link_lines(device: Device, manner: Manner, *, with_mac: bool) -> str:
    end, is_down = _other_end(device)
    length = f"qlen {device.queue_length}" if device.queue_length else ""
    master = f"master {device.master.name} " if device.master is not None else ""
    queue = "" if manner.family == "inet6" else f"qdisc {'noqueue' if device.was_up else 'noop'} "
    text = f"{device.index}: {device.name}{end}: <{_flags_text(device)}{is_down}> mtu {device.mtu} "
    text += f"{queue}{master}{length}"
    if with_mac:
        kind = "loopback" if device.kind == "loopback" else "ether"
        broadcast = "00:00:00:00:00:00" if kind == "loopback" else "ff:ff:ff:ff:ff:ff"
        text += f"{manner.newline}    link/{kind} {device.mac} brd {broadcast}"
    return f"{text}\n"


def link(process: Process, words: Words, manner: Manner) -> int | None:
    verb = words[0] if words else "show"
    if verb in link_changes.VERBS:
        return link_changes.VERBS[verb](process, words[1:])
    if verb not in SHOW | {"ls"}:
        raise invalid(verb, 2)
    show_links(process, words[1:], manner)
    return None


def show_links(process: Process, words: Words, manner: Manner) -> None:
    rest = [word for word in words if word not in ("dev", "up")]
    if len(rest) > 1:
        raise Complaint(f'ip: either "dev" is duplicate, or "{rest[1]}" is garbage', 2)
    devices = [find_device(process.namespace, rest[0], code=2)] if rest else by_index(process.namespace)
    for device in devices:
        if "up" not in words or device.up:
            process.write(link_lines(device, manner, with_mac=True))

"""busybox ifconfig (networking/ifconfig.c): what interfaces there are, and changes one word after another."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from netcourse.simulation.linux import ipv6
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, usage
from netcourse.simulation.linux.programs.busybox.ping import address_of

SMALLEST_MTU = 68
_MAC = re.compile(r"(?:[0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}")
_FLAGS = {"promisc", "allmulti", "multicast", "arp", "dynamic", "trailers"}
_BY_HAND = {"add", "del", "tunnel", "pointopoint", "dstaddr", "keepalive", "outfill", "mem_start", "io_addr", "irq",
            "metric"}
_REQUESTS = {"mtu": "SIOCSIFMTU", "netmask": "SIOCSIFNETMASK", "broadcast": "SIOCSIFBRDADDR", "hw": "SIOCSIFHWADDR",
             "txqueuelen": "SIOCSIFTXQLEN", "metric": "SIOCSIFMETRIC", "pointopoint": "SIOCSIFDSTADDR",
             "dstaddr": "SIOCSIFDSTADDR", "keepalive": "SIOCSKEEPALIVE", "outfill": "SIOCSOUTFILL",
             "mem_start": "SIOCSIFMAP", "io_addr": "SIOCSIFMAP", "irq": "SIOCSIFMAP", "add": "SIOCSIFADDR",
             "del": "SIOCDIFADDR", "tunnel": "SIOCSIFDSTADDR"}


@complaining
async def ifconfig(process: Process) -> int:
    words = process.arguments[1:]
    everything = words[:1] == ["-a"]
    words = words[1:] if everything else words
    devices = process.namespace.devices
    if len(words) > 1:
        await _change(process, words[0], words[1:])
        return 0
    if words and words[0] not in devices:
        raise Complaint(f"ifconfig: {words[0]}: error fetching interface information: Device not found")
    shown = [devices[words[0]]] if words else sorted(
        (d for d in devices.values() if d.up or everything), key=lambda device: device.name)
    for device in shown:
        process.write(_interface_text(device))
    return 0


def _interface_text(device: Device) -> str:
    loopback = device.kind == "loopback"
    kind = "Local Loopback  " if loopback else f"Ethernet  HWaddr {device.mac.upper()}  "
    lines = [f"{device.name:<9} Link encap:{kind}"]
    for address in device.addresses[:1]:
        broadcast = "" if loopback else f"  Bcast:{address.broadcast or IPv4Address(0)}"
        lines.append(f"          inet addr:{address.ip}{broadcast}  Mask:{address.network.netmask}")
    lines += [f"          inet6 addr: {shown} Scope:{shown.scope.capitalize()}" for shown in ipv6.addresses_of(device)]
    flags = ["UP"] if device.up else []
    flags += ["LOOPBACK"] if loopback else ["BROADCAST"]
    flags += ["RUNNING"] if device.carrier else []
    flags += [] if loopback else ["MULTICAST"]
    return "\n".join([
        *lines,
        f"          {' '.join(flags)}  MTU:{device.mtu}  Metric:1",
        f"          RX packets:{device.received_packets} errors:0 dropped:0 overruns:0 frame:0",
        f"          TX packets:{device.sent_packets} errors:0 dropped:0 overruns:0 carrier:0",
        f"          collisions:0 txqueuelen:{device.queue_length} ",
        f"          RX bytes:{_size(device.received_bytes)}  TX bytes:{_size(device.sent_bytes)}",
    ]) + "\n\n"


def _size(count: int) -> str:
    size, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB"):  # noqa: B007  # the unit reached is used after the loop
        if size < 1024:
            break
        size /= 1024
    return f"{count} ({size:.1f} {unit})"


async def _change(process: Process, name: str, words: list[str]) -> None:
    """Each word is done before the next is looked at. Raises Complaint."""
    while words:
        word = words.pop(0)
        plain = word.removeprefix("-")
        if word in ("up", "down") or plain in _FLAGS:
            _set_flag(process, name, word)
        elif plain in _REQUESTS:
            value = _value(words) if plain != "hw" else _hardware_address(words)
            await _ask(process, name, plain, value)
        else:
            await _set_address(process, name, word)


def _value(words: list[str]) -> str:
    if not words:
        raise usage("ifconfig")
    return words.pop(0)


def _hardware_address(words: list[str]) -> str:
    kind, text = _value(words), _value(words)
    if kind != "ether":
        raise usage("ifconfig")
    if not _MAC.fullmatch(text):
        raise Complaint(f"ifconfig: invalid hw-addr {text}")
    return ":".join(f"{int(part, 16):02x}" for part in text.split(":"))


def _set_flag(process: Process, name: str, word: str) -> None:
    device = process.namespace.devices.get(name)
    if device is None:
        raise Complaint(f"ifconfig: SIOCGIFFLAGS: {os.strerror(errno.ENODEV)}")
    if not process.privileged:
        raise Complaint(f"ifconfig: SIOCSIFFLAGS: {os.strerror(errno.EPERM)}")
    if word not in ("up", "down"):
        raise Complaint(f"ifconfig: {word} is not simulated by netcourse")
    (process.namespace.set_up if word == "up" else process.namespace.set_down)(device)


def _writable(process: Process, name: str, request: str) -> Device:
    """The device, where it may be changed. Raises Complaint."""
    if not process.privileged:
        raise Complaint(f"ifconfig: {request}: {os.strerror(errno.EPERM)}")
    if name not in process.namespace.devices:
        raise Complaint(f"ifconfig: {request}: {os.strerror(errno.ENODEV)}")
    return process.namespace.devices[name]


async def _ask(process: Process, name: str, word: str, value: str) -> None:
    if word in ("netmask", "broadcast"):
        value = str(await address_of(process, value))
    device = _writable(process, name, _REQUESTS[word])
    if word in _BY_HAND:
        raise Complaint(f"ifconfig: {word} is not simulated by netcourse")
    number = _SETTERS[word](process, device, value)
    if number:
        raise Complaint(f"ifconfig: {_REQUESTS[word]}: {os.strerror(number)}")


def _set_mtu(process: Process, device: Device, value: str) -> int:
    if not value.isdigit() or not SMALLEST_MTU <= int(value) <= 65535:
        return errno.EINVAL
    device.mtu = int(value)
    return 0


def _set_mac(process: Process, device: Device, value: str) -> int:
    device.mac = value
    return 0


def _set_queue_length(process: Process, device: Device, value: str) -> int:
    device.queue_length = int(value) if value.isdigit() else 0
    return 0


def _set_netmask(process: Process, device: Device, value: str) -> int:
    if not device.addresses:
        return errno.EADDRNOTAVAIL
    try:
        length = IPv4Network(f"0.0.0.0/{value}").prefixlen
    except ValueError:
        return errno.EINVAL
    old = device.addresses[0]
    usual = old.broadcast == old.network.broadcast_address
    new = Address.parse(f"{old.ip}/{length}", broadcast=usual, scope=old.scope)
    _replace(process, device, new if usual else replace(new, broadcast=old.broadcast))
    return 0


def _set_broadcast(process: Process, device: Device, value: str) -> int:
    if not device.addresses:
        return errno.EADDRNOTAVAIL
    _replace(process, device, replace(device.addresses[0], broadcast=IPv4Address(value)))
    return 0


_SETTERS: dict[str, Callable[[Process, Device, str], int]] = {
    "mtu": _set_mtu, "hw": _set_mac, "txqueuelen": _set_queue_length, "netmask": _set_netmask,
    "broadcast": _set_broadcast}


async def _set_address(process: Process, name: str, word: str) -> None:
    """The length of the network's part is that of the address's class (RFC 791); the interface is up after it."""
    ip = await address_of(process, word)
    device = _writable(process, name, "SIOCSIFADDR")
    if ":" in name:
        raise Complaint(f"ifconfig: {name} is not simulated by netcourse")
    first = int(ip) >> 24
    length = 8 if first < 128 else 16 if first < 192 else 24
    _replace(process, device, Address.parse(f"{ip}/{length}", broadcast=True))
    process.namespace.set_up(device)


def _replace(process: Process, device: Device, address: Address) -> None:
    """Another address instead of the first."""
    for old in device.addresses[:1]:
        process.namespace.remove_address(device, old)
    process.namespace.add_address(device, address)

"""busybox ifconfig (networking/ifconfig.c): what interfaces there are, and changes one word after another."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from netcourse.simulation.linux import ipv6, links
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, usage
from netcourse.simulation.linux.programs.busybox.ping import address_of
from netcourse.simulation.linux.refusal import Refused

_MAC = re.compile(r"(?:[0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}")
_FLAGS = {"promisc": "PROMISC", "allmulti": "ALLMULTI", "multicast": "MULTICAST", "arp": "NOARP",
          "dynamic": "DYNAMIC", "trailers": "NOTRAILERS"}
_CLEARED_BY_WORD = {"arp", "trailers"}
_LAST_FLAGS = ("NOARP", "PROMISC", "ALLMULTI", "MULTICAST")
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
    if words:
        process.write(_named(devices, words[0]))
        return 0
    for device in sorted((d for d in devices.values() if d.up or everything), key=lambda device: device.name):
        process.write(_interface_text(device))
        for label in dict.fromkeys(address.label for address in device.addresses if address.label):
            process.write(_alias_text(device, label))
    return 0


def _named(devices: dict[str, Device], name: str) -> str:
    """Raises Complaint."""
    device = devices.get(name.partition(":")[0])
    if device is None or (name != device.name and _labelled(device, name) is None):
        raise Complaint(f"ifconfig: {name}: error fetching interface information: Device not found")
    return _interface_text(device) if name == device.name else _alias_text(device, name)


def _labelled(device: Device, name: str) -> Address | None:
    """The first address that an ioctl for ``name`` means (net/ipv4/devinet.c, devinet_ioctl)."""
    return next((address for address in device.addresses if (address.label or device.name) == name), None)


def _head_lines(device: Device, name: str) -> list[str]:
    loopback = device.kind == "loopback"
    kind = "Local Loopback  " if loopback else f"Ethernet  HWaddr {device.mac.upper()}  "
    lines = [f"{name:<9} Link encap:{kind}"]
    address = _labelled(device, name)
    if address is not None:
        broadcast = "" if loopback else f"  Bcast:{address.broadcast or IPv4Address(0)}"
        lines.append(f"          inet addr:{address.ip}{broadcast}  Mask:{address.network.netmask}")
    return lines


def _flags_line(device: Device) -> str:
    flags = ["UP"] if device.up else []
    flags += ["LOOPBACK"] if device.kind == "loopback" else ["BROADCAST"]
    flags += ["NOTRAILERS"] if "NOTRAILERS" in device.flags else []
    flags += ["RUNNING"] if device.carrier else []
    flags += [flag for flag in _LAST_FLAGS if flag in device.flags]
    return f"          {' '.join(flags)}  MTU:{device.mtu}  Metric:1"


def _alias_text(device: Device, name: str) -> str:
    return "\n".join([*_head_lines(device, name), _flags_line(device)]) + "\n\n"


def _interface_text(device: Device) -> str:
    return "\n".join([
        *_head_lines(device, device.name),
        *(f"          inet6 addr: {shown} Scope:{shown.scope.capitalize()}" for shown in ipv6.addresses_of(device)),
        _flags_line(device),
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
        elif word in ("-broadcast", "-pointopoint"):
            _writable(process, name, "SIOCSIFFLAGS")  # flags that are the device's own: nothing changes
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
    device = process.namespace.devices.get(name.partition(":")[0])
    if device is None:
        raise Complaint(f"ifconfig: SIOCGIFFLAGS: {os.strerror(errno.ENODEV)}")
    if not process.privileged:
        raise Complaint(f"ifconfig: SIOCSIFFLAGS: {os.strerror(errno.EPERM)}")
    if name != device.name:
        _set_alias_flag(process, device, name, word)
    elif word in ("up", "down"):
        (process.namespace.set_up if word == "up" else process.namespace.set_down)(device)
    else:
        plain = word.removeprefix("-")
        is_set = (word == plain) != (plain in _CLEARED_BY_WORD)
        (device.flags.add if is_set else device.flags.discard)(_FLAGS[plain])


def _set_alias_flag(process: Process, device: Device, name: str, word: str) -> None:
    """An alias that is taken down is gone."""
    address = _labelled(device, name)
    if address is None:
        raise Complaint(f"ifconfig: SIOCSIFFLAGS: {os.strerror(errno.EADDRNOTAVAIL)}")
    if word == "down":
        process.namespace.remove_address(device, address)


def _writable(process: Process, name: str, request: str) -> Device:
    """The device, where it may be changed. Raises Complaint."""
    device = process.namespace.devices.get(name.partition(":")[0])
    if not process.privileged:
        raise Complaint(f"ifconfig: {request}: {os.strerror(errno.EPERM)}")
    if device is None:
        raise Complaint(f"ifconfig: {request}: {os.strerror(errno.ENODEV)}")
    return device


async def _ask(process: Process, name: str, word: str, value: str) -> None:
    if word in ("netmask", "broadcast"):
        value = str(await address_of(process, value))
    device = _writable(process, name, _REQUESTS[word])
    if word == "metric":
        raise Complaint(f"ifconfig: SIOCSIFMETRIC: {os.strerror(errno.EOPNOTSUPP)}")
    if word in _BY_HAND:
        raise Complaint(f"ifconfig: {word} is not simulated by netcourse")
    try:
        if word in ("netmask", "broadcast"):
            _ADDRESS_SETTERS[word](process, device, name, value)
        else:
            _SETTERS[word](device, value)
    except OSError as error:
        raise Complaint(f"ifconfig: {_REQUESTS[word]}: {os.strerror(error.errno or 0)}") from None


def _set_mtu(device: Device, value: str) -> None:
    links.set_mtu(device, int(value) if value.isdigit() else 0)


def _set_queue_length(device: Device, value: str) -> None:
    device.queue_length = int(value) if value.isdigit() else 0


_SETTERS: dict[str, Callable[[Device, str], None]] = {
    "mtu": _set_mtu, "hw": links.set_mac, "txqueuelen": _set_queue_length}


def _own(device: Device, name: str) -> Address:
    """Raises OSError."""
    address = _labelled(device, name)
    if address is None:
        raise Refused(errno.EADDRNOTAVAIL)
    return address


def _set_netmask(process: Process, device: Device, name: str, value: str) -> None:
    try:
        length = IPv4Network(f"0.0.0.0/{value}").prefixlen
    except ValueError:
        raise Refused(errno.EINVAL) from None
    old = _own(device, name)
    usual = old.broadcast == old.network.broadcast_address
    new = replace(old, prefix_length=length)
    _replace(process, device, old, replace(new, broadcast=new.network.broadcast_address) if usual else new)


def _set_broadcast(process: Process, device: Device, name: str, value: str) -> None:
    old = _own(device, name)
    _replace(process, device, old, replace(old, broadcast=IPv4Address(value)))


_ADDRESS_SETTERS: dict[str, Callable[[Process, Device, str, str], None]] = {
    "netmask": _set_netmask, "broadcast": _set_broadcast}


async def _set_address(process: Process, name: str, word: str) -> None:
    """The length of the network's part is that of the address's class (RFC 791); the interface is up after it, but not
    for the sake of an alias."""
    ip = await address_of(process, word)
    device = _writable(process, name, "SIOCSIFADDR")
    if ip.is_multicast:
        raise Complaint(f"ifconfig: SIOCSIFADDR: {os.strerror(errno.EINVAL)}")
    old = _labelled(device, name)
    if int(ip) == 0:
        if old is not None:
            process.namespace.remove_address(device, old)
    else:
        label = "" if name == device.name else name
        new = Address.parse(f"{ip}/{_class_length(ip)}", broadcast=True, scope="host" if ip.is_loopback else "global")
        _replace(process, device, old, replace(new, label=label))
    if name == device.name:
        process.namespace.set_up(device)


def _class_length(ip: IPv4Address) -> int:
    first = int(ip) >> 24
    return 8 if first < 128 else 16 if first < 192 else 24


def _replace(process: Process, device: Device, old: Address | None, new: Address) -> None:
    if old is not None:
        process.namespace.remove_address(device, old)
    process.namespace.add_address(device, new)

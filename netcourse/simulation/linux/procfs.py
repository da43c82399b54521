"""/proc/net, /proc/sys and /sys/class/net of a namespace, read from its state at the moment of reading."""

from __future__ import annotations

import errno
import os
from functools import partial
from ipaddress import IPv4Address

from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.files import Content, FileSystem
from netcourse.simulation.linux.namespace import Namespace

ROUTE_HEADER = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"
ARP_HEADER = "IP address       HW type     Flags       HW address            Mask     Device\n"
ROUTE_WIDTH = 127
DEVICE_HEADER = ("Inter-|   Receive                                                |  Transmit\n"
                 " face |bytes    packets errs drop fifo frame compressed multicast|"
                 "bytes    packets errs drop fifo colls carrier compressed\n")


def mount_kernel_files(files: FileSystem, namespace: Namespace, *, writable: bool) -> None:
    """Show ``namespace`` below /proc, where a process finds its own. In a container that isn't privileged, /proc/sys is
    mounted read-only."""
    files.mount_live("/proc/net/route", partial(_routes, namespace))
    files.mount_live("/proc/net/dev", partial(_counters, namespace))
    files.mount_live("/proc/net/arp", partial(_neighbours, namespace))
    files.mount_live("/proc/sys/net/ipv4/ip_forward", lambda: b"1\n" if namespace.forwarding else b"0\n",
                     partial(_set_forwarding, namespace) if writable else _read_only)


def _set_forwarding(namespace: Namespace, data: bytes) -> None:
    text = data.strip()
    if not text.isdigit():
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    namespace.forwarding = text != b"0"


def _read_only(_: bytes) -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def mount_devices(files: FileSystem, namespace: Namespace) -> None:
    """/dev, and /sys/class/net, which stays with the namespace in which /sys was mounted."""
    files.mount_listing("/sys/class/net", partial(_devices, namespace))
    files.mount_live("/dev/null", lambda: b"", lambda data: None)


def _hexadecimal(ip: IPv4Address | None) -> str:
    """As the kernel prints an address: its bytes taken as one little-endian number."""
    return f"{int.from_bytes((ip or IPv4Address(0)).packed, 'little'):08X}"


def _routes(namespace: Namespace) -> bytes:
    lines = [ROUTE_HEADER]
    for route in namespace.routes.listing():
        flags = 1 | (2 if route.gateway else 0) | (4 if route.destination.prefixlen == 32 else 0)
        lines.append(f"{route.interface}\t{_hexadecimal(route.destination.network_address)}\t"
                     f"{_hexadecimal(route.gateway)}\t{flags:04X}\t0\t0\t{route.metric}\t"
                     f"{_hexadecimal(route.destination.netmask)}\t0\t0\t0")
    return "".join(f"{line:<{ROUTE_WIDTH}}\n" for line in lines).encode()


def _neighbours(namespace: Namespace) -> bytes:
    text = ARP_HEADER
    for entry in namespace.neighbours.listing():
        flags = "0x2" if entry.mac else "0x0"
        mac = entry.mac or "00:00:00:00:00:00"
        text += f"{entry.ip!s:<16} 0x1         {flags:<11} {mac:<21} *        {entry.device.name}\n"
    return text.encode()


def _counters(namespace: Namespace) -> bytes:
    """net/core/net-procfs.c; errors and losses aren't simulated here, so there are none."""
    text = DEVICE_HEADER
    for device in sorted(namespace.devices.values(), key=lambda device: device.index):
        text += (f"{device.name:>6}: {device.received_bytes:7} {device.received_packets:7}    0    0    0     0"
                 f"          0         0 {device.sent_bytes:8} {device.sent_packets:7}    0    0    0     0"
                 "       0          0\n")
    return text.encode()


def _devices(namespace: Namespace) -> dict[str, Content]:
    return {f"{device.name}/{name}": f"{value}\n".encode() for device in namespace.devices.values()
            for name, value in _attributes(device).items()}


def _attributes(device: Device) -> dict[str, object]:
    state = "unknown" if device.kind == "loopback" else "up" if device.carrier else "down"
    return {"address": device.mac, "carrier": int(device.carrier), "ifindex": device.index,
            "iflink": device.link_index or device.index, "mtu": device.mtu, "operstate": state}

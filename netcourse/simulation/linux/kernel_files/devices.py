"""/sys/class/net: settings and counters of devices, of bridges and of their ports (sysfs-class-net in the ABI)."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from functools import partial

from netcourse.simulation.linux import ipv6
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.device import HIGHEST_MTU, LOWEST_MTU, Device
from netcourse.simulation.linux.forwarding import AGEING_TIME
from netcourse.simulation.linux.live_files import LiveFile, Tree, refusing, text_file, unchangeable
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.settings import number_in

HUNDREDTHS = 100
_UP, _BROADCAST, _LOOPBACK, _PROMISCUOUS, _ALL_MULTICAST, _MULTICAST = 0x1, 0x2, 0x8, 0x100, 0x200, 0x1000
_ETHERNET, _LOOPBACK_TYPE = 1, 772
_VETH_SPEED = 10_000
_STATISTICS = ("collisions", "multicast", "rx_compressed", "rx_crc_errors", "rx_dropped", "rx_errors",
               "rx_fifo_errors", "rx_frame_errors", "rx_length_errors", "rx_missed_errors", "rx_nohandler",
               "rx_over_errors", "tx_aborted_errors", "tx_carrier_errors", "tx_compressed", "tx_dropped", "tx_errors",
               "tx_fifo_errors", "tx_heartbeat_errors", "tx_window_errors")
_FORWARDING, _DISABLED = 3, 0
_LONGEST = 2**31 - 1
# the kernel would take another value (net/core/net-sysfs.c, net/bridge/br_sysfs_if.c), and nothing here would change
_UNCHANGED = ("broadcast_flood", "carrier", "flags", "isolated", "learning", "multicast_flood",
              "neigh_suppress", "netdev_group", "path_cost", "priority", "proto_down", "proxyarp", "root_block",
              "unicast_flood")


def tree(namespace: Namespace) -> Tree:
    return {name: partial(_device, device) for name, device in namespace.devices.items()}


def _device(device: Device) -> Tree:
    loopback = device.kind == "loopback"
    entries: dict[str, object] = {
        "addr_len": 6, "address": device.mac, "broadcast": device.mac if loopback else "ff:ff:ff:ff:ff:ff",
        "dev_id": "0x0", "dev_port": 0, "flags": f"{_flags(device):#x}", "ifindex": device.index,
        "iflink": device.link_index or device.index, "link_mode": 0, "mtu": device.mtu, "netdev_group": 0,
        "operstate": device.operational_state.lower(), "proto_down": 0, "tx_queue_len": device.queue_length,
        "type": _LOOPBACK_TYPE if loopback else _ETHERNET,
    }
    folders: Tree = {"statistics": partial(_statistics, device), **_relatives(device)}
    files = {name: text_file(value, _changes(device, name)) for name, value in entries.items()}
    files["ifalias"] = LiveFile(lambda: b"", unchangeable)
    return files | {"uevent": LiveFile(lambda: _event(device).encode())} | _link_files(device) | dict(folders)


def _changes(device: Device, name: str) -> Callable[[bytes], None] | None:
    """How a setting is taken, where it can be written to."""
    if name in _CHANGES:
        return partial(_change, device, _CHANGES[name])
    return unchangeable if name in _UNCHANGED else None


def _change(device: Device, change: Callable[[Device, int], None], data: bytes) -> None:
    """Raises OSError(EINVAL)."""
    if not data:
        return
    try:
        change(device, number_in(data.decode(errors="replace").strip()))
    except ValueError:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL)) from None


def _set_mtu(device: Device, value: int) -> None:
    """Raises ValueError."""
    if not LOWEST_MTU <= value <= (_LONGEST if device.kind == "loopback" else HIGHEST_MTU):
        raise ValueError(value)
    device.mtu = value
    ipv6.follow(device)


def _set_queue_length(device: Device, value: int) -> None:
    """Raises ValueError."""
    if not 0 <= value <= _LONGEST:
        raise ValueError(value)
    device.queue_length = value


def _set_hairpin(port: Device, value: int) -> None:
    assert port.master is not None
    if value:
        port.master.hairpin.add(port.name)
    else:
        port.master.hairpin.discard(port.name)


_CHANGES = {"mtu": _set_mtu, "tx_queue_len": _set_queue_length, "hairpin_mode": _set_hairpin}


def _flags(device: Device) -> int:
    kind = _LOOPBACK if device.kind == "loopback" else _BROADCAST | _MULTICAST
    port = _PROMISCUOUS | _ALL_MULTICAST if device.master is not None else 0
    return kind | port | (_UP if device.up else 0)


def _event(device: Device) -> str:
    kind = "DEVTYPE=bridge\n" if isinstance(device, Bridge) else ""
    return f"{kind}INTERFACE={device.name}\nIFINDEX={device.index}\n"


def _link_files(device: Device) -> dict[str, LiveFile]:
    """What is known only of a device that is up, or of a kind that has it (net/core/net-sysfs.c)."""
    unknown = LiveFile(refusing(errno.EINVAL))
    if not device.up:
        return dict.fromkeys(("carrier", "dormant", "duplex", "speed", "testing"), unknown)
    known = {"carrier": text_file(int(device.carrier)), "dormant": text_file(0), "testing": text_file(0)}
    if device.kind == "loopback":
        return known | {"duplex": unknown, "speed": unknown}
    if isinstance(device, Bridge):
        return known | {"duplex": text_file("unknown"), "speed": text_file(_VETH_SPEED if device.carrier else -1)}
    return known | {"duplex": text_file("full"), "speed": text_file(_VETH_SPEED)}


def _statistics(device: Device) -> Tree:
    numbers = dict.fromkeys(_STATISTICS, 0) | {
        "rx_bytes": device.received_bytes, "rx_packets": device.received_packets,
        "tx_bytes": device.sent_bytes, "tx_packets": device.sent_packets}
    return {name: text_file(number) for name, number in numbers.items()}


def _relatives(device: Device) -> Tree:
    """The bridge above a port, the ports below a bridge, the other end of a cable in the same namespace."""
    relatives: dict[str, partial[Tree]] = {}
    if isinstance(device, Bridge):
        relatives |= {"bridge": partial(_bridge, device), "brif": partial(_ports, device)}
        relatives |= {f"lower_{name}": partial(_device, port) for name, port in device.ports.items()}
    if device.master is not None:
        above = partial(_device, device.master)
        relatives |= {"brport": partial(_port, device), "master": above, f"upper_{device.master.name}": above}
    return relatives


def _ports(bridge: Bridge) -> Tree:
    return {name: partial(_port, port) for name, port in bridge.ports.items()}


def _identifier(bridge: Bridge) -> str:
    return f"8000.{bridge.mac.replace(':', '')}"


def _bridge(bridge: Bridge) -> Tree:
    """Times are in hundredths of a second (net/bridge/br_sysfs_br.c)."""
    values: dict[str, object] = {
        "ageing_time": AGEING_TIME // SECOND * HUNDREDTHS, "bridge_id": _identifier(bridge), "forward_delay": 1500,
        "group_addr": "01:80:c2:00:00:00", "group_fwd_mask": "0x0", "hello_time": 200, "max_age": 2000,
        "nf_call_arptables": 0, "nf_call_ip6tables": 0, "nf_call_iptables": 0, "no_linklocal_learn": 0,
        "priority": 32768, "root_id": _identifier(bridge), "root_path_cost": 0, "root_port": 0, "stp_state": 0,
        "topology_change": 0, "topology_change_detected": 0}
    return {name: text_file(value) for name, value in values.items()}


def _port(port: Device) -> Tree:
    """net/bridge/br_sysfs_if.c."""
    bridge = port.master
    assert bridge is not None
    forwards = bridge.up and port.up and port.carrier
    values: dict[str, object] = {
        "broadcast_flood": 1, "designated_bridge": _identifier(bridge), "designated_cost": 0,
        "designated_port": 0x8000 + port.port_number, "designated_root": _identifier(bridge),
        "hairpin_mode": int(port.name in bridge.hairpin), "isolated": 0, "learning": 1, "multicast_flood": 1,
        "neigh_suppress": 0, "path_cost": 2, "port_id": f"{0x8000 + port.port_number:#x}",
        "port_no": f"{port.port_number:#x}", "priority": 32, "proxyarp": 0, "root_block": 0,
        "state": _FORWARDING if forwards else _DISABLED, "unicast_flood": 1}
    settings: Tree = {name: text_file(value, _changes(port, name)) for name, value in values.items()}
    return {**settings, "bridge": partial(_device, bridge)}

"""/sys/class/net and the folders that its links lead to: settings and counters of devices (ABI, sysfs-class-net)."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from functools import partial

from netcourse.simulation.linux import linkwatch
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.device import HIGHEST_MTU, LOWEST_MTU, Device, Physical
from netcourse.simulation.linux.forwarding import AGEING_TIME
from netcourse.simulation.linux.live_files import Link, LiveFile, Tree, locked, refusing, text_file, unchangeable
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.settings import number_in

HUNDREDTHS = 100
_UP, _BROADCAST, _LOOPBACK, _PROMISCUOUS, _ALL_MULTICAST = 0x1, 0x2, 0x8, 0x100, 0x200
_SWITCHED = {"NOTRAILERS": 0x20, "NOARP": 0x80, "PROMISC": _PROMISCUOUS, "ALLMULTI": _ALL_MULTICAST,
             "MULTICAST": 0x1000, "DYNAMIC": 0x8000}
_ETHERNET, _LOOPBACK_TYPE = 1, 772
_VETH_SPEED = 10_000
_STATISTICS = ("collisions", "multicast", "rx_compressed", "rx_crc_errors", "rx_dropped", "rx_errors",
               "rx_fifo_errors", "rx_frame_errors", "rx_length_errors", "rx_missed_errors", "rx_nohandler",
               "rx_over_errors", "tx_aborted_errors", "tx_carrier_errors", "tx_compressed", "tx_dropped", "tx_errors",
               "tx_fifo_errors", "tx_heartbeat_errors", "tx_window_errors")
_FORWARDING, _DISABLED = 3, 0
_LONGEST = 2**31 - 1
# the kernel would take another value (net/core/net-sysfs.c, net/bridge/br_sysfs_if.c), and nothing here would change
_UNCHANGED = ("backup_port", "bpdu_guard", "broadcast_flood", "flags", "gro_flush_timeout", "group_fwd_mask",
              "isolated", "learning", "multicast_fast_leave", "multicast_flood", "multicast_router",
              "multicast_to_unicast", "napi_defer_hard_irqs", "neigh_suppress", "netdev_group", "path_cost",
              "priority", "proto_down", "proxyarp", "proxyarp_wifi", "root_block", "threaded", "unicast_flood")
# what a bridge tells, and nobody may set
_ONLY_TOLD = ("bridge_id", "gc_timer", "hello_timer", "root_id", "root_path_cost", "root_port", "tcn_timer",
              "topology_change", "topology_change_detected", "topology_change_timer")
# a bridge learns who listens to which group; nobody here sends queries (net/bridge/br_multicast.c)
_MULTICAST_SNOOPING = {
    "hash_elasticity": 16, "hash_max": 4096, "multicast_igmp_version": 2, "multicast_last_member_count": 2,
    "multicast_last_member_interval": 100, "multicast_membership_interval": 26_000, "multicast_mld_version": 1,
    "multicast_querier": 0, "multicast_querier_interval": 25_500, "multicast_query_interval": 12_500,
    "multicast_query_response_interval": 1000, "multicast_query_use_ifaddr": 0, "multicast_router": 1,
    "multicast_snooping": 1, "multicast_startup_query_count": 2, "multicast_startup_query_interval": 3124,
    "multicast_stats_enabled": 0}
_FLUSH = LiveFile(refusing(errno.EACCES), unchangeable, permissions=0o200)
_CLASS = "../../../../class/net"
_CARD = "pci0000:00"


def tree(namespace: Namespace, *, is_locked: bool) -> Tree:
    """/sys."""
    folders = partial(_folders, namespace, is_locked)
    return {"class": lambda: {"net": partial(_links, namespace)},
            "devices": lambda: {_CARD: lambda: {"net": partial(folders, cards=True)},
                                "virtual": lambda: {"net": partial(folders, cards=False)}},
            **({"firmware": dict} if is_locked else {})}


def _links(namespace: Namespace) -> Tree:
    return {name: Link(f"../../devices/{_CARD if _is_card(device) else 'virtual'}/net/{name}")
            for name, device in namespace.devices.items()}


def _is_card(device: Device) -> bool:
    return isinstance(device, Physical)


def _folders(namespace: Namespace, is_locked: bool, *, cards: bool) -> Tree:
    return {name: partial(_changeable_or_not, device, is_locked) for name, device in namespace.devices.items()
            if _is_card(device) is cards}


def _changeable_or_not(device: Device, is_locked: bool) -> Tree:
    return locked(_device(device)) if is_locked else _device(device)


def _device(device: Device) -> Tree:
    loopback = device.kind == "loopback"
    broadcast = device.mac if loopback else "ff:ff:ff:ff:ff:ff"
    entries: dict[str, object] = {
        "addr_assign_type": device.address_origin, "addr_len": 6, "address": device.mac, "broadcast": broadcast,
        "carrier_changes": device.carrier_ups + device.carrier_downs, "carrier_down_count": device.carrier_downs,
        "carrier_up_count": device.carrier_ups, "name_assign_type": device.name_origin, "dev_id": "0x0", "dev_port": 0,
        "flags": f"{_flags(device):#x}", "gro_flush_timeout": 0, "ifindex": device.index,
        "iflink": device.link_index or device.index, "link_mode": 0, "mtu": device.mtu, "napi_defer_hard_irqs": 0,
        "netdev_group": 0, "operstate": device.operational_state.lower(), "proto_down": 0, "threaded": 0,
        "tx_queue_len": device.queue_length, "type": _LOOPBACK_TYPE if loopback else _ETHERNET}
    folders: Tree = {"power": _power, "queues": partial(_queues, is_loopback=loopback),
                     "statistics": partial(_statistics, device), "subsystem": Link(_CLASS), **_relatives(device)}
    files = {name: text_file(value, _changes(device, name)) for name, value in entries.items()}
    files["ifalias"] = LiveFile(lambda: b"", unchangeable)
    files["uevent"] = LiveFile(lambda: _event(device).encode(), unchangeable)
    return files | _link_files(device) | dict(folders)


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
    linkwatch.follow(device)


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
    kind = _LOOPBACK if device.kind == "loopback" else _BROADCAST
    port = _PROMISCUOUS | _ALL_MULTICAST if device.master is not None else 0
    switched = sum(bit for flag, bit in _SWITCHED.items() if flag in device.flags and not bit & port)
    return kind | port | switched | (_UP if device.up else 0)


def _event(device: Device) -> str:
    kind = "DEVTYPE=bridge\n" if isinstance(device, Bridge) else ""
    return f"{kind}INTERFACE={device.name}\nIFINDEX={device.index}\n"


def _link_files(device: Device) -> dict[str, LiveFile]:
    """What is known only of a device that is up, or of a kind that has it (net/core/net-sysfs.c)."""
    unknown = LiveFile(refusing(errno.EINVAL))
    if not device.up:
        return dict.fromkeys(("dormant", "duplex", "speed", "testing"), unknown) | {
            "carrier": LiveFile(refusing(errno.EINVAL), unchangeable)}
    known = {"carrier": text_file(int(device.carrier), unchangeable), "dormant": text_file(0), "testing": text_file(0)}
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
    relatives: dict[str, partial[Tree] | Link] = {}
    if isinstance(device, Bridge):
        relatives |= {"bridge": partial(_bridge, device), "brif": partial(_ports, device)}
        relatives |= {f"lower_{name}": Link(f"../{name}") for name in device.ports}
    if device.master is not None:
        above = Link(f"../{device.master.name}")
        relatives |= {"brport": partial(_port, device), "master": above, f"upper_{device.master.name}": above}
    return relatives


def _power() -> Tree:
    """Nothing here can be sent to sleep (Documentation/ABI/testing/sysfs-devices-power)."""
    return {"autosuspend_delay_ms": LiveFile(refusing(errno.EIO), unchangeable),
            "control": text_file("auto", unchangeable), "runtime_active_time": text_file(0),
            "runtime_status": text_file("unsupported"), "runtime_suspended_time": text_file(0)}


def _queues(*, is_loopback: bool) -> Tree:
    """One that frames come in by, and one that they leave by (sysfs-class-net-queues in the ABI)."""
    read = refusing(errno.ENOENT) if is_loopback else lambda: b"0\n"
    setting = text_file(0, unchangeable)
    sent = {"traffic_class": LiveFile(read), "tx_maxrate": setting, "tx_timeout": text_file(0),
            "xps_cpus": LiveFile(read, unchangeable), "xps_rxqs": setting}
    return {"rx-0": lambda: {"rps_cpus": setting, "rps_flow_cnt": setting}, "tx-0": lambda: sent}


def _ports(bridge: Bridge) -> Tree:
    return {name: Link(f"../../{name}/brport") for name in bridge.ports}


def _identifier(bridge: Bridge) -> str:
    return f"8000.{bridge.mac.replace(':', '')}"


def _bridge(bridge: Bridge) -> Tree:
    """Times are in hundredths of a second (net/bridge/br_sysfs_br.c). Timers don't run here."""
    values: dict[str, object] = _MULTICAST_SNOOPING | {
        "ageing_time": AGEING_TIME // SECOND * HUNDREDTHS, "bridge_id": _identifier(bridge), "forward_delay": 1500,
        "gc_timer": 0, "group_addr": "01:80:c2:00:00:00", "group_fwd_mask": "0x0", "hello_time": 200,
        "hello_timer": 0, "max_age": 2000, "nf_call_arptables": 0, "nf_call_ip6tables": 0, "nf_call_iptables": 0,
        "no_linklocal_learn": 0, "priority": 32768, "root_id": _identifier(bridge), "root_path_cost": 0,
        "root_port": 0, "stp_state": 0, "tcn_timer": 0, "topology_change": 0, "topology_change_detected": 0,
        "topology_change_timer": 0}
    files = {name: text_file(value, None if name in _ONLY_TOLD else unchangeable) for name, value in values.items()}
    return files | {"flush": _FLUSH}


def _port(port: Device) -> Tree:
    """net/bridge/br_sysfs_if.c."""
    bridge = port.master
    assert bridge is not None
    forwards = bridge.up and port.up and port.carrier
    values: dict[str, object] = {
        "backup_port": "", "bpdu_guard": 0, "broadcast_flood": 1, "change_ack": 0, "config_pending": 0,
        "designated_bridge": _identifier(bridge), "designated_cost": 0, "designated_port": 0x8000 + port.port_number,
        "designated_root": _identifier(bridge), "forward_delay_timer": 0, "group_fwd_mask": "0x0",
        "hairpin_mode": int(port.name in bridge.hairpin), "hold_timer": 0, "isolated": 0, "learning": 1,
        "message_age_timer": 0, "multicast_fast_leave": 0, "multicast_flood": 1, "multicast_router": 1,
        "multicast_to_unicast": 0, "neigh_suppress": 0, "path_cost": 2, "port_id": f"{0x8000 + port.port_number:#x}",
        "port_no": f"{port.port_number:#x}", "priority": 32, "proxyarp": 0, "proxyarp_wifi": 0, "root_block": 0,
        "state": _FORWARDING if forwards else _DISABLED, "unicast_flood": 1}
    settings: Tree = {name: text_file(value, _changes(port, name)) for name, value in values.items()}
    return {**settings, "bridge": Link(f"../../{bridge.name}"), "flush": _FLUSH}

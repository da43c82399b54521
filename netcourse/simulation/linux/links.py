"""What the kernel does, and refuses, when links are made, changed and joined (rtnetlink.c, net/bridge/br_if.c)."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from netcourse.packets import UNKNOWN_MAC
from netcourse.simulation.linux import linkwatch
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.device import (
    DEFAULT_QUEUE_LENGTH,
    HIGHEST_MTU,
    LOWEST_MTU,
    NAMED_BY_KERNEL,
    NAMED_BY_USER,
    RANDOM_ADDRESS,
    SET_ADDRESS,
    Device,
    Veth,
)
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.refusal import Refused

LONGEST_NAME = 15


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link as it was asked for: an empty ``name`` or ``mac`` and an ``index`` of zero are the kernel's choice."""

    namespace: Namespace
    name: str = ""
    mac: str = ""
    mtu: int = 1500
    index: int = 0


def add_bridge(new: NewLink) -> None:
    """Raises Refused."""
    name = new.name or _free_name(new.namespace, "bridge")
    bridge = Bridge(name, new.mac or new.namespace.machine.new_mac(), checked_mtu(new.mtu),
                    queue_length=DEFAULT_QUEUE_LENGTH, follows_ports=not new.mac)
    bridge.index = new.index
    _put(bridge, new)
    if new.mac:
        bridge.set_mac(new.mac)


def add_veth(near: NewLink, far: NewLink) -> None:
    """Both ends of a cable. Raises Refused."""
    far_name = far.name or _free_name(far.namespace, "veth")
    near_name = near.name or _free_name(near.namespace, "veth", taken=far_name)
    if near_name in near.namespace.devices:
        raise Refused(errno.EEXIST)
    ends = [Veth(name, new.mac or new.namespace.machine.new_mac(), checked_mtu(new.mtu),
                 queue_length=DEFAULT_QUEUE_LENGTH) for name, new in ((near_name, near), (far_name, far))]
    Veth.pair(*ends)
    ends[0].index, ends[1].index = near.index, far.index
    # the other end is registered first, which so gets the lower index
    _put(ends[1], far)
    try:
        _put(ends[0], near)
    except Refused:
        far.namespace.take_device(ends[1])
        raise


def _put(device: Device, new: NewLink) -> None:
    _check_name(device.name)
    device.name_origin = NAMED_BY_USER if new.name else NAMED_BY_KERNEL
    device.address_origin = SET_ADDRESS if new.mac else RANDOM_ADDRESS
    try:
        new.namespace.add_device(device)
    except FileExistsError:
        raise Refused(errno.EEXIST) from None


def _check_name(name: str) -> None:
    """Raises Refused (net/core/dev.c, dev_valid_name)."""
    if len(name) > LONGEST_NAME:
        raise Refused(errno.EINVAL, "Attribute failed policy validation.")
    if name in (".", "..") or any(letter in "/:" or letter.isspace() for letter in name):
        raise Refused(errno.EINVAL)


def rename(namespace: Namespace, device: Device, name: str) -> None:
    """Raises OSError."""
    _check_name(name)
    namespace.rename_device(device, name)


def _free_name(namespace: Namespace, kind: str, taken: str = "") -> str:
    """The kind with the first number that is free."""
    numbered = (f"{kind}{number}" for number in range(len(namespace.devices) + 2))
    return next(name for name in numbered if name not in namespace.devices and name != taken)


def near_peer(device: Device) -> Device | None:
    """The other end of a veth, where it is in the same namespace."""
    peer = device.peer if isinstance(device, Veth) else None
    return peer if peer is not None and peer.namespace is device.namespace else None


def remove(namespace: Namespace, device: Device) -> None:
    """Raises Refused."""
    if device.kind in ("loopback", "physical"):
        raise Refused(errno.EOPNOTSUPP)
    namespace.remove_device(device)


def checked_mtu(value: int, highest: int = HIGHEST_MTU) -> int:
    """Raises Refused."""
    if value < LOWEST_MTU:
        raise Refused(errno.EINVAL, "mtu less than device minimum.")
    if value > highest:
        raise Refused(errno.EINVAL, "mtu greater than device maximum.")
    return value


def set_mtu(device: Device, value: int) -> None:
    """Raises Refused."""
    device.mtu = checked_mtu(value, 2**31 if device.kind == "loopback" else HIGHEST_MTU)
    linkwatch.follow(device)


def set_mac(device: Device, mac: str) -> None:
    """Raises Refused for the address of a group."""
    if int(mac[:2], 16) & 1:
        raise Refused(errno.EADDRNOTAVAIL)
    if isinstance(device, Bridge):
        device.set_mac(mac)
        return
    if device.master is not None:
        device.master.forwarding.move(device.mac, mac, device)
    device.mac, device.address_origin = mac, SET_ADDRESS


def set_master(device: Device, bridge: Device | None) -> None:
    """A port leaves its bridge first, even when the new one then refuses it (do_set_master). Raises Refused."""
    if device.master is not None:
        device.master.remove_port(device)
    if bridge is not None:
        add_port(bridge, device)


def add_port(bridge: Device, device: Device) -> None:
    """Raises Refused."""
    if not isinstance(bridge, Bridge):
        raise Refused(errno.EOPNOTSUPP)
    if device.kind == "loopback" or device.mac == UNKNOWN_MAC:
        raise Refused(errno.EINVAL)
    if isinstance(device, Bridge):
        raise Refused(errno.ELOOP, "Can not enslave a bridge to a bridge.")
    if device.master is not None:
        raise Refused(errno.EBUSY)
    bridge.add_port(device)

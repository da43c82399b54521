"""The multicast groups that devices listen to by themselves, and the MAC addresses that these have."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network

from netcourse.simulation.linux import ipv6
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.device import Device
from netcourse.simulation.linux.local_addresses import ALL_HOSTS

ALL_SNOOPERS = IPv4Address("224.0.0.106")
_EVERYBODY, _EVERYBODY_HERE, _SNOOPERS = IPv6Address("ff02::1"), IPv6Address("ff01::1"), IPv6Address("ff02::6a")
_SOLICITED = IPv6Network("ff02::1:ff00:0/104")


def groups_of(device: Device) -> list[IPv4Address]:
    """Everybody's group; a bridge also that of those who watch groups, as it does (RFC 4286)."""
    if not device.up:
        return []
    return [ALL_HOSTS, ALL_SNOOPERS] if isinstance(device, Bridge) else [ALL_HOSTS]


def ipv6_groups_of(device: Device) -> list[tuple[IPv6Address, int]]:
    """Those joined last first: of its addresses, of who watches groups, and everybody's, which it joins before it is up
    (RFC 4291 section 2.7.1). With the kernel's flags: 4 while it is joined, 8 for what nobody else need know."""
    is_joined = device.up or not device.was_up
    everybody = [(_EVERYBODY, 0x8 | 0x4 * is_joined), (_EVERYBODY_HERE, 0x8)]
    if device.kind == "loopback" or not device.up:
        return everybody
    solicited = [(_SOLICITED[int(address.ip) & 0xFFFFFF], 0x4) for address in ipv6.addresses_of(device)]
    watching = [(_SNOOPERS, 0x4)] if isinstance(device, Bridge) else []
    return [*solicited, *watching, *everybody]


def macs_of(device: Device) -> list[str]:
    """Without separators, in the kernel's order (RFC 1112 section 6.4, RFC 2464 section 7). IPv6 joins its group of all
    before the device is up for the first time."""
    macs = ["333300000001"]
    if device.kind == "loopback":
        return []
    if not device.up:
        return [] if device.was_up else macs
    if isinstance(device, Bridge):
        macs += ["01005e00006a", "33330000006a"]
    solicited = [f"3333ff{int(address.ip) & 0xFFFFFF:06x}" for address in ipv6.addresses_of(device)]
    return [*macs, "01005e000001", *solicited]

"""The IPv6 addresses that a device has by itself: ::1 on lo, and a link-local one made from its MAC address.

No IPv6 packet is simulated: these addresses are what listings show of a machine on which IPv6 is on, as it is where
Docker runs (net/ipv6/addrconf.c).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import TYPE_CHECKING

from netcourse.simulation.linux.clock import MILLISECOND
from netcourse.simulation.linux.device import Device

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace

LOOPBACK_ADDRESS = IPv6Address("::1")
LINK_LOCAL_NETWORK = IPv6Network("fe80::/64")
LOWEST_MTU = 1280
# a random delay of up to one second, and one second in which somebody else may object (RFC 4862 section 5.4)
DETECTION_TIME = 1500 * MILLISECOND


@dataclass(frozen=True, slots=True)
class LinkLocal:
    """The address that a device got at the time ``since`` from the MAC address that it had then."""

    mac: str
    since: int

    @property
    def ip(self) -> IPv6Address:
        """fe80:: with the modified EUI-64 identifier of the MAC address (RFC 4291 appendix A)."""
        octets = bytearray.fromhex(self.mac.replace(":", ""))
        octets[0] ^= 0x02
        identifier = bytes(octets[:3]) + b"\xff\xfe" + bytes(octets[3:])
        return LINK_LOCAL_NETWORK[int.from_bytes(identifier)]


@dataclass(frozen=True, slots=True)
class InterfaceAddress:
    """``scope`` is link or host; an address is tentative while nobody knows yet whether another host has it."""

    ip: IPv6Address
    prefix_length: int
    scope: str
    is_tentative: bool = False

    def __str__(self) -> str:
        return f"{self.ip}/{self.prefix_length}"


def addresses_of(device: Device) -> list[InterfaceAddress]:
    """What the device has at this moment."""
    namespace = device.namespace
    if namespace is None or device.ipv6_disabled:
        return []
    if device is namespace.loopback:
        return [InterfaceAddress(LOOPBACK_ADDRESS, 128, "host")] if device.up else []
    if device not in namespace.link_local:
        return []
    own = namespace.link_local[device]
    is_tentative = namespace.machine.clock.now < own.since + DETECTION_TIME
    return [InterfaceAddress(own.ip, LINK_LOCAL_NETWORK.prefixlen, "link", is_tentative)]


def follow(device: Device, namespace: Namespace) -> None:
    """It gets an address as soon as it carries frames, and keeps it until it is switched off."""
    if not device.up or device.mtu < LOWEST_MTU or device.ipv6_disabled:
        namespace.link_local.pop(device, None)
    elif device not in namespace.link_local and device.carrier and device is not namespace.loopback:
        namespace.link_local[device] = LinkLocal(device.mac, namespace.machine.clock.now)

"""The addresses at which a packet ends in a namespace: what the kernel keeps in its routing table "local"."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from netcourse.simulation.linux.address import Address

if TYPE_CHECKING:
    from netcourse.simulation.linux.device import Device, Loopback

LIMITED_BROADCAST = IPv4Address("255.255.255.255")
ALL_HOSTS, ALL_HOSTS_MAC = IPv4Address("224.0.0.1"), "01:00:5e:00:00:01"
LOOPBACK_ADDRESS = IPv4Address("127.0.0.1")
LOOPBACK_NETWORK = IPv4Network("127.0.0.0/8")


class LocalAddresses:
    """An address counts on whichever device a packet comes in (the weak host model, RFC 1122 section 3.3.4.2)."""

    def __init__(self, loopback: Loopback) -> None:
        self._loopback = loopback
        self._devices: dict[IPv4Address, list[Device]] = {}
        self._broadcasts: Counter[IPv4Address] = Counter()

    def add(self, device: Device, address: Address) -> None:
        self._devices.setdefault(address.ip, []).append(device)
        self._broadcasts.update(_broadcasts(address))

    def remove(self, device: Device, address: Address) -> None:
        self._devices[address.ip].remove(device)
        if not self._devices[address.ip]:
            del self._devices[address.ip]
        self._broadcasts -= Counter(_broadcasts(address))

    def is_local(self, ip: IPv4Address) -> bool:
        return ip in self._devices or (self._loopback.up and ip in LOOPBACK_NETWORK)

    def is_reached(self, ip: IPv4Address, interface: str) -> bool:
        """Whether what is sent to ``ip``, by ``interface`` where one is given, stays here."""
        if interface in ("", self._loopback.name):
            return self.is_local(ip)
        return any(device.name == interface for device in self._devices.get(ip, ()))

    def is_broadcast(self, ip: IPv4Address) -> bool:
        return ip == LIMITED_BROADCAST or ip in self._broadcasts

    def source_for(self, ip: IPv4Address) -> IPv4Address:
        """Which of its own addresses a namespace uses to talk to one of its own: the primary one of the network."""
        if ip not in self._devices:
            return LOOPBACK_ADDRESS
        return next((address.ip for address in self._devices[ip][0].addresses
                     if ip in address.network and not address.is_secondary), ip)


def _broadcasts(address: Address) -> set[IPv4Address]:
    """That of the network, unless it has but one or two addresses (RFC 3021), and one that somebody has set."""
    own = set() if address.broadcast is None else {address.broadcast}
    return own if address.prefix_length > 30 else {*own, address.network.broadcast_address}

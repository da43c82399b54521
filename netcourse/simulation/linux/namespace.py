"""A network namespace: its devices and their addresses. What becomes of a packet in it stands in ipv4.py."""

from __future__ import annotations

import errno
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from netcourse.journey import Hop
from netcourse.packets import ARP, BROADCAST_MAC, Ethernet, IPv4
from netcourse.simulation.linux import ipv6, linkwatch
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.device import RENAMED, Device, Loopback
from netcourse.simulation.linux.ipv4 import IPv4Stack
from netcourse.simulation.linux.local_addresses import ALL_HOSTS, ALL_HOSTS_MAC, LOOPBACK_ADDRESS, LocalAddresses
from netcourse.simulation.linux.neighbours import NeighbourTable
from netcourse.simulation.linux.netfilter import Netfilter
from netcourse.simulation.linux.routes import NoRoute, Route, RouteTable
from netcourse.simulation.linux.settings import Settings
from netcourse.simulation.linux.sockets import FIRST_EPHEMERAL, LAST_EPHEMERAL, SocketTable

if TYPE_CHECKING:
    from netcourse.simulation.linux.machine import Machine

LOOPBACK = Address(LOOPBACK_ADDRESS, 8, scope="host")
_SCOPES = {"global": 0, "link": 253, "host": 254}


class Namespace:
    """``counted`` is what has passed so far, under the names of nstat(8): IpInReceives, TcpActiveOpens, ..."""

    def __init__(self, name: str, machine: Machine) -> None:
        self.name, self.machine = name, machine
        self.devices: dict[str, Device] = {}
        self.counted: Counter[str] = Counter()
        self.settings = Settings()
        self.routes = RouteTable()
        self.neighbours = NeighbourTable(self)
        self.netfilter = Netfilter(self)
        self.sockets = SocketTable(self)
        self.forwarding = False
        self.bridge_netfilter = False
        self.ipv6_disabled_by_default = False
        self.link_local: dict[Device, ipv6.LinkLocal] = {}
        self.local_ports = (FIRST_EPHEMERAL, LAST_EPHEMERAL)
        self._numbers: dict[Namespace, int] = {}
        self._last_index = 0
        self.loopback = Loopback()
        self.local_addresses = LocalAddresses(self.loopback)
        self.ipv4 = IPv4Stack(self)
        self.add_device(self.loopback)

    def number_of(self, other: Namespace) -> int:
        """The number by which this namespace knows another, given when first asked for (ip-netns(8), nsid)."""
        if other not in self._numbers:
            self._numbers = {known: number for known, number in self._numbers.items() if len(known.devices) > 1}
            self._numbers[other] = next(n for n in range(len(self._numbers) + 1) if n not in self._numbers.values())
        return self._numbers[other]

    def known_number_of(self, other: Namespace) -> int | None:
        return self._numbers.get(other)

    # Devices

    def add_device(self, device: Device) -> None:
        """Raises FileExistsError when the name is taken. The index is the next one, or its old one if that is free."""
        if device.name in self.devices:
            raise FileExistsError(errno.EEXIST, "File exists")
        if device.index == 0 or any(other.index == device.index for other in self.devices.values()):
            self._last_index += 1
            device.index = self._last_index
        self._last_index = max(self._last_index, device.index)
        device.namespace = self
        self.settings.begin(device.name)
        device.ipv6_disabled = device.ipv6_disabled or self.ipv6_disabled_by_default
        self.devices[device.name] = device

    def take_device(self, device: Device) -> None:
        """Take a device out, to be put elsewhere: it loses its addresses, routes and bridge, and is down."""
        self.set_down(device)
        device.was_up = False
        while device.addresses:
            self.remove_address(device, device.addresses[0])
        if device.master is not None:
            device.master.remove_port(device)
        if isinstance(device, Bridge):
            for port in list(device.ports.values()):
                device.remove_port(port)
        del self.devices[device.name]
        self.settings.forget(device.name)
        device.namespace = None

    def remove_device(self, device: Device) -> None:
        """Delete a device; the other end of a veth goes with it."""
        self.take_device(device)
        device.removed()

    def move_device(self, device: Device, target: Namespace, *, name: str | None = None) -> None:
        """``ip link set DEVICE netns TARGET [name NAME]``. Raises FileExistsError when the name is taken there."""
        if (name or device.name) in target.devices:
            raise FileExistsError(errno.EEXIST, "File exists")
        self.take_device(device)
        if name is not None:
            device.name, device.name_origin = name, RENAMED
        target.add_device(device)

    def rename_device(self, device: Device, name: str) -> None:
        """Raises FileExistsError. Routes over the device follow."""
        if name in self.devices:
            raise FileExistsError(errno.EEXIST, "File exists")
        routes = self.routes.flush(device.name)
        self.devices = {(name if d is device else n): d for n, d in self.devices.items()}
        if device.master is not None:
            device.master.ports = {(name if d is device else n): d for n, d in device.master.ports.items()}
        self.neighbours.flush(device)
        self.settings.rename(device.name, name)
        device.name, device.name_origin = name, RENAMED
        for route in routes:
            self.routes.add(replace(route, interface=name))

    def set_up(self, device: Device) -> None:
        """The connected routes of its addresses come back with it; lo gets 127.0.0.1 (net/ipv4/devinet.c)."""
        device.up = device.was_up = True
        if device is self.loopback and not device.addresses:
            self.add_address(device, LOOPBACK)
        for address in device.addresses:
            self._add_connected_route(device, address)
        linkwatch.follow(device)

    def set_down(self, device: Device) -> None:
        device.up = False
        self._disable(device)
        device.went_down()
        linkwatch.follow(device)

    # Addresses

    def add_address(self, device: Device, address: Address) -> None:
        """Primary ones by scope, the narrowest first, then secondary ones (net/ipv4/devinet.c, __inet_insert_ifa).

        Raises FileExistsError when the device has it already. 0.0.0.0 is none, and passed over.
        """
        if int(address.ip) == 0:
            return
        mates = [other for other in device.addresses if other.network == address.network]
        if any(other.ip == address.ip for other in mates):
            raise FileExistsError(errno.EEXIST, "File exists")
        if address.is_secondary != bool(mates):
            address = replace(address, is_secondary=bool(mates))
        before = [other for other in device.addresses
                  if not other.is_secondary and _SCOPES[other.scope] >= _SCOPES[address.scope]]
        place = device.addresses.index(before[-1]) + 1 if before else 0
        device.addresses.insert(len(device.addresses) if mates else place, address)
        self.local_addresses.add(device, address)
        if device.up:
            self._add_connected_route(device, address)

    def remove_address(self, device: Device, address: Address) -> None:
        """Its connected route goes with it, every route that names it as source, and the secondary ones after it,
        unless one of these is to take its place (promote_secondaries).

        With the last one IPv4 is off on the device, and all routes over it go (net/ipv4/fib_frontend.c).
        """
        device.addresses.remove(address)
        self.local_addresses.remove(device, address)
        mates = [] if address.is_secondary else [
            other for other in device.addresses if other.network == address.network]
        heir = mates[0] if mates and self.settings.either(device.name, "promote_secondaries") else None
        for mate in mates if heir is None else ():
            self.remove_address(device, mate)
        if not device.addresses:
            self._disable(device)
        for route in self.routes.listing():
            if route.source == address.ip and (route.interface == device.name or not self.is_local(address.ip)):
                self.routes.remove(route)
        if heir is not None:
            self._promote(device, heir)

    def _promote(self, device: Device, address: Address) -> None:
        """Make a secondary address the primary one of its network, the last of those there are."""
        device.addresses.remove(address)
        promoted = replace(address, is_secondary=False)
        device.addresses.insert(sum(not other.is_secondary for other in device.addresses), promoted)
        if device.up:
            self._add_connected_route(device, promoted)

    def _disable(self, device: Device) -> None:
        """No more IPv4 over it: its routes and neighbours go, those typed by hand too."""
        self.routes.flush(device.name)
        self.neighbours.flush(device)

    def _add_connected_route(self, device: Device, address: Address) -> None:
        """None where it would lead to no host, or from none (net/ipv4/fib_frontend.c, fib_add_ifaddr)."""
        if address.prefix_length == 32 or address.is_secondary or device is self.loopback:
            return
        if address.ip.is_multicast or int(address.network.network_address) == 0:
            return
        route = Route(address.network, device.name, source=address.ip, scope="link", protocol="kernel")
        with suppress(FileExistsError):
            self.routes.append(route)

    def forwards(self, device: Device) -> bool:
        """Whether a packet that comes in by ``device`` may go on."""
        return self.settings.of(device.name, "forwarding", self.forwarding) != 0

    def is_local(self, ip: IPv4Address) -> bool:
        """Whether a packet to ``ip`` ends here."""
        return self.local_addresses.is_local(ip)

    def follow_default(self, name: str, value: int) -> None:
        """The "default" of a setting has changed: so do devices that nobody has given an address or another value
        (net/ipv4/devinet.c, devinet_copy_dflt_conf)."""
        for device in self.devices.values():
            if not device.addresses:
                self.settings.follow(device.name, name, value)

    def may_bind(self, ip: IPv4Address) -> bool:
        """Whether a socket may have the address."""
        return self.is_local(ip) or self.settings.get("ip_nonlocal_bind") != 0

    def is_broadcast(self, ip: IPv4Address) -> bool:
        return self.local_addresses.is_broadcast(ip)

    def is_for_all(self, ip: IPv4Address) -> bool:
        """Whether a packet to ``ip`` is for everybody on a link."""
        return self.local_addresses.is_broadcast(ip) or ip == ALL_HOSTS

    def source_for(self, destination: IPv4Address, interface: str = "") -> IPv4Address:
        """The address that a packet to ``destination``, perhaps by this ``interface``, leaves with. Raises NoRoute."""
        if int(destination) == 0:
            return LOOPBACK_ADDRESS  # 0.0.0.0 is this host (net/ipv4/route.c, ip_route_output_key)
        if self.local_addresses.is_reached(destination, interface):
            if not self.loopback.up:
                raise NoRoute
            return self.local_addresses.source_for(destination)
        route = self.route_to(destination, interface)
        if route.source is not None:
            return route.source
        address = self.devices[route.interface].address_in(route.gateway or destination)
        return address.ip if address else self._any_address()

    def _any_address(self) -> IPv4Address:
        return next((a.ip for d in self.devices.values() for a in d.addresses if a.scope == "global"), IPv4Address(0))

    def route_to(self, destination: IPv4Address, interface: str = "") -> Route:
        """Raises NoRoute. Who insists on an interface finds everybody on its link where no route says otherwise."""
        try:
            return self.routes.way_to(destination, interface)
        except NoRoute:
            if not interface:
                raise
            return Route(IPv4Network(destination), interface, scope="link")

    def receive(self, device: Device, frame: Ethernet, *, port: str | None = None, filtered: bool = False) -> None:
        """A frame has come in by ``device``, perhaps by a bridge's ``port``, which may have ``filtered`` it already."""
        payload = frame.payload
        if isinstance(payload, ARP):
            self.neighbours.receive(device, payload)
        elif frame.destination in (device.mac, BROADCAST_MAC, ALL_HOSTS_MAC):
            self.ipv4.receive(device, frame, port=port, filtered=filtered)

    def record(self, place: str, action: str, packet: IPv4, detail: str = "") -> None:
        self.machine.recorder.record(Hop(self.machine.clock.now, self.name, place, action, packet, detail))

    def close(self) -> None:
        """The namespace goes, and with it its sockets and virtual devices (their other ends too)."""
        self.sockets.close_all()
        for device in list(self.devices.values()):
            # the other end of a cable within the namespace is gone already
            if device is not self.loopback and device.namespace is self:
                self.remove_device(device)

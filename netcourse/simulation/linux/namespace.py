"""A network namespace: its devices, and the way of an IPv4 packet in, through and out.

The hooks of netfilter are called in the kernel's order; what the stack has to say to a sender it says by ICMP.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from netcourse.journey import Hop
from netcourse.packets import ARP, BROADCAST_MAC, Ethernet, ICMPType, IPv4, Unreachable
from netcourse.simulation.linux import fragments, icmp, ipv6
from netcourse.simulation.linux.address import Address
from netcourse.simulation.linux.bridge import Bridge
from netcourse.simulation.linux.device import Device, Loopback
from netcourse.simulation.linux.neighbours import NeighbourTable
from netcourse.simulation.linux.netfilter import Netfilter
from netcourse.simulation.linux.routes import Route, RouteTable
from netcourse.simulation.linux.sockets import FIRST_EPHEMERAL, LAST_EPHEMERAL, SocketTable

if TYPE_CHECKING:
    from netcourse.simulation.linux.machine import Machine

LARGEST_PACKET = 65535
LIMITED_BROADCAST = IPv4Address("255.255.255.255")
LOOPBACK_ADDRESS = IPv4Address("127.0.0.1")
LOOPBACK_NETWORK = IPv4Network("127.0.0.0/8")
LOOPBACK = Address(LOOPBACK_ADDRESS, 8, scope="host")


class NoRoute(OSError):
    """No route leads to the destination (ENETUNREACH), or one says no (EHOSTUNREACH, EACCES, EINVAL)."""

    def __init__(self, number: int = errno.ENETUNREACH) -> None:
        super().__init__(number, os.strerror(number))


_SCOPES = {"global": 0, "link": 253, "host": 254}
_REFUSING_ROUTES = {"unreachable": errno.EHOSTUNREACH, "prohibit": errno.EACCES, "blackhole": errno.EINVAL}


class Namespace:
    def __init__(self, name: str, machine: Machine) -> None:
        self.name, self.machine = name, machine
        self.devices: dict[str, Device] = {}
        self.routes = RouteTable()
        self.neighbours = NeighbourTable(self)
        self.netfilter = Netfilter(self)
        self.sockets = SocketTable(self)
        self.reassembly = fragments.Reassembly()
        self.forwarding = False
        self.bridge_netfilter = False
        self.ipv6_disabled_by_default = False
        self.link_local: dict[Device, ipv6.LinkLocal] = {}
        self.ignores_echo = False
        self.local_ports = (FIRST_EPHEMERAL, LAST_EPHEMERAL)
        self.settings: dict[str, str] = {}
        self._local: dict[IPv4Address, Device] = {}
        self._numbers: dict[Namespace, int] = {}
        self._last_index = 0
        self._identification = 0
        self.loopback = Loopback()
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
        device.name = name or device.name
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
        device.name = name
        for route in routes:
            self.routes.add(replace(route, interface=name))

    def set_up(self, device: Device) -> None:
        """The connected routes of its addresses come back with it; lo gets 127.0.0.1 (net/ipv4/devinet.c)."""
        device.up = device.was_up = True
        if device is self.loopback and not device.addresses:
            self.add_address(device, LOOPBACK)
        for address in device.addresses:
            self._add_connected_route(device, address)
        ipv6.follow(device)

    def set_down(self, device: Device) -> None:
        """Its routes and neighbours go, those typed by hand too."""
        device.up = False
        self.routes.flush(device.name)
        self.neighbours.flush(device)
        ipv6.follow(device)

    # Addresses

    def add_address(self, device: Device, address: Address) -> None:
        """Primary ones by scope, the narrowest first, then secondary ones (net/ipv4/devinet.c, __inet_insert_ifa).

        Raises FileExistsError when the device has it already.
        """
        mates = [other for other in device.addresses if other.network == address.network]
        if any(other.ip == address.ip for other in mates):
            raise FileExistsError(errno.EEXIST, "File exists")
        address = replace(address, is_secondary=bool(mates))
        before = [other for other in device.addresses
                  if not other.is_secondary and _SCOPES[other.scope] >= _SCOPES[address.scope]]
        place = device.addresses.index(before[-1]) + 1 if before else 0
        device.addresses.insert(len(device.addresses) if mates else place, address)
        self._local[address.ip] = device
        if device.up:
            self._add_connected_route(device, address)

    def remove_address(self, device: Device, address: Address) -> None:
        """Its connected route goes with it, every route that names it as source, and the secondary ones after it."""
        device.addresses.remove(address)
        if not address.is_secondary:
            for mate in [other for other in device.addresses if other.network == address.network]:
                self.remove_address(device, mate)
        others = (d for d in self.devices.values() if any(a.ip == address.ip for a in d.addresses))
        other = next(others, None)
        if other is None:
            self._local.pop(address.ip, None)
        else:
            self._local[address.ip] = other
        for route in self.routes.listing():
            if route.source == address.ip and (route.interface == device.name or other is None):
                self.routes.remove(route)

    def _add_connected_route(self, device: Device, address: Address) -> None:
        if address.prefix_length == 32 or address.is_secondary or device is self.loopback:
            return
        route = Route(address.network, device.name, source=address.ip, scope="link", protocol="kernel")
        with suppress(FileExistsError):
            self.routes.append(route)

    def is_local(self, ip: IPv4Address) -> bool:
        """Whether a packet to ``ip`` ends here, on whichever device it comes in (the weak host model, RFC 1122)."""
        return ip in self._local or (ip in LOOPBACK_NETWORK and self.loopback.up)

    def is_broadcast(self, ip: IPv4Address) -> bool:
        if ip == LIMITED_BROADCAST:
            return True
        return any(ip == address.network.broadcast_address and address.prefix_length < 31
                   for device in self.devices.values() for address in device.addresses)

    def source_for(self, destination: IPv4Address) -> IPv4Address:
        """The address that a packet to ``destination`` leaves with. Raises NoRoute."""
        if int(destination) == 0:
            return LOOPBACK_ADDRESS  # 0.0.0.0 is this host (net/ipv4/route.c, ip_route_output_key)
        if self.is_local(destination):
            if not self.loopback.up:
                raise NoRoute
            return destination if destination in self._local else LOOPBACK_ADDRESS
        route = self.route_to(destination)
        if route.source is not None:
            return route.source
        address = self.devices[route.interface].address_in(route.gateway or destination)
        return address.ip if address else self._any_address()

    def _any_address(self) -> IPv4Address:
        return next((a.ip for d in self.devices.values() for a in d.addresses if a.scope == "global"), IPv4Address(0))

    def route_to(self, destination: IPv4Address) -> Route:
        """Raises NoRoute."""
        route = self.routes.lookup(destination)
        if route is None:
            raise NoRoute
        if route.kind != "unicast":
            raise NoRoute(_REFUSING_ROUTES[route.kind])
        return route

    # The way in

    def receive(self, device: Device, frame: Ethernet, *, filtered: bool = False) -> None:
        """A frame has come in by ``device``. ``filtered``: a bridge has asked PREROUTING already."""
        payload = frame.payload
        if isinstance(payload, ARP):
            self.neighbours.receive(device, payload)
        elif frame.destination in (device.mac, BROADCAST_MAC):
            self._receive_packet(device, payload, filtered=filtered)

    def _receive_packet(self, device: Device, packet: IPv4, *, filtered: bool) -> None:
        whole = self.reassembly.add(packet)
        if whole is None:
            return
        if not filtered:
            passed = self.netfilter.traverse("PREROUTING", whole, incoming=device.name, outgoing=None)
            if passed is None:
                return
            whole = passed
        if self.is_local(whole.destination) or self.is_broadcast(whole.destination):
            self._deliver(device, whole)
        elif self.forwarding:
            self._forward(device, whole)
        else:
            self.record("routing", "dropped", whole, "forwarding is off here (net.ipv4.ip_forward = 0)")

    def _deliver(self, device: Device, packet: IPv4) -> None:
        passed = self.netfilter.traverse("INPUT", packet, incoming=device.name, outgoing=None)
        if passed is not None:
            self.record(device.name, "delivered", passed)
            self.sockets.deliver(passed)

    def _forward(self, device: Device, packet: IPv4) -> None:
        if packet.ttl <= 1:
            self.record("routing", "dropped", packet, "time to live exceeded")
            icmp.send_error(self, packet, ICMPType.TIME_EXCEEDED, 0)
            return
        try:
            route = self.route_to(packet.destination)
        except NoRoute as refusal:
            self.record("routing", "dropped", packet, "no route")
            host = refusal.errno == errno.EHOSTUNREACH
            icmp.send_error(self, packet, ICMPType.UNREACHABLE, Unreachable.HOST if host else Unreachable.NETWORK)
            return
        packet = replace(packet, ttl=packet.ttl - 1)
        self.record("routing", "routed", packet, str(route))
        passed = self.netfilter.traverse("FORWARD", packet, incoming=device.name, outgoing=route.interface)
        if passed is not None:
            self._post_route(passed, route)

    def is_elsewhere(self, frame: Ethernet, filtered: Ethernet) -> bool:
        """Whether a bridged packet got another destination address on the way in, and must be routed."""
        before, after = frame.payload, filtered.payload
        return isinstance(before, IPv4) and isinstance(after, IPv4) and before.destination != after.destination

    # The way out

    def send(self, packet: IPv4) -> None:
        """Send a packet of one's own.

        Raises NoRoute; PermissionError (EPERM) when OUTPUT drops it; OSError (EMSGSIZE) when it must not be cut and
        doesn't fit.
        """
        if int(packet.destination) == 0:
            packet = replace(packet, destination=packet.source)
        if not packet.identification and not packet.dont_fragment:
            self._identification = (self._identification + 1) % 65536
            packet = replace(packet, identification=self._identification)
        route = self._output_route(packet.destination)
        if route is None and not self.loopback.up:
            raise NoRoute
        outgoing = route.interface if route else "lo"
        passed = self.netfilter.traverse("OUTPUT", packet, incoming=None, outgoing=outgoing)
        if passed is None:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        if passed.destination != packet.destination:
            route = self._output_route(passed.destination)
        mtu = self.devices[route.interface].mtu if route else self.loopback.mtu
        if len(passed) > (mtu if passed.dont_fragment else LARGEST_PACKET):
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        self._post_route(passed, route)

    def _output_route(self, destination: IPv4Address) -> Route | None:
        """The route out; None for a packet to ourselves."""
        return None if self.is_local(destination) else self.route_to(destination)

    def _post_route(self, packet: IPv4, route: Route | None) -> None:
        device = self.devices[route.interface] if route else self.loopback
        passed = self.netfilter.traverse("POSTROUTING", packet, incoming=None, outgoing=device.name)
        if passed is None:
            return
        if len(passed) > device.mtu and passed.dont_fragment:
            self.record("routing", "dropped", passed, f"does not fit into the MTU of {device.mtu} and must not be cut")
            icmp.send_error(self, passed, ICMPType.UNREACHABLE, Unreachable.FRAGMENTATION_NEEDED, mtu=device.mtu)
            return
        for piece in fragments.cut(passed, device.mtu):
            self._to_neighbour(piece, device, route)

    def _to_neighbour(self, packet: IPv4, device: Device, route: Route | None) -> None:
        if route is None or device is self.loopback:
            self.loopback.transmit(Ethernet(device.mac, device.mac, packet))
        elif self.is_broadcast(packet.destination):
            device.transmit(Ethernet(BROADCAST_MAC, device.mac, packet))
        else:
            self.neighbours.resolve(
                device, route.gateway or packet.destination,
                found=lambda mac: device.transmit(Ethernet(mac, device.mac, packet)),
                failed=lambda: self._unresolved(packet, device))

    def _unresolved(self, packet: IPv4, device: Device) -> None:
        self.record(device.name, "dropped", packet, "nobody answered the ARP question")
        icmp.send_error(self, packet, ICMPType.UNREACHABLE, Unreachable.HOST)

    def record(self, place: str, action: str, packet: IPv4, detail: str = "") -> None:
        self.machine.recorder.record(Hop(self.machine.clock.now, self.name, place, action, packet, detail))

    def close(self) -> None:
        """The namespace goes, and with it its sockets and virtual devices (their other ends too)."""
        self.sockets.close_all()
        for device in list(self.devices.values()):
            # the other end of a cable within the namespace is gone already
            if device is not self.loopback and device.namespace is self:
                self.remove_device(device)

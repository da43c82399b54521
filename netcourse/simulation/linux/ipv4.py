"""The way of an IPv4 packet into a namespace, through it and out of it (RFC 791, RFC 1122, RFC 1812).

The hooks of netfilter are called in the kernel's order; what the stack has to say to a sender it says by ICMP.
"""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netcourse.packets import BROADCAST_MAC, ICMP, Ethernet, ICMPType, IPv4, Protocol, Unreachable
from netcourse.simulation.linux import fragments, icmp
from netcourse.simulation.linux.local_addresses import LIMITED_BROADCAST, LOOPBACK_NETWORK
from netcourse.simulation.linux.netfilter.passage import Link
from netcourse.simulation.linux.path_mtu import PathMTUs
from netcourse.simulation.linux.peers import Peers
from netcourse.simulation.linux.routes import NoRoute, Route

if TYPE_CHECKING:
    from netcourse.simulation.linux.device import Device
    from netcourse.simulation.linux.namespace import Namespace

LONGEST_PACKET = 65535
STRICTLY = 1
LOOPBACK_BLOCK, FIRST_MULTICAST_BLOCK, LAST_MULTICAST_BLOCK = 127, 224, 239
_REFUSALS = {errno.ENETUNREACH: Unreachable.NETWORK, errno.EHOSTUNREACH: Unreachable.HOST,
             errno.EACCES: Unreachable.ADMINISTRATIVELY_PROHIBITED}
# the two bits of explicit congestion notification (RFC 3168 section 5)
_CONGESTION_COUNTERS = ("IpExtInNoECTPkts", "IpExtInECT1Pkts", "IpExtInECT0Pkts", "IpExtInCEPkts")


class IPv4Stack:
    """``namespace`` says which devices, addresses, routes and rules there are."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._reassembly = fragments.Reassembly(namespace.counted)
        self._identification = 0
        self.peers = Peers(namespace.machine.clock, namespace.settings)
        self.path_mtus = PathMTUs(namespace.machine.clock)

    # The way in

    def receive(self, device: Device, frame: Ethernet, *, port: str | None, filtered: bool) -> None:
        """A packet has come in by ``device``, perhaps by a bridge's ``port``. ``filtered``: that bridge has asked
        PREROUTING already."""
        namespace, link = self._namespace, Link(frame, port)
        assert isinstance(frame.payload, IPv4)
        self._count_received(frame.payload)
        packet = self.whole_for_rules(frame.payload)
        if packet is not None and not filtered:
            packet = namespace.netfilter.traverse("PREROUTING", packet, incoming=device.name, outgoing=None, link=link)
        if packet is None:
            return
        if device is not namespace.loopback and self._is_martian(device, packet):
            namespace.record("routing", "dropped", packet, "no packet with these addresses can come from outside")
        elif device is not namespace.loopback and not self.comes_the_right_way(device, packet.source):
            namespace.counted["TcpExtIPReversePathFilter"] += 1
            namespace.record("routing", "dropped", packet, f"its answer would not leave by {device.name} (rp_filter)")
        elif namespace.is_local(packet.destination):
            self._deliver(device, packet, link)
        elif namespace.is_for_all(packet.destination):
            self._deliver_to_all(device, packet, link)
        elif not namespace.forwards(device):
            namespace.counted["IpInAddrErrors"] += 1
            namespace.record("routing", "dropped", packet, "forwarding is off here (net.ipv4.ip_forward = 0)")
        elif frame.destination != BROADCAST_MAC:
            self._forward(device, packet, link)

    def _count_received(self, packet: IPv4) -> None:
        """Before anybody has looked at it (net/ipv4/ip_input.c, ip_rcv_core)."""
        counted = self._namespace.counted
        counted["IpInReceives"] += 1
        counted["IpExtInOctets"] += len(packet)
        counted[_CONGESTION_COUNTERS[packet.tos & 3]] += packet.pieces

    def _count_octets(self, name: str, packet: IPv4) -> None:
        self._namespace.counted[f"{name}Pkts"] += 1
        self._namespace.counted[f"{name}Octets"] += len(packet)

    def whole_for_rules(self, packet: IPv4) -> IPv4 | None:
        """Connection tracking looks at whole packets only; without it a router passes pieces on as they are."""
        return self._reassembly.add(packet) if self._namespace.netfilter.tracks else packet

    def _is_martian(self, device: Device, packet: IPv4) -> bool:
        """RFC 1812 section 5.3.7; so is a packet from one of our own addresses (net/ipv4/route.c)."""
        source, destination = int(packet.source) >> 24, int(packet.destination) >> 24
        settings = self._namespace.settings
        if LOOPBACK_BLOCK in (source, destination) and not settings.either(device.name, "route_localnet"):
            return True
        if destination == 0:
            return True
        if FIRST_MULTICAST_BLOCK <= source <= LAST_MULTICAST_BLOCK or packet.source == LIMITED_BROADCAST:
            return True
        if source == 0:
            return packet.destination != LIMITED_BROADCAST
        return self._namespace.is_local(packet.source) and not settings.either(device.name, "accept_local")

    def comes_the_right_way(self, device: Device, source: IPv4Address) -> bool:
        """RFC 3704: by strict rules (1), if an answer would leave by the same device; by loose ones (2), by any
        (net/ipv4/fib_frontend.c, __fib_validate_source)."""
        strictness = self._namespace.settings.greater(device.name, "rp_filter")
        if not strictness or int(source) == 0:
            return True
        try:
            way = self._namespace.routes.way_to(source)
        except NoRoute:
            return False
        return way.interface == device.name or strictness != STRICTLY

    def _deliver_to_all(self, device: Device, packet: IPv4, link: Link) -> None:
        self._count_octets("IpExtInMcast" if packet.destination.is_multicast else "IpExtInBcast", packet)
        self._deliver(device, packet, link)

    def _deliver(self, device: Device, packet: IPv4, link: Link) -> None:
        whole = self._reassembly.add(packet)
        if whole is None:
            return
        passed = self._namespace.netfilter.traverse("INPUT", whole, incoming=device.name, outgoing=None, link=link)
        if passed is not None:
            self._namespace.record(device.name, "delivered", passed)
            self._namespace.sockets.deliver(passed, device.name)

    # The way through

    def _forward(self, device: Device, packet: IPv4, link: Link) -> None:
        """In the order of net/ipv4/ip_forward.c: the route, the time to live, the size, and then the rules."""
        namespace = self._namespace
        try:
            route = namespace.route_to(packet.destination)
        except NoRoute as refusal:
            self._refuse(packet, refusal)
            return
        mtu = namespace.devices[route.interface].mtu
        if packet.ttl <= 1:
            namespace.counted["IpInHdrErrors"] += 1
            namespace.record("routing", "dropped", packet, "time to live exceeded")
            icmp.send_error(namespace, packet, ICMPType.TIME_EXCEEDED, 0)
            return
        namespace.counted["IpForwDatagrams"] += 1
        if packet.dont_fragment and packet.longest_piece > mtu:
            self._refuse_size(packet, mtu)
        else:
            self._pass_on(device, replace(packet, ttl=packet.ttl - 1), route, link)

    def _refuse(self, packet: IPv4, refusal: NoRoute) -> None:
        namespace = self._namespace
        namespace.record("routing", "dropped", packet, "no route")
        if refusal.errno == errno.ENETUNREACH:
            namespace.counted["IpExtInNoRoutes"] += 1
        code = _REFUSALS.get(refusal.errno or 0)
        if code is not None and self.peers.may_get_refusal(packet.source):
            icmp.send_error(namespace, packet, ICMPType.UNREACHABLE, code)

    def _refuse_size(self, packet: IPv4, mtu: int) -> None:
        namespace = self._namespace
        namespace.counted["IpFragFails"] += 1
        namespace.record("routing", "dropped", packet, f"does not fit into the MTU of {mtu} and must not be cut")
        icmp.send_error(namespace, packet, ICMPType.UNREACHABLE, Unreachable.FRAGMENTATION_NEEDED, mtu=mtu)

    def _pass_on(self, device: Device, packet: IPv4, route: Route, link: Link) -> None:
        namespace = self._namespace
        namespace.record("routing", "routed", packet, str(route))
        if (route.interface == device.name and self.is_on_link(packet.source, device)
                and namespace.settings.either(device.name, "send_redirects")):
            icmp.send_redirect(namespace, packet, route.gateway or packet.destination)
        passed = namespace.netfilter.traverse("FORWARD", packet, incoming=device.name, outgoing=route.interface,
                                              link=link)
        if passed is not None:
            self._post_route(passed, route)

    def is_on_link(self, ip: IPv4Address, device: Device) -> bool:
        """Whether ``device`` reaches another host without a router."""
        if self._namespace.is_local(ip):
            return False
        way = self._namespace.routes.lookup(ip)
        return way is not None and way.interface == device.name and way.gateway is None

    def is_elsewhere(self, frame: Ethernet, filtered: Ethernet) -> bool:
        """Whether a bridged packet got another destination address on the way in, and must be routed."""
        before, after = frame.payload, filtered.payload
        return isinstance(before, IPv4) and isinstance(after, IPv4) and before.destination != after.destination

    # The way out

    def send(self, packet: IPv4, interface: str = "") -> None:
        """Send a packet of one's own, by one interface where that is wanted (SO_BINDTODEVICE).

        Raises NoRoute; PermissionError (EPERM) when OUTPUT drops it; OSError: EMSGSIZE when it must not be cut and
        doesn't fit, EINVAL for a loopback address that would leave.
        """
        namespace = self._namespace
        if int(packet.destination) == 0:
            packet = replace(packet, destination=packet.source)
        if not packet.identification and not packet.dont_fragment:
            self._identification = (self._identification + 1) % 65536
            packet = replace(packet, identification=self._identification)
        route = self._output_route(packet.destination, interface)
        self._check_output(packet, route)
        outgoing = route.interface if route else "lo"
        self._count_sent(packet)
        passed = namespace.netfilter.traverse("OUTPUT", packet, incoming=None, outgoing=outgoing)
        if passed is None:
            namespace.counted["IpOutDiscards"] += packet.protocol != Protocol.TCP
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        if passed.destination != packet.destination:
            route = self._output_route(passed.destination)
        self._post_route(passed, route)

    def _count_sent(self, packet: IPv4) -> None:
        counted, message = self._namespace.counted, packet.payload
        counted["IpOutRequests"] += 1
        if isinstance(message, ICMP):
            counted["IcmpOutMsgs"] += 1
            counted[f"IcmpMsgOutType{int(message.type)}"] += 1

    def _check_output(self, packet: IPv4, route: Route | None) -> None:
        loopback = self._namespace.loopback
        if route is None and not loopback.up:
            raise NoRoute
        if packet.longest_piece > (self._mtu(packet.destination, route) if packet.dont_fragment else LONGEST_PACKET):
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        if (route is not None and route.interface != loopback.name and packet.source in LOOPBACK_NETWORK
                and not self._namespace.settings.either(route.interface, "route_localnet")):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    def mtu_to(self, destination: IPv4Address, interface: str = "") -> int:
        """The longest packet that reaches ``destination`` in one piece, as far as we know. Raises NoRoute."""
        return self._mtu(destination, self._output_route(destination, interface))

    def _mtu(self, destination: IPv4Address, route: Route | None) -> int:
        mtu = self._namespace.devices[route.interface].mtu if route else self._namespace.loopback.mtu
        learnt = self.path_mtus.known(destination)
        return min(mtu, learnt[0]) if learnt else mtu

    def _output_route(self, destination: IPv4Address, interface: str = "") -> Route | None:
        """The route out; None for a packet to ourselves."""
        if self._namespace.local_addresses.is_reached(destination, interface):
            return None
        return self._namespace.route_to(destination, interface)

    def _post_route(self, packet: IPv4, route: Route | None) -> None:
        namespace = self._namespace
        device = namespace.devices[route.interface] if route else namespace.loopback
        passed = namespace.netfilter.traverse("POSTROUTING", packet, incoming=None, outgoing=device.name)
        if passed is None:
            return
        if passed.dont_fragment and passed.longest_piece > device.mtu:
            self._refuse_size(passed, device.mtu)
            return
        pieces = fragments.cut(passed, device.mtu)
        if len(pieces) > 1:
            namespace.counted["IpFragOKs"] += 1
            namespace.counted["IpFragCreates"] += len(pieces)
        for piece in pieces:
            self._to_neighbour(piece, device, route)

    def _to_neighbour(self, packet: IPv4, device: Device, route: Route | None) -> None:
        counted = self._namespace.counted
        counted["IpOutTransmits"] += 1
        counted["IpExtOutOctets"] += len(packet)
        if route is None or device is self._namespace.loopback:
            self._namespace.loopback.transmit(Ethernet(device.mac, device.mac, packet))
        elif self._namespace.is_broadcast(packet.destination):
            self._count_octets("IpExtOutBcast", packet)
            self._send_to_all(packet, device, BROADCAST_MAC)
        elif packet.destination.is_multicast:
            self._count_octets("IpExtOutMcast", packet)
            self._send_to_all(packet, device, _multicast_mac(packet.destination))
        else:
            self._namespace.neighbours.resolve(
                device, route.gateway or packet.destination, packet.source,
                found=lambda mac: device.transmit(Ethernet(mac, device.mac, packet)),
                failed=lambda: self._unresolved(packet, device))

    def _send_to_all(self, packet: IPv4, device: Device, mac: str) -> None:
        """To oneself too, where one belongs to them (net/ipv4/ip_output.c, ip_mc_output)."""
        frame = Ethernet(mac, device.mac, packet)
        device.transmit(frame)
        if self._namespace.is_for_all(packet.destination):
            self._namespace.machine.clock.call_soon(lambda: self._hear_oneself(device, packet, Link(frame, None)))

    def _hear_oneself(self, device: Device, packet: IPv4, link: Link) -> None:
        self._count_received(packet)
        heard = self._namespace.netfilter.traverse("PREROUTING", packet, incoming=device.name, outgoing=None, link=link)
        if heard is not None:
            self._deliver_to_all(device, heard, link)

    def _unresolved(self, packet: IPv4, device: Device) -> None:
        self._namespace.record(device.name, "dropped", packet, "nobody answered the ARP question")
        icmp.send_error(self._namespace, packet, ICMPType.UNREACHABLE, Unreachable.HOST)


def _multicast_mac(group: IPv4Address) -> str:
    """The low 23 bits of the group (RFC 1112 section 6.4)."""
    low = int(group) & 0x7FFFFF
    return f"01:00:5e:{low >> 16:02x}:{low >> 8 & 0xFF:02x}:{low & 0xFF:02x}"

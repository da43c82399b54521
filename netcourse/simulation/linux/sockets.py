"""Which socket a packet belongs to; UDP and ICMP sockets. TCP has a file of its own."""

from __future__ import annotations

import errno
import os
from collections import deque
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netcourse.packets import ICMP, TCP, UDP, ICMPType, IPv4, Protocol, Unreachable
from netcourse.simulation.linux import icmp
from netcourse.simulation.linux.routes import NoRoute
from netcourse.simulation.linux.tasks import Future, wait_for
from netcourse.simulation.linux.tcp import TCPSocket
from netcourse.simulation.linux.tcp_table import TCPTable

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace

ANY = IPv4Address(0)
FIRST_EPHEMERAL, LAST_EPHEMERAL = 32768, 60999
Endpoint = tuple[IPv4Address, int]


def socket_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@dataclass(frozen=True, slots=True)
class Refusal:
    """An ICMP error that came back: who sent it, and what it says."""

    sender: IPv4Address
    message: ICMP
    ttl: int = 0

    @property
    def is_about_size(self) -> bool:
        return (self.message.type, self.message.code) == (ICMPType.UNREACHABLE, Unreachable.FRAGMENTATION_NEEDED)

    @property
    def error(self) -> OSError:
        """As the kernel hands it to a socket (icmp(7))."""
        if self.message.type == ICMPType.TIME_EXCEEDED:
            return socket_error(errno.EHOSTUNREACH)
        return socket_error(_UNREACHABLE_ERRORS.get(self.message.code, errno.EHOSTUNREACH))


_UNREACHABLE_ERRORS: dict[int, int] = {
    Unreachable.NETWORK: errno.ENETUNREACH,
    Unreachable.PROTOCOL: errno.ENOPROTOOPT,
    Unreachable.PORT: errno.ECONNREFUSED,
    Unreachable.FRAGMENTATION_NEEDED: errno.EMSGSIZE,
    Unreachable.NETWORK_PROHIBITED: errno.ENETUNREACH,
}


class PathMTUDiscovery(Enum):
    """Whether a packet must not be cut: IP_MTU_DISCOVER of ip(7). WANT is what a socket does unless told otherwise."""

    DONT = "dont"
    WANT = "want"
    DO = "do"

    def apply(self, packet: IPv4, namespace: Namespace, interface: str = "") -> IPv4:
        """WANT lets the sender itself cut what is known not to get through. Raises NoRoute."""
        whole = self is PathMTUDiscovery.DO or (
            self is PathMTUDiscovery.WANT and len(packet) <= namespace.ipv4.mtu_to(packet.destination, interface))
        return replace(packet, dont_fragment=True) if whole else packet


class _Inbox:
    """Packets and errors that wait to be taken."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._arrived: deque[IPv4 | Refusal] = deque(maxlen=256)
        self._taker: Future[None] | None = None

    def put(self, item: IPv4 | Refusal) -> None:
        self._arrived.append(item)
        if self._taker is not None:
            self._taker.set(None)

    async def take(self, timeout: float | None) -> IPv4 | Refusal:
        """Raises TimeoutError."""
        while not self._arrived:
            self._taker = Future()
            await wait_for(self._namespace.machine.clock, self._taker, timeout)
        return self._arrived.popleft()

    def next_refusal(self) -> OSError | None:
        """Take the error that waits first in line, if one does."""
        first = self._arrived[0] if self._arrived else None
        if not isinstance(first, Refusal):
            return None
        self._arrived.popleft()
        return first.error


class UDPSocket:
    """``local`` is (address, port) once bound; address 0.0.0.0 means every one. ``is_ipv6`` as for TCP."""

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.is_ipv6 = False
        self.local: Endpoint | None = None
        self.inbox = _Inbox(namespace)

    def bind(self, ip: IPv4Address = ANY, port: int = 0) -> None:
        """Raises OSError: EADDRINUSE when the port is taken, EADDRNOTAVAIL for a foreign address."""
        self.namespace.sockets.bind_udp(self, ip, port)

    def send_to(self, data: bytes, destination: Endpoint) -> None:
        """Raises OSError when there is no route or a rule forbids it."""
        if self.local is None:
            self.bind()
        assert self.local is not None
        source = self.local[0] if self.local[0] != ANY else self.namespace.sockets.source_for(destination[0])
        datagram = UDP(self.local[1], destination[1], data)
        packet = IPv4(source, destination[0], Protocol.UDP, datagram, self.namespace.settings.default_ttl)
        self.namespace.ipv4.send(PathMTUDiscovery.WANT.apply(packet, self.namespace))
        self.namespace.counted["UdpOutDatagrams"] += 1

    async def receive_from(self, timeout: float | None = None) -> tuple[bytes, Endpoint]:
        """Raises TimeoutError, or the OSError that an ICMP error stands for."""
        packet, _ = await self.receive_packet(timeout)
        assert isinstance(packet.payload, UDP)
        return packet.payload.payload, (packet.source, packet.payload.source_port)

    def refusal(self) -> OSError | None:
        """The error that the next write would bring, where one has come back by now (udp(7))."""
        return self.inbox.next_refusal()

    async def receive_packet(self, timeout: float | None = None) -> tuple[IPv4, Endpoint]:
        """The whole packet, and the local endpoint that it came to."""
        item = await self.inbox.take(timeout)
        if isinstance(item, Refusal):
            raise item.error
        assert isinstance(item.payload, UDP)
        self.namespace.counted["UdpInDatagrams"] += 1
        return item, (item.destination, item.payload.destination_port)

    def close(self) -> None:
        self.namespace.sockets.release_udp(self)


class ICMPSocket:
    """A raw ICMP socket: sees every ICMP message that is delivered in its namespace (raw(7)) but its own requests.

    ``interface`` binds what is sent to one (SO_BINDTODEVICE), ``source`` to one address.
    """

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.interface = ""
        self.source: IPv4Address | None = None
        self.inbox = _Inbox(namespace)
        namespace.sockets.icmp.append(self)

    def send_to(self, message: ICMP, destination: IPv4Address, *, ttl: int = 0, tos: int = 0,
                path_mtu_discovery: PathMTUDiscovery = PathMTUDiscovery.WANT) -> None:
        """``ttl`` 0: as usual. Raises OSError: no route, forbidden by a rule, or too long for the MTU (EMSGSIZE)."""
        ttl = ttl or self.namespace.settings.default_ttl
        source = self.source or self.namespace.source_for(destination, self.interface)
        packet = IPv4(source, destination, Protocol.ICMP, message, ttl, tos=tos)
        self.namespace.ipv4.send(path_mtu_discovery.apply(packet, self.namespace, self.interface), self.interface)

    async def receive(self, timeout: float | None = None) -> IPv4:
        """The next ICMP packet. Raises TimeoutError."""
        item = await self.inbox.take(timeout)
        assert isinstance(item, IPv4)
        return item

    def close(self) -> None:
        if self in self.namespace.sockets.icmp:
            self.namespace.sockets.icmp.remove(self)


class SocketTable:
    """The sockets of one namespace; ``ipv6_only`` are those that nothing reaches, as no IPv6 packet is simulated.
    ``of_others`` counts those of who set the namespace up: no process in it has them, and no address."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self.udp: dict[int, list[UDPSocket]] = {}
        self.icmp: list[ICMPSocket] = []
        self.ipv6_only: list[TCPSocket | UDPSocket] = []
        self.tcp = TCPTable(namespace)
        self.of_others = 0

    def deliver(self, packet: IPv4, interface: str) -> None:
        """A packet for this namespace has come in by ``interface`` and passed INPUT."""
        payload, counted = packet.payload, self._namespace.counted
        is_known = isinstance(payload, ICMP | UDP | TCP)
        counted["IpInDelivers" if is_known else "IpInUnknownProtos"] += 1
        if isinstance(payload, ICMP):
            self._deliver_icmp(packet, payload, interface)
        elif isinstance(payload, UDP):
            self._deliver_udp(packet, payload)
        elif isinstance(payload, TCP):
            self.tcp.deliver(packet, payload)
        else:
            icmp.send_error(self._namespace, packet, ICMPType.UNREACHABLE, Unreachable.PROTOCOL)

    def _deliver_icmp(self, packet: IPv4, message: ICMP, interface: str) -> None:
        counted = self._namespace.counted
        counted["IcmpInMsgs"] += 1
        counted[f"IcmpMsgInType{int(message.type)}"] += 1
        if message.type == ICMPType.ECHO_REQUEST:
            icmp.answer_echo(self._namespace, packet, message)
            return
        for socket in list(self.icmp):
            # an error that we tell ourselves comes by lo: who listens on another interface doesn't hear of it
            if not message.is_error or socket.interface in ("", interface):
                socket.inbox.put(packet)
        if message.is_error and message.type != ICMPType.REDIRECT and isinstance(message.payload, IPv4):
            self._deliver_error(Refusal(packet.source, message, packet.ttl), message.payload)

    def _deliver_error(self, refusal: Refusal, about: IPv4) -> None:
        sent = about.payload
        sockets = self._udp_sockets(about.source, sent.source_port) if isinstance(sent, UDP) else []
        if refusal.is_about_size:
            self._namespace.ipv4.path_mtus.learn(about.destination, refusal.message.sequence)
        for socket in sockets:
            socket.inbox.put(refusal)
        is_heard = bool(sockets) or (isinstance(sent, TCP) and self.tcp.deliver_error(about, sent, refusal.error))
        self._namespace.counted["IcmpInErrors"] += isinstance(sent, UDP | TCP) and not is_heard

    def _deliver_udp(self, packet: IPv4, datagram: UDP) -> None:
        sockets = self._udp_sockets(packet.destination, datagram.destination_port)
        for socket in sockets:
            socket.inbox.put(packet)
        if sockets:
            return
        is_for_all = self._namespace.is_for_all(packet.destination)
        self._namespace.counted["UdpIgnoredMulti" if is_for_all else "UdpNoPorts"] += 1
        if not is_for_all:
            icmp.send_error(self._namespace, packet, ICMPType.UNREACHABLE, Unreachable.PORT)

    def _udp_sockets(self, ip: IPv4Address, port: int) -> list[UDPSocket]:
        """The socket bound to just this address, before one bound to all."""
        sockets = [s for s in self.udp.get(port, ()) if s.local is not None and s.local[0] in (ip, ANY)]
        return sorted(sockets, key=lambda socket: socket.local == (ANY, port))[:1]

    def source_for(self, destination: IPv4Address, interface: str = "") -> IPv4Address:
        """The address of a socket that is connected to ``destination``. Raises NoRoute, which is counted."""
        try:
            return self._namespace.source_for(destination, interface)
        except NoRoute as refusal:
            self._namespace.counted["IpOutNoRoutes"] += refusal.errno == errno.ENETUNREACH
            raise

    def check_free(self, protocol: str, ip: IPv4Address, port: int) -> None:
        """Raises OSError: EADDRINUSE when the port is taken, EADDRNOTAVAIL for a foreign address."""
        (self.tcp.check_free if protocol == "tcp" else self._check_free_udp)(ip, port)

    def _check_free_udp(self, ip: IPv4Address, port: int) -> None:
        if ip != ANY and not self._namespace.may_bind(ip):
            raise socket_error(errno.EADDRNOTAVAIL)
        if any(taken.local is not None and (ANY in (ip, taken.local[0]) or taken.local[0] == ip)
               for taken in self.udp.get(port, ())):
            raise socket_error(errno.EADDRINUSE)

    def bind_udp(self, socket: UDPSocket, ip: IPv4Address, port: int) -> None:
        port = port or self.free_port(set(self.udp))
        self._check_free_udp(ip, port)
        socket.local = (ip, port)
        self.udp.setdefault(port, []).append(socket)

    def release_udp(self, socket: UDPSocket) -> None:
        if socket.local is not None and socket in self.udp.get(socket.local[1], ()):
            self.udp[socket.local[1]].remove(socket)
            if not self.udp[socket.local[1]]:
                del self.udp[socket.local[1]]

    def free_port(self, taken: set[int]) -> int:
        """A port from ip_local_port_range, at random as the kernel does. Raises OSError(EADDRINUSE) if none is left."""
        first, last = self._namespace.local_ports
        free = self._namespace.machine.random.randint(first, last)
        for _ in range(first, last + 1):
            if free not in taken:
                return free
            free = free + 1 if free < last else first
        raise socket_error(errno.EADDRINUSE)

    def close_all(self) -> None:
        for sockets in list(self.udp.values()):
            for socket in list(sockets):
                socket.close()
        self.icmp.clear()
        self.tcp.close_all()

"""The TCP sockets of one namespace, and which of them a segment belongs to."""

from __future__ import annotations

import errno
import os
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netcourse.packets import TCP, IPv4, Protocol, TCPFlags
from netcourse.simulation.linux.tcp import ANY, Endpoint, TCPSocket
from netcourse.simulation.linux.tcp_states import State, length_of

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace


class TCPTable:
    """Listeners and connections of one namespace."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self.listeners: dict[int, list[TCPSocket]] = {}
        self.connections: dict[tuple[Endpoint, Endpoint], TCPSocket] = {}

    def ports(self) -> set[int]:
        return set(self.listeners) | {local[1] for local, _ in self.connections}

    def check_free(self, ip: IPv4Address, port: int) -> None:
        """Raises OSError: EADDRNOTAVAIL, EADDRINUSE."""
        if ip != ANY and not self._namespace.may_bind(ip):
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        if any(ANY in (ip, other.local[0]) or other.local[0] == ip for other in self.listeners.get(port, ())):
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))

    def add_listener(self, socket: TCPSocket) -> None:
        if not socket.local[1]:
            socket.local = (socket.local[0], self._namespace.sockets.free_port(self.ports()))
        self.listeners.setdefault(socket.local[1], []).append(socket)

    def add(self, socket: TCPSocket) -> None:
        self.connections[socket.local, socket.remote] = socket

    def remove(self, socket: TCPSocket) -> None:
        if self.connections.get((socket.local, socket.remote)) is socket:
            del self.connections[socket.local, socket.remote]
        listeners = self.listeners.get(socket.local[1], [])
        if socket in listeners:
            listeners.remove(socket)
            if not listeners:
                del self.listeners[socket.local[1]]

    def deliver(self, packet: IPv4, segment: TCP) -> None:
        if self._namespace.is_for_all(packet.destination):
            return
        self._namespace.counted["TcpInSegs"] += packet.pieces
        local, remote = (packet.destination, segment.destination_port), (packet.source, segment.source_port)
        socket = self.connections.get((local, remote))
        if socket is not None and socket.state is State.TIME_WAIT and segment.flags & TCPFlags.SYN:
            socket.give_way()  # the port may be used again (RFC 6191)
            socket = None
        socket = socket or self._listener(local)
        if socket is not None:
            socket.take(packet, segment)
        else:
            self.refuse(packet, segment)

    def deliver_error(self, about: IPv4, sent: TCP, error: OSError) -> bool:
        """Whether there was somebody to tell."""
        key = ((about.source, sent.source_port), (about.destination, sent.destination_port))
        socket = self.connections.get(key)
        if socket is not None:
            socket.fail(error)
        return socket is not None

    def _listener(self, local: Endpoint) -> TCPSocket | None:
        near = [socket for socket in self.listeners.get(local[1], ()) if socket.local[0] in (local[0], ANY)]
        return min(near, key=lambda socket: socket.local[0] == ANY, default=None)

    def refuse(self, packet: IPv4, segment: TCP, *, by_rule: bool = False) -> None:
        """Nobody is there, or a rule says so: answer with a reset (RFC 9293 section 3.5.2)."""
        if segment.flags & TCPFlags.RST:
            return
        if segment.flags & TCPFlags.ACK:
            reset = TCP(segment.destination_port, segment.source_port, segment.acknowledgement, 0, TCPFlags.RST, 0)
        else:
            follows = (segment.sequence + length_of(segment)) % 2**32
            reset = TCP(segment.destination_port, segment.source_port, 0, follows, TCPFlags.RST | TCPFlags.ACK, 0)
        if not by_rule:
            self._namespace.counted.update(("TcpOutSegs", "TcpOutRsts"))
        try:
            ttl = self._namespace.settings.default_ttl
            self._namespace.ipv4.send(IPv4(packet.destination, packet.source, Protocol.TCP, reset, ttl,
                                           dont_fragment=True, is_related=by_rule))
        except OSError as reason:
            self._namespace.record("socket", "dropped", packet, reason.strerror or "")

    def close_all(self) -> None:
        for socket in [*self.connections.values(), *(s for group in self.listeners.values() for s in group)]:
            socket.give_way()

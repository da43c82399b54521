"""TCP (RFC 9293): handshake, data, retransmission, orderly end, reset. No options, windows or congestion control."""

from __future__ import annotations

import errno
import os
from enum import Enum
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netcourse.packets import TCP, IPv4, Protocol, TCPFlags
from netcourse.simulation.linux.clock import MILLISECOND, SECOND, Timer
from netcourse.simulation.linux.tasks import Future, wait_for

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace

ANY = IPv4Address(0)
SYN_TIMEOUT = SECOND
DATA_TIMEOUT = 200 * MILLISECOND
SYN_RETRIES = 6
DATA_RETRIES = 15
HEADERS = 40
Endpoint = tuple[IPv4Address, int]
FIN, SYN, RST, PSH, ACK = TCPFlags.FIN, TCPFlags.SYN, TCPFlags.RST, TCPFlags.PSH, TCPFlags.ACK


class State(Enum):
    """Names as netstat(8) prints them."""

    CLOSED = "CLOSE"
    LISTEN = "LISTEN"
    SYN_SENT = "SYN_SENT"
    SYN_RECEIVED = "SYN_RECV"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT_1 = "FIN_WAIT1"
    FIN_WAIT_2 = "FIN_WAIT2"
    CLOSE_WAIT = "CLOSE_WAIT"
    LAST_ACK = "LAST_ACK"


class TCPSocket:
    """A connection or a listener, with the calls of socket(7) as coroutines.

    Errors are OSErrors with the kernel's numbers: ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, ECONNRESET,
    EADDRINUSE, EPIPE; TimeoutError (without a number) when a ``timeout`` in seconds given to a call is over.
    ``is_ipv6``: opened for IPv6, which IPv4 reaches too (ipv6(7)).
    """

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.state = State.CLOSED
        self.is_ipv6 = False
        self.local: Endpoint = (ANY, 0)
        self.remote: Endpoint = (ANY, 0)
        self._accepted: list[TCPSocket] = []
        self._listener: TCPSocket | None = None
        self._sequence = 0
        self._expected = 0
        self._unacknowledged: list[TCP] = []
        self._retries = 0
        self._timer: Timer | None = None
        self._received = bytearray()
        self._ended = False
        self._error: OSError | None = None
        self._changed: Future[None] = Future()

    @property
    def queues(self) -> tuple[int, int]:
        """Bytes that wait to be read, and those not acknowledged yet; of a listener, connections that wait."""
        if self.state is State.LISTEN:
            return len(self._accepted), 0
        return len(self._received), sum(_length(segment) for segment in self._unacknowledged)

    # Calls

    def bind(self, ip: IPv4Address = ANY, port: int = 0) -> None:
        self.namespace.sockets.tcp.check_free(ip, port)
        self.local = (ip, port)

    def listen(self) -> None:
        self.state = State.LISTEN
        self.namespace.sockets.tcp.add_listener(self)

    async def accept(self, timeout: float | None = None) -> TCPSocket:
        """The next connection that has been made."""
        while not self._accepted:
            await self._change(timeout)
        return self._accepted.pop(0)

    async def connect(self, remote: Endpoint, timeout: float | None = None) -> None:
        """Raises OSError as the class says."""
        self._open(remote)
        while self.state is State.SYN_SENT:
            await self._change(timeout)
        self._raise_error()

    async def send(self, data: bytes) -> None:
        """Hand over data; it goes out at once, in pieces that fit."""
        self._raise_error()
        if self.state not in (State.ESTABLISHED, State.CLOSE_WAIT):
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        size = self._segment_size()
        for at in range(0, len(data), size):
            self._emit(ACK | PSH, data[at:at + size])

    async def receive(self, size: int = 65536, timeout: float | None = None) -> bytes:
        """Up to ``size`` bytes; empty when the other side has closed."""
        while not self._received and not self._ended:
            self._raise_error()
            await self._change(timeout)
        data = bytes(self._received[:size])
        del self._received[:size]
        return data

    def shutdown(self) -> None:
        """Say that nothing more will be sent."""
        after = {State.ESTABLISHED: State.FIN_WAIT_1, State.CLOSE_WAIT: State.LAST_ACK}.get(self.state)
        if after is not None:
            self.state = after
            self._emit(ACK | FIN)

    def close(self) -> None:
        """End in order; a listener's waiting connections are reset."""
        if self.state is State.LISTEN:
            for waiting in self._accepted:
                waiting.abort()
            self._forget()
        elif self.state in (State.SYN_SENT, State.CLOSED):
            self._forget()
        else:
            self.shutdown()

    def abort(self) -> None:
        """End by a reset."""
        if self.state not in (State.CLOSED, State.LISTEN):
            self._emit(RST | ACK, keep=False)
        self._forget()

    # Sending

    def _open(self, remote: Endpoint) -> None:
        table = self.namespace.sockets.tcp
        source = self.local[0] if self.local[0] != ANY else self.namespace.source_for(remote[0])
        self.local = (source, self.local[1] or self.namespace.sockets.free_port(table.ports()))
        self.remote = remote if int(remote[0]) else (source, remote[1])
        self.state = State.SYN_SENT
        self._sequence = self.namespace.machine.random.getrandbits(32)
        table.add(self)
        self._emit(SYN)
        self._raise_error()

    def _segment_size(self) -> int:
        local = self.namespace.is_local(self.remote[0])
        route = None if local else self.namespace.route_to(self.remote[0])
        device = self.namespace.devices[route.interface] if route else self.namespace.loopback
        return device.mtu - HEADERS

    def _emit(self, flags: int, data: bytes = b"", *, keep: bool = True) -> None:
        segment = TCP(self.local[1], self.remote[1], self._sequence, self._expected, flags, payload=data)
        self._sequence = (self._sequence + _length(segment)) % 2**32
        if keep and _length(segment):
            self._unacknowledged.append(segment)
            if self._timer is None:
                self._start_timer()
        self._transmit(segment)

    def _transmit(self, segment: TCP) -> None:
        packet = IPv4(self.local[0], self.remote[0], Protocol.TCP, segment, dont_fragment=True)
        try:
            self.namespace.send(packet)
        except PermissionError:
            return  # what the firewall keeps back is sent again, like anything that is lost
        except OSError as error:
            if self.state is State.SYN_SENT:
                self._fail(error)

    def _start_timer(self) -> None:
        handshake = self.state in (State.SYN_SENT, State.SYN_RECEIVED)
        wait = (SYN_TIMEOUT if handshake else DATA_TIMEOUT) << self._retries
        self._timer = self.namespace.machine.clock.call_later(min(wait, 120 * SECOND), self._retransmit)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _retransmit(self) -> None:
        self._timer = None
        handshake = self.state in (State.SYN_SENT, State.SYN_RECEIVED)
        if self._retries == (SYN_RETRIES if handshake else DATA_RETRIES):
            self._fail(TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)))
            return
        self._retries += 1
        self._start_timer()
        for segment in list(self._unacknowledged):
            self._transmit(segment)

    # Receiving

    def take(self, packet: IPv4, segment: TCP) -> None:
        """A segment of this connection has come in."""
        if segment.flags & RST:
            number = errno.ECONNREFUSED if self.state is State.SYN_SENT else errno.ECONNRESET
            self._fail(OSError(number, os.strerror(number)))
        elif self.state is State.LISTEN:
            self._take_opening(packet, segment)
        elif self.state is State.SYN_SENT:
            self._take_answer(segment)
        else:
            self._acknowledge(segment)
            self._take_data(segment)

    def _take_opening(self, packet: IPv4, segment: TCP) -> None:
        if not segment.flags & SYN or segment.flags & ACK:
            self.namespace.sockets.tcp.refuse(packet, segment)
            return
        child = TCPSocket(self.namespace)
        child.is_ipv6 = self.is_ipv6
        child.local = (packet.destination, segment.destination_port)
        child.remote = (packet.source, segment.source_port)
        child.state, child._listener = State.SYN_RECEIVED, self
        child._sequence = self.namespace.machine.random.getrandbits(32)
        child._expected = (segment.sequence + 1) % 2**32
        self.namespace.sockets.tcp.add(child)
        child._emit(SYN | ACK)

    def _take_answer(self, segment: TCP) -> None:
        if segment.flags & (SYN | ACK) != SYN | ACK:
            return
        self._expected = (segment.sequence + 1) % 2**32
        self.state = State.ESTABLISHED
        self._acknowledge(segment)
        self._emit(ACK)
        self._notify()

    def _acknowledge(self, segment: TCP) -> None:
        if not segment.flags & ACK:
            return
        before = len(self._unacknowledged)
        self._unacknowledged = [kept for kept in self._unacknowledged
                                if not _reached(segment.acknowledgement, kept.sequence + _length(kept))]
        if len(self._unacknowledged) == before:
            return
        self._retries = 0
        self._stop_timer()
        if self._unacknowledged:
            self._start_timer()
        else:
            self._all_acknowledged()

    def _all_acknowledged(self) -> None:
        if self.state is State.SYN_RECEIVED:
            self.state = State.ESTABLISHED
            if self._listener is not None and self._listener.state is State.LISTEN:
                self._listener._accepted.append(self)
                self._listener._notify()
        elif self.state is State.FIN_WAIT_1:
            self.state = State.FIN_WAIT_2
            if self._ended:
                self._forget()
        elif self.state is State.LAST_ACK:
            self._forget()

    def _take_data(self, segment: TCP) -> None:
        if not _length(segment):
            return
        if segment.sequence != self._expected:
            self._emit(ACK)
            return
        self._received += segment.payload
        self._expected = (self._expected + _length(segment)) % 2**32
        self._emit(ACK)
        if segment.flags & FIN:
            self._take_end()
        self._notify()

    def _take_end(self) -> None:
        self._ended = True
        if self.state is State.ESTABLISHED:
            self.state = State.CLOSE_WAIT
        elif self.state is State.FIN_WAIT_2:
            self._forget()

    # Ends

    def fail(self, error: OSError) -> None:
        """An ICMP error has come for this connection: fatal while it is being made (RFC 1122 section 4.2.3.9)."""
        if self.state is State.SYN_SENT:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self._error = error
        self._forget()

    def _forget(self) -> None:
        self._stop_timer()
        self._unacknowledged.clear()
        if self.state is State.CLOSED:
            return
        self.namespace.sockets.tcp.remove(self)
        self.state = State.CLOSED
        if self._error is None:
            self._ended = True
        self._notify()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _notify(self) -> None:
        changed, self._changed = self._changed, Future()
        changed.set(None)

    async def _change(self, timeout: float | None) -> None:
        # a question without an answer is asked again, and given up in the end: time alone brings that about
        self._changed.passes_with_time = self._timer is not None
        await wait_for(self.namespace.machine.clock, self._changed, timeout)


def _length(segment: TCP) -> int:
    """How many sequence numbers a segment takes: SYN and FIN count as one."""
    return len(segment.payload) + bool(segment.flags & SYN) + bool(segment.flags & FIN)


def _reached(acknowledgement: int, sequence: int) -> bool:
    return (acknowledgement - sequence) % 2**32 < 2**31


class TCPTable:
    """Listeners and connections of one namespace."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self.listeners: dict[int, list[TCPSocket]] = {}
        self.connections: dict[tuple[Endpoint, Endpoint], TCPSocket] = {}

    def ports(self) -> set[int]:
        return set(self.listeners) | {local[1] for local, _ in self.connections}

    def check_free(self, ip: IPv4Address, port: int) -> None:
        if ip != ANY and not self._namespace.is_local(ip):
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
        self.connections.pop((socket.local, socket.remote), None)
        listeners = self.listeners.get(socket.local[1], [])
        if socket in listeners:
            listeners.remove(socket)
            if not listeners:
                del self.listeners[socket.local[1]]

    def deliver(self, packet: IPv4, segment: TCP) -> None:
        local, remote = (packet.destination, segment.destination_port), (packet.source, segment.source_port)
        socket = self.connections.get((local, remote)) or self._listener(local)
        if socket is not None:
            socket.take(packet, segment)
        else:
            self.refuse(packet, segment)

    def deliver_error(self, about: IPv4, sent: TCP, error: OSError) -> None:
        key = ((about.source, sent.source_port), (about.destination, sent.destination_port))
        if (socket := self.connections.get(key)) is not None:
            socket.fail(error)

    def _listener(self, local: Endpoint) -> TCPSocket | None:
        near = [socket for socket in self.listeners.get(local[1], ()) if socket.local[0] in (local[0], ANY)]
        return min(near, key=lambda socket: socket.local[0] == ANY, default=None)

    def refuse(self, packet: IPv4, segment: TCP) -> None:
        """Nobody is there: answer with a reset (RFC 9293 section 3.5.2)."""
        if segment.flags & RST:
            return
        if segment.flags & ACK:
            reset = TCP(segment.destination_port, segment.source_port, segment.acknowledgement, 0, RST, 0)
        else:
            follows = (segment.sequence + _length(segment)) % 2**32
            reset = TCP(segment.destination_port, segment.source_port, 0, follows, RST | ACK, 0)
        try:
            self._namespace.send(IPv4(packet.destination, packet.source, Protocol.TCP, reset, dont_fragment=True))
        except OSError as reason:
            self._namespace.record("socket", "dropped", packet, reason.strerror or "")

    def close_all(self) -> None:
        for socket in [*self.connections.values(), *(s for group in self.listeners.values() for s in group)]:
            socket._forget()

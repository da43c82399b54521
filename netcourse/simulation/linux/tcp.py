"""TCP (RFC 9293): the states of a connection, and the calls of socket(7). How data is sent stands in tcp_sending.py.

What comes out of order isn't kept, so that it is sent again; urgent data, keepalive and selective acknowledgements
(which are offered, as Linux does) aren't simulated.
"""

from __future__ import annotations

import errno
import os
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netcourse.packets import TCP, IPv4, Protocol, TCPFlags
from netcourse.simulation.linux.clock import MILLISECOND, SECOND, Timer
from netcourse.simulation.linux.credentials import ROOT, Credentials
from netcourse.simulation.linux.local_addresses import LOOPBACK_ADDRESS
from netcourse.simulation.linux.tasks import Future, wait_for
from netcourse.simulation.linux.tcp_receiving import Receiving
from netcourse.simulation.linux.tcp_sending import Piece, Sending
from netcourse.simulation.linux.tcp_states import (
    AFTER_LAST_ACKNOWLEDGEMENT,
    AFTER_OUR_END,
    AFTER_THEIR_END,
    State,
    length_of,
)
from netcourse.tcp_options import TCPOptions

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace

ANY = IPv4Address(0)
HEADERS = 40
WINDOW_SCALE = 7
FIRST_WINDOW = 64240
BACKLOG = 128
LINGER = 60 * SECOND
LEAST_SEGMENT = 536
SAME_MACHINE = MILLISECOND
Endpoint = tuple[IPv4Address, int]
SYN, RST, ACK = TCPFlags.SYN, TCPFlags.RST, TCPFlags.ACK


# what it is when a connection comes to its end in this state (net/ipv4/tcp.c, tcp_done, tcp_set_state)
_COUNTED_ENDS = {State.SYN_SENT: ["TcpAttemptFails"], State.SYN_RECEIVED: ["TcpAttemptFails"],
                 State.ESTABLISHED: ["TcpEstabResets"], State.CLOSE_WAIT: ["TcpEstabResets"]}
_OVERFLOW = ("TcpExtListenOverflows", "TcpExtListenDrops")


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
        self._backlog = BACKLOG
        self._accepted: list[TCPSocket] = []
        self._listener: TCPSocket | None = None
        clock = namespace.machine.clock
        self._sending = Sending(clock, namespace.machine.random.getrandbits(32), self._transmit_piece, self._timed_out,
                                namespace)
        self._their_options = TCPOptions()
        self._their_time = self._opened = 0
        self._receiving = Receiving()
        self._is_closed = False
        self._error: OSError | None = None
        self._last_complaint: OSError | None = None
        self._linger: Timer | None = None
        self._changed: Future[None] = Future()

    @property
    def queues(self) -> tuple[int, int]:
        """Bytes that wait to be read, and those not acknowledged yet; of a listener, connections that wait."""
        if self.state is State.LISTEN:
            return len(self._accepted), 0
        return len(self._receiving), self._sending.unacknowledged

    @property
    def is_orphan(self) -> bool:
        """Whether no process has it any more."""
        return self._is_closed

    # Calls

    def bind(self, ip: IPv4Address = ANY, port: int = 0, *, user: Credentials = ROOT) -> None:
        """Raises OSError: EACCES where not everybody may use the port, EADDRINUSE, EADDRNOTAVAIL."""
        if 0 < port < self.namespace.settings.get("ip_unprivileged_port_start") and not user.is_root:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        self.namespace.sockets.tcp.check_free(ip, port)
        self.local = (ip, port)

    def listen(self, backlog: int = BACKLOG) -> None:
        """``backlog``: how many connections may wait to be accepted; further ones are left to try again."""
        self.state, self._backlog = State.LISTEN, backlog
        self.namespace.sockets.tcp.add_listener(self)

    async def accept(self, timeout: float | None = None) -> TCPSocket:
        """The next connection that has been made."""
        while not self._accepted:
            await self._change(timeout)
        return self._accepted.pop(0)

    async def connect(self, remote: Endpoint, timeout: float | None = None) -> None:
        """Raises OSError as the class says. Whoever stops waiting is through with the socket."""
        self._open(remote)
        try:
            while self.state is State.SYN_SENT:
                await self._change(timeout)
        finally:
            if self.state is State.SYN_SENT:
                self.close()
        self._raise_error()

    async def send(self, data: bytes) -> None:
        """Hand over data; waits while too much of it is on its way."""
        self._check_sending()
        self._sending.put(data)
        while not self._sending.has_room:
            await self._change(None)
            self._check_sending()

    def _check_sending(self) -> None:
        self._raise_error()
        if self.state not in (State.ESTABLISHED, State.CLOSE_WAIT):
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    async def receive(self, size: int = 65536, timeout: float | None = None) -> bytes:
        """Up to ``size`` bytes; empty when the other side has closed."""
        while not self._receiving and not self._receiving.has_ended:
            self._raise_error()
            await self._change(timeout)
        data = self._receiving.read(size)
        if self._receiving.has_room_again:
            self._acknowledge()
        return data

    def shutdown(self) -> None:
        """Say that nothing more will be sent."""
        if self.state in AFTER_OUR_END:
            self.state = AFTER_OUR_END[self.state]
            self._sending.end()

    def close(self) -> None:
        """End in order; by a reset where something wasn't read (RFC 2525 section 2.17); so do those not accepted."""
        self._is_closed = True
        if self.state is State.LISTEN:
            for waiting in self._accepted:
                waiting.abort()
        if self.state in (State.LISTEN, State.SYN_SENT, State.CLOSED):
            self.give_way()
        elif self._receiving:
            self.namespace.counted["TcpExtTCPAbortOnClose"] += 1
            self.abort()
        else:
            self.shutdown()
            self._wait_for_the_end()

    def abort(self) -> None:
        """End by a reset."""
        if self.state not in (State.CLOSED, State.LISTEN, State.TIME_WAIT):
            self.namespace.counted["TcpOutRsts"] += 1
            self._transmit(RST | ACK, self._sending.next)
        self.give_way()

    # Sending

    def _open(self, remote: Endpoint) -> None:
        namespace, table = self.namespace, self.namespace.sockets.tcp
        host = remote[0] if remote[0] != ANY else LOOPBACK_ADDRESS
        if namespace.is_broadcast(host) or host.is_multicast:
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
        source = self.local[0] if self.local[0] != ANY else namespace.sockets.source_for(host)
        self.local = (source, self.local[1] or namespace.sockets.free_port(table.ports()))
        self.remote = (host, remote[1])
        former = table.connections.get((self.local, self.remote))
        if former is not None and former.state is not State.TIME_WAIT:
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        if former is not None:
            former.give_way()
        self.state, self._opened = State.SYN_SENT, namespace.machine.clock.now
        table.add(self)
        namespace.counted["TcpActiveOpens"] += 1
        self._sending.open(SYN)
        self._raise_error()

    def _largest_segment(self) -> int:
        return self.namespace.ipv4.mtu_to(self.remote[0]) - HEADERS

    def _fit_segments(self) -> None:
        """As long as both sides and the way between them take, less what the timestamps need."""
        theirs = self._their_options.segment_size or LEAST_SEGMENT
        timestamps = 12 * (self._their_options.timestamps is not None)
        self._sending.segment_size = min(self._largest_segment(), theirs) - timestamps

    def _transmit_piece(self, piece: Piece) -> None:
        self._transmit(piece.flags, piece.sequence, piece.data, is_new=not piece.is_repeated)

    def _transmit(self, flags: int, sequence: int, data: bytes = b"", *, is_new: bool = True) -> None:
        window = FIRST_WINDOW if flags & SYN else self._receiving.window >> WINDOW_SCALE
        size = self._sending.segment_size
        expected = self._receiving.expected if flags & ACK else 0
        segment = TCP(self.local[1], self.remote[1], sequence, expected, flags, window, self._options(flags), data,
                      piece_size=size if len(data) > size else 0)
        packet = IPv4(self.local[0], self.remote[0], Protocol.TCP, segment, self.namespace.settings.default_ttl,
                      dont_fragment=True)
        self.namespace.counted["TcpOutSegs"] += packet.pieces * is_new
        try:
            self.namespace.ipv4.send(packet)
        except PermissionError:
            return  # what the firewall keeps back is sent again, like anything that is lost
        except OSError as error:
            if self.state is State.SYN_SENT:
                self._fail(error)
            self._last_complaint = error

    def _options(self, flags: int) -> TCPOptions:
        now = self.namespace.machine.clock.now // MILLISECOND % 2**32
        times = (now, self._their_time)
        if flags & SYN and (not flags & ACK or self._their_options.timestamps is not None):
            return TCPOptions(self._largest_segment(), True, times, WINDOW_SCALE)
        if flags & SYN:
            return TCPOptions(self._largest_segment())
        return TCPOptions(timestamps=times if self._their_options.timestamps is not None else None)

    def _acknowledge(self) -> None:
        self._receiving.promise()
        self._transmit(ACK, self._sending.next)

    # Receiving

    def take(self, packet: IPv4, segment: TCP) -> None:
        """A segment of this connection has come in."""
        if segment.options.timestamps is not None:
            self._their_time = segment.options.timestamps[0]
        if self.state is State.LISTEN:
            self._take_opening(packet, segment)
        elif self.state is State.SYN_SENT:
            self._take_answer(packet, segment)
        elif not self._is_next(segment):
            self._take_unexpected(segment)
        elif segment.flags & RST:
            self._fail(OSError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)))
        elif self._is_closed and segment.payload:
            self.namespace.counted["TcpExtTCPAbortOnData"] += 1
            self.namespace.sockets.tcp.refuse(packet, segment)
            self.give_way()
        elif segment.flags & ACK and self._finds_no_place:
            self.namespace.counted.update(_OVERFLOW)
        elif segment.flags & ACK:
            self._take_acknowledgement(segment)
            self._take_data(segment)

    @property
    def _is_full(self) -> bool:
        """Whether nobody more may wait to be accepted (sk_acceptq_is_full: one more than the backlog may)."""
        return len(self._accepted) > self._backlog

    @property
    def _finds_no_place(self) -> bool:
        """Made, but too many wait already: as if the last segment of the handshake had been lost."""
        return self.state is State.SYN_RECEIVED and self._listener is not None and self._listener._is_full

    def _is_next(self, segment: TCP) -> bool:
        expected = segment.sequence == self._receiving.expected
        return expected and not segment.flags & SYN and self.state is not State.TIME_WAIT

    def _take_unexpected(self, segment: TCP) -> None:
        """Old, out of order, or a SYN (RFC 5961): say what is expected. A SYN that came again gets its answer again."""
        if self.state is State.SYN_RECEIVED and segment.flags & (SYN | ACK) == SYN:
            self._sending.repeat()
        elif segment.flags & RST and self.state is State.TIME_WAIT:
            self.give_way()
        elif not segment.flags & RST and (length_of(segment) or segment.sequence != self._receiving.expected):
            self._acknowledge()

    def _take_opening(self, packet: IPv4, segment: TCP) -> None:
        if segment.flags & RST:
            return
        if segment.flags & ACK:
            self.namespace.sockets.tcp.refuse(packet, segment)
        elif segment.flags & SYN and self._is_full:
            self.namespace.counted.update(_OVERFLOW)
        elif segment.flags & SYN:
            self._make_child(packet, segment)

    def _make_child(self, packet: IPv4, segment: TCP) -> None:
        child = TCPSocket(self.namespace)
        child.is_ipv6 = self.is_ipv6
        child.local = (packet.destination, segment.destination_port)
        child.remote = (packet.source, segment.source_port)
        child.state, child._listener = State.SYN_RECEIVED, self
        child._note_opening(segment)
        self.namespace.sockets.tcp.add(child)
        child._sending.open(SYN | ACK)

    def _note_opening(self, segment: TCP) -> None:
        self._their_options = segment.options
        self._their_time = segment.options.timestamps[0] if segment.options.timestamps is not None else 0
        self._receiving.begin(segment)
        self._fit_segments()

    def _take_answer(self, packet: IPv4, segment: TCP) -> None:
        answers = segment.flags & ACK and segment.acknowledgement == self._sending.next
        if segment.flags & ACK and not answers:
            self.namespace.sockets.tcp.refuse(packet, segment)
        elif answers and segment.flags & RST:
            self._fail(OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED)))
        elif answers and segment.flags & SYN:
            self._note_opening(segment)
            self.state = State.ESTABLISHED
            self._sending.acknowledged(segment.acknowledgement, segment.window)
            self._acknowledge()
            self._notify()

    def _take_acknowledgement(self, segment: TCP) -> None:
        window = segment.window << (self._their_options.window_scale or 0)
        had_room = self._sending.has_room
        self._sending.acknowledged(segment.acknowledgement, window)
        if self.state is State.SYN_RECEIVED and segment.acknowledgement == self._sending.next:
            self._established()
        elif self.state in AFTER_LAST_ACKNOWLEDGEMENT and self._sending.is_done:
            self.state = AFTER_LAST_ACKNOWLEDGEMENT[self.state]
            self._wait_for_the_end()
        if not had_room:
            self._notify()

    def _established(self) -> None:
        self.state = State.ESTABLISHED
        self.namespace.counted["TcpPassiveOpens"] += 1
        self._receiving.promise()
        if self._listener is not None and self._listener.state is State.LISTEN:
            self._listener._accepted.append(self)
            self._listener._notify()

    def _take_data(self, segment: TCP) -> None:
        if not length_of(segment) or self.state is State.CLOSED:
            return
        self._receiving.take(segment)
        self._acknowledge()
        if self._receiving.has_ended:
            self.state = AFTER_THEIR_END.get(self.state, self.state)
            self._wait_for_the_end()
        self._notify()

    # Ends

    def _wait_for_the_end(self) -> None:
        """TIME_WAIT lasts a minute, and who has closed waits no longer for the other side's end."""
        if self.state is State.CLOSED:
            self._end()
        elif self._linger is None and (self.state is State.TIME_WAIT
                                       or (self.state is State.FIN_WAIT_2 and self._is_closed)):
            self.namespace.counted["TcpExtTW"] += 1
            is_over = self.state is State.TIME_WAIT
            wait = LINGER if is_over else self.namespace.settings.get("tcp_fin_timeout") * SECOND
            self._linger = self.namespace.machine.clock.call_later(wait, self.give_way)

    def fail(self, error: OSError) -> None:
        """An ICMP error has come for this connection: fatal while it is being made (RFC 1122 section 4.2.3.9).

        From the same machine it comes while connect(2) still holds the socket, and is only remembered: the next SYN,
        a second later, brings another one (net/ipv4/tcp_ipv4.c, tcp_v4_err).
        """
        is_at_once = self.namespace.machine.clock.now - self._opened < SAME_MACHINE
        if error.errno == errno.EMSGSIZE and self.state is not State.SYN_SENT:
            self._fit_segments()
            self._sending.repeat()
        elif self.state is State.SYN_SENT and not is_at_once:
            self._fail(error)
        else:
            self._last_complaint = error

    def _timed_out(self) -> None:
        self._fail(self._last_complaint or TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)))

    def _fail(self, error: OSError) -> None:
        self._error = error
        self.give_way()

    def give_way(self) -> None:
        """The connection is forgotten, whatever it was."""
        if self.state is not State.CLOSED:
            self.namespace.counted.update(_COUNTED_ENDS.get(self.state, ()))
            self.state = State.CLOSED
            self._end()

    def _end(self) -> None:
        self._sending.stop()
        if self._linger is not None:
            self._linger.cancel()
        self.namespace.sockets.tcp.remove(self)
        if self._error is None:
            self._receiving.has_ended = True
        self._notify()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _notify(self) -> None:
        changed, self._changed = self._changed, Future()
        changed.set(None)

    async def _change(self, timeout: float | None) -> None:
        # a question without an answer is asked again, and given up in the end: time alone brings that about
        self._changed.passes_with_time = self._sending.timer is not None
        await wait_for(self.namespace.machine.clock, self._changed, timeout)

"""The sending half of a TCP connection: what waits, what is under way, and when it is sent again.

The other side's window (RFC 9293 section 3.8.6), slow start (RFC 5681) without the rest of congestion control, Nagle's
algorithm with Minshall's change, and exponential timeouts without a measured round trip (RFC 6298). What is lost is
sent again one piece at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netcourse.packets import TCPFlags
from netcourse.simulation.linux.clock import MILLISECOND, SECOND, Clock, Timer

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace

FIN, SYN, PSH, ACK = TCPFlags.FIN, TCPFlags.SYN, TCPFlags.PSH, TCPFlags.ACK
SEQUENCES = 2**32
INITIAL_SEGMENTS = 10
LONGEST_PIECE = 65535 - 60
SEND_BUFFER = 256 * 1024
OPENING_TIMEOUT, DATA_TIMEOUT, LONGEST_TIMEOUT = SECOND, 200 * MILLISECOND, 120 * SECOND


def is_before(one: int, other: int) -> bool:
    """Whether a sequence number comes before another, on the circle that they are (RFC 9293 section 3.4)."""
    return 0 < (other - one) % SEQUENCES < SEQUENCES // 2


@dataclass(slots=True)
class Piece:
    """Data, with or without a SYN or FIN, which count as one sequence number each. ``is_repeated``: not for the first
    time on its way."""

    sequence: int
    flags: int
    data: bytes
    is_repeated: bool = False

    @property
    def length(self) -> int:
        return len(self.data) + bool(self.flags & SYN) + bool(self.flags & FIN)

    @property
    def end(self) -> int:
        return (self.sequence + self.length) % SEQUENCES

    def without(self, number: int) -> Piece:
        """What is left after the data before ``number``."""
        return Piece(number, self.flags, self.data[(number - self.sequence) % SEQUENCES:])


class Sending:
    """``transmit`` puts a piece on its way, ``give_up`` is called when it was sent in vain too often.

    ``segment_size`` and the other side's ``window`` are in bytes. The ``namespace`` counts what is sent, and says how
    often.
    """

    def __init__(self, clock: Clock, first_sequence: int, transmit: Callable[[Piece], None],
                 give_up: Callable[[], None], namespace: Namespace) -> None:
        self._clock, self._transmit, self._give_up = clock, transmit, give_up
        self._counted, self._settings = namespace.counted, namespace.settings
        self.next = self._acknowledged = self._small_until = first_sequence
        self.window, self.segment_size = 0, 536
        self._segments_allowed = INITIAL_SEGMENTS
        self._waiting = bytearray()
        self._ends = False
        self._under_way: deque[Piece] = deque()
        self._retries = 0
        self.timer: Timer | None = None

    @property
    def has_room(self) -> bool:
        return len(self._waiting) < SEND_BUFFER

    @property
    def unacknowledged(self) -> int:
        """How many bytes have been handed over and not acknowledged."""
        return (self.next - self._acknowledged) % SEQUENCES + len(self._waiting)

    @property
    def is_done(self) -> bool:
        """Whether all has been acknowledged."""
        return not self._waiting and not self._under_way

    def open(self, flags: int) -> None:
        """Send the first segment, which has a SYN."""
        self._send(Piece(self.next, flags, b""))

    def put(self, data: bytes) -> None:
        self._waiting += data
        self._push()

    def end(self) -> None:
        """Nothing more comes: a FIN goes out after what waits."""
        self._ends = True
        self._push()

    def acknowledged(self, number: int, window: int) -> None:
        """The other side expects ``number`` next and has room for ``window`` bytes."""
        if is_before(number, self._acknowledged) or is_before(self.next, number):
            return
        self.window = window
        if number != self._acknowledged:
            self._drop_until(number)
        self._push()

    def _drop_until(self, number: int) -> None:
        self._acknowledged = number
        while self._under_way and not is_before(number, self._under_way[0].end):
            piece = self._under_way.popleft()
            self._segments_allowed += -(-piece.length // self.segment_size)
            if piece.flags & (SYN | ACK) != SYN | ACK:
                self._counted["TcpExtTCPDelivered"] += self._segments(piece)
        if self._under_way and is_before(self._under_way[0].sequence, number):
            self._under_way[0] = self._under_way[0].without(number)
        self.stop()
        if self._under_way:
            if self._retries:
                self.repeat()
            self._start_timer()
        self._retries = 0

    def repeat(self) -> None:
        """Send the oldest piece once more."""
        if self._under_way:
            piece = self._under_way[0]
            piece.is_repeated = True
            self._counted["TcpRetransSegs"] += self._segments(piece)
            self._counted["TcpExtTCPSynRetrans"] += bool(piece.flags & SYN)
            self._transmit(piece)

    def _segments(self, piece: Piece) -> int:
        """How many packets it is on the wire."""
        return max(-(-len(piece.data) // self.segment_size), 1)

    def stop(self) -> None:
        """Repeat nothing any more."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    # What goes out

    def _push(self) -> None:
        while self._waiting and (size := self._next_size()):
            data = bytes(self._waiting[:size])
            del self._waiting[:size]
            ends = self._ends and not self._waiting
            self._send(Piece(self.next, ACK | PSH * (not self._waiting) | FIN * ends, data))
            if size % self.segment_size:
                self._small_until = self.next
            self._ends = self._ends and not ends
        if self._ends and not self._waiting:
            self._ends = False
            self._send(Piece(self.next, ACK | FIN, b""))
        if self._waiting and self.timer is None:
            self._start_timer()

    def _next_size(self) -> int:
        """How much of what waits may go now: whole segments, and a smaller one where none is under way."""
        flying = (self.next - self._acknowledged) % SEQUENCES
        allowed = min(self.window, self._segments_allowed * self.segment_size) - flying
        longest = max(LONGEST_PIECE // self.segment_size, 1) * self.segment_size
        size = min(len(self._waiting), allowed, longest)
        rest = size % self.segment_size
        if size == len(self._waiting):
            return size - rest if not self._ends and is_before(self._acknowledged, self._small_until) else size
        return max(size - rest if self._under_way else size, 0)

    def _send(self, piece: Piece) -> None:
        self.next = piece.end
        self._under_way.append(piece)
        if self.timer is None:
            self._start_timer()
        if not piece.flags & SYN:
            self._counted["TcpExtTCPOrigDataSent"] += self._segments(piece)
        self._transmit(piece)

    # What is sent again

    def _start_timer(self) -> None:
        self.timer = self._clock.call_later(min(self._timeout(), LONGEST_TIMEOUT), self._expired)

    def _opening(self) -> int:
        """The flags of a first segment that is still under way."""
        return self._under_way[0].flags if self._under_way and self._under_way[0].flags & SYN else 0

    def _timeout(self) -> int:
        """The first repetitions of a SYN come every second (net.ipv4.tcp_syn_linear_timeouts)."""
        opening = self._opening()
        if opening and not opening & ACK:
            return OPENING_TIMEOUT << max(self._retries - self._settings.get("tcp_syn_linear_timeouts"), 0)
        return (OPENING_TIMEOUT if opening else DATA_TIMEOUT) << self._retries

    def _most_retries(self) -> int:
        opening, setting = self._opening(), self._settings.get
        if not opening:
            return setting("tcp_retries2")
        if opening & ACK:
            return setting("tcp_synack_retries")
        return setting("tcp_syn_retries") + setting("tcp_syn_linear_timeouts")

    def _expired(self) -> None:
        self.timer = None
        if self._retries >= self._most_retries():
            self._give_up()
            return
        self._retries += 1
        self._start_timer()
        if self._under_way:
            self._counted["TcpExtTCPTimeouts"] += 1
            self.repeat()
        else:
            self._counted["TcpExtTCPWinProbe"] += 1
            # what has no room at the other side is asked after with a number that is known there (RFC 9293 3.8.6.1)
            self._transmit(Piece((self._acknowledged - 1) % SEQUENCES, ACK, b""))

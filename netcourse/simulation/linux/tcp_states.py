"""The states of a TCP connection, and what leads from one to the next (RFC 9293 section 3.3.2, figure 5)."""

from __future__ import annotations

from enum import Enum

from netcourse.packets import TCP, TCPFlags


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
    CLOSING = "CLOSING"
    LAST_ACK = "LAST_ACK"
    TIME_WAIT = "TIME_WAIT"


AFTER_OUR_END = {State.ESTABLISHED: State.FIN_WAIT_1, State.CLOSE_WAIT: State.LAST_ACK}
AFTER_THEIR_END = {State.ESTABLISHED: State.CLOSE_WAIT, State.FIN_WAIT_1: State.CLOSING,
                   State.FIN_WAIT_2: State.TIME_WAIT}
AFTER_LAST_ACKNOWLEDGEMENT = {State.FIN_WAIT_1: State.FIN_WAIT_2, State.CLOSING: State.TIME_WAIT,
                              State.LAST_ACK: State.CLOSED}


def length_of(segment: TCP) -> int:
    """How many sequence numbers a segment takes: SYN and FIN count as one."""
    return len(segment.payload) + bool(segment.flags & TCPFlags.SYN) + bool(segment.flags & TCPFlags.FIN)

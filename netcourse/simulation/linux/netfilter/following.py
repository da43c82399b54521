"""What each packet of a connection does to its state and its timeout (net/netfilter/nf_conntrack_proto_*.c)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from netcourse.packets import ICMP, TCP, UDP, ICMPType, IPv4, Protocol, TCPFlags
from netcourse.simulation.linux.clock import MILLISECOND, SECOND
from netcourse.simulation.linux.netfilter.connection import Connection
from netcourse.simulation.linux.settings import Settings

UNTIL_DELIVERED = MILLISECOND
UDP_STREAM_AFTER = 2 * SECOND
# the setting that says for how many seconds a connection is remembered in each state
TCP_TIMEOUTS = {state: f"nf_conntrack_tcp_timeout_{state.removesuffix('2').lower()}" for state in (
    "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2")}


class Verdict(Enum):
    """VALID belongs to the connection, INVALID doesn't, NEW begins another in its place."""

    VALID = "valid"
    INVALID = "invalid"
    NEW = "new"


_ENDS = {"SYN_RECV": "FIN_WAIT", "ESTABLISHED": "FIN_WAIT", "FIN_WAIT": "LAST_ACK", "CLOSE_WAIT": "LAST_ACK",
         "LAST_ACK": "LAST_ACK", "TIME_WAIT": "TIME_WAIT", "CLOSE": "CLOSE"}
_ACKNOWLEDGED = {"ESTABLISHED": "ESTABLISHED", "FIN_WAIT": "CLOSE_WAIT", "CLOSE_WAIT": "CLOSE_WAIT",
                 "LAST_ACK": "TIME_WAIT", "TIME_WAIT": "TIME_WAIT", "CLOSE": "CLOSE"}
_RESET = dict.fromkeys(TCP_TIMEOUTS, "CLOSE")
_NO_CHANGE = {state: state for state in TCP_TIMEOUTS}
# by direction (the first packet's, then the answers') and kind: what becomes of a state; what isn't here is invalid
_TCP: dict[bool, dict[str, dict[str, str]]] = {
    True: {"syn": _NO_CHANGE | {"TIME_WAIT": "again", "CLOSE": "again"},
           "synack": {"SYN_RECV": "SYN_RECV", "SYN_SENT2": "SYN_RECV"},
           "fin": _ENDS, "ack": _ACKNOWLEDGED | {"SYN_RECV": "ESTABLISHED"}, "rst": _RESET},
    False: {"syn": {"SYN_SENT": "SYN_SENT2", "SYN_SENT2": "SYN_SENT2", "TIME_WAIT": "again"},
            "synack": _NO_CHANGE | {"SYN_SENT": "SYN_RECV", "SYN_SENT2": "SYN_RECV"},
            "fin": _ENDS, "ack": _ACKNOWLEDGED | {"SYN_SENT": "SYN_SENT", "SYN_RECV": "SYN_RECV",
                                                  "SYN_SENT2": "SYN_SENT2"}, "rst": _RESET},
}
_FIRST = {"syn": "SYN_SENT", "ack": "ESTABLISHED"}


def _kind(segment: TCP) -> str:
    flags = segment.flags
    if flags & TCPFlags.RST:
        return "rst"
    if flags & TCPFlags.SYN:
        return "synack" if flags & TCPFlags.ACK else "syn"
    return "fin" if flags & TCPFlags.FIN else "ack" if flags & TCPFlags.ACK else "none"


def first_state(packet: IPv4, settings: Settings) -> str | None:
    """The state of the connection that a packet begins; None where it can't begin one.

    TCP may be joined in the middle (nf_conntrack_tcp_loose); an answer or error of ICMP begins nothing.
    """
    payload = packet.payload
    if isinstance(payload, TCP):
        kind = _kind(payload)
        return _FIRST.get(kind) if kind == "syn" or settings.get("nf_conntrack_tcp_loose") else None
    return None if isinstance(payload, ICMP) and payload.type != ICMPType.ECHO_REQUEST else ""


@dataclass(slots=True)
class Moment:
    """When a packet passes, whether it goes the way of the first one, and what is set there."""

    now: int
    settings: Settings
    original: bool

    def after(self, setting: str) -> int:
        """A timeout, in nanoseconds."""
        return self.settings.get(setting) * SECOND


def follow(connection: Connection, packet: IPv4, moment: Moment) -> Verdict:
    """Take note of a packet of the connection."""
    return _FOLLOWERS.get(packet.protocol, _follow_other)(connection, packet, moment)


def _follow_tcp(connection: Connection, packet: IPv4, moment: Moment) -> Verdict:
    segment, before = packet.payload, connection.state
    if not isinstance(segment, TCP):
        return Verdict.INVALID
    kind = _kind(segment)
    after = _TCP[moment.original].get(kind, {}).get(before)
    if after is None:
        return Verdict.INVALID
    if after == "again":
        return Verdict.NEW
    if kind == "rst" and not connection.answered:
        connection.timeout = UNTIL_DELIVERED  # refused: nothing is left to remember
        return Verdict.VALID
    connection.state, connection.timeout = after, moment.after(TCP_TIMEOUTS[after])
    if connection.answered and after == "ESTABLISHED" and before in ("SYN_RECV", "ESTABLISHED"):
        connection.assured = True
    return Verdict.VALID


def _follow_udp(connection: Connection, packet: IPv4, moment: Moment) -> Verdict:
    """What still goes to and fro after two seconds is a stream."""
    if not isinstance(packet.payload, UDP):
        return Verdict.INVALID
    streams = connection.answered and moment.now - connection.began > UDP_STREAM_AFTER
    connection.timeout = moment.after("nf_conntrack_udp_timeout_stream" if streams else "nf_conntrack_udp_timeout")
    connection.assured = connection.assured or streams
    return Verdict.VALID


def _follow_icmp(connection: Connection, _: IPv4, moment: Moment) -> Verdict:
    connection.timeout = moment.after("nf_conntrack_icmp_timeout")
    return Verdict.VALID


def _follow_other(connection: Connection, _: IPv4, moment: Moment) -> Verdict:
    connection.timeout = moment.after("nf_conntrack_generic_timeout")
    return Verdict.VALID


_FOLLOWERS: dict[int, Callable[[Connection, IPv4, Moment], Verdict]] = {
    Protocol.TCP: _follow_tcp, Protocol.UDP: _follow_udp, Protocol.ICMP: _follow_icmp}

"""Connection tracking: which packets belong together, and which addresses they are to be given on the way."""

from __future__ import annotations

from dataclasses import replace

from netcourse.packets import ICMP, IPv4, Protocol
from netcourse.simulation.linux.clock import Clock
from netcourse.simulation.linux.netfilter.connection import Connection, Tuple
from netcourse.simulation.linux.netfilter.following import Moment, Verdict, first_state, follow
from netcourse.simulation.linux.settings import Settings

FIRST_PORT, LAST_PORT = 1024, 65535
CLEARED_AT = 1024
NAMES = {Protocol.ICMP: "icmp", Protocol.TCP: "tcp", Protocol.UDP: "udp"}


class Conntrack:
    """The connections of one namespace. ``arriving`` holds them by the tuples that packets come with."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self._clock, self._settings = clock, settings
        self.arriving: dict[Tuple, Connection] = {}
        self._under_way: dict[Tuple, Connection] = {}
        self._next_clearance = CLEARED_AT

    def listing(self) -> list[Connection]:
        """Those that are still remembered, and weren't dropped at once."""
        return list({id(c): c for c in self.arriving.values() if c.confirmed and not self._expired(c)}.values())

    def _expired(self, connection: Connection) -> bool:
        return self._clock.now - connection.last_seen > connection.timeout

    def arrive(self, packet: IPv4) -> Connection | None:
        """The connection of a packet that has just come in or been made; None for one that is INVALID."""
        key = Tuple.of(packet)
        connection = self.find(key, arriving=True)
        if connection is None:
            return self._begin(key, packet)
        original = connection.is_original(key)
        verdict = follow(connection, packet, Moment(self._clock.now, self._settings, original))
        if verdict is Verdict.NEW:
            self.forget(connection)
            return self._begin(key, packet)
        if verdict is Verdict.INVALID:
            return None
        connection.last_seen = self._clock.now
        connection.answered = connection.answered or not original
        return connection

    def find(self, packet: Tuple, *, arriving: bool) -> Connection | None:
        first, second = (self.arriving, {}) if arriving else (self._under_way, self.arriving)
        connection = first.get(packet) or second.get(packet)
        if connection is None or not self._expired(connection):
            return connection
        self.forget(connection)
        return None

    def _begin(self, key: Tuple, packet: IPv4) -> Connection | None:
        state = first_state(packet, self._settings)
        if state is None:
            return None
        if len(self.arriving) > self._next_clearance:
            self._clear()
        connection = Connection(key, key.mirror(), self._clock.now, self._clock.now, state=state)
        follow(connection, packet, Moment(self._clock.now, self._settings, original=True))
        self._index(connection)
        return connection

    def _clear(self) -> None:
        for connection in [c for c in self.arriving.values() if self._expired(c)]:
            self.forget(connection)
        self._next_clearance = 2 * len(self.arriving) + CLEARED_AT

    def redirect(self, connection: Connection, reply: Tuple) -> Connection:
        """Translate from now on: answers will come as ``reply``. Another port is taken where that one is in use."""
        self.forget(connection)
        connection.reply = self._free(reply)
        self._index(connection)
        return connection

    def _free(self, reply: Tuple) -> Tuple:
        """For ICMP the identifier is what is changed (nf_nat_l4proto_unique_tuple)."""
        if reply not in self.arriving or reply.protocol not in NAMES:
            return reply
        candidates = (_with_port(reply, port) for port in range(FIRST_PORT, LAST_PORT + 1))
        return next((other for other in candidates if other not in self.arriving), reply)

    def _index(self, connection: Connection) -> None:
        for key in (connection.original, connection.reply):
            self.arriving.setdefault(key, connection)
        final, middle = connection.reply.mirror(), connection.middle
        connection.keys = [final, middle, middle.mirror(), connection.original.mirror(), connection.original,
                           connection.reply]
        for key in connection.keys:
            self._under_way[key] = connection

    def forget(self, connection: Connection) -> None:
        for key in connection.keys:
            if self._under_way.get(key) is connection:
                del self._under_way[key]
        for key in (connection.original, connection.reply):
            if self.arriving.get(key) is connection:
                del self.arriving[key]

    # Errors

    def related(self, error: ICMP) -> Connection | None:
        """The connection that an ICMP error is about."""
        if not isinstance(error.payload, IPv4):
            return None
        return self.find(Tuple.of(error.payload), arriving=False)

    def untranslate_error(self, packet: IPv4, connection: Connection, *, entering: bool) -> IPv4:
        """An ICMP error with the quoted packet as its sender knew it, addressed to that sender.

        One end is done on the way in and the other on the way out, like that of an answer. With its destination the
        quoted packet's sender is hidden too, whichever router has spoken (nf_nat_icmp_reply_translation).
        """
        error = packet.payload
        assert isinstance(error, ICMP)
        assert isinstance(error.payload, IPv4)
        key = Tuple.of(error.payload)
        if connection.is_original(key):
            known = connection.middle if entering else connection.original
        else:
            known = connection.middle.mirror() if entering else connection.reply
        source = packet.source if known.destination == key.destination else known.destination
        quoted = known.apply(error.payload)
        return replace(packet, source=source, destination=known.source, payload=replace(error, payload=quoted))

    # What is shown

    def text(self) -> str:
        """/proc/net/nf_conntrack (net/netfilter/nf_conntrack_standalone.c, ct_seq_show)."""
        return "".join(self._line(connection) for connection in self.listing())

    def _line(self, connection: Connection) -> str:
        protocol = connection.original.protocol
        left = connection.seconds_left(self._clock.now)
        name = NAMES.get(Protocol(protocol), "unknown") if protocol in NAMES else "unknown"
        words = [f"ipv4     2 {name:<8} {protocol} {left}", connection.state,
                 _tuple_text(connection.original), "" if connection.answered else "[UNREPLIED]",
                 _tuple_text(connection.reply), "[ASSURED]" * connection.assured,
                 f"mark={connection.mark} zone=0 use=2"]
        return " ".join(word for word in words if word) + "\n"


def _with_port(reply: Tuple, port: int) -> Tuple:
    if reply.protocol == Protocol.ICMP:
        return replace(reply, source_port=port, destination_port=port)
    return replace(reply, destination_port=port)


def _tuple_text(key: Tuple) -> str:
    text = f"src={key.source} dst={key.destination}"
    if key.protocol == Protocol.ICMP:
        return f"{text} type={key.kind} code=0 id={key.source_port}"
    if key.protocol in NAMES:
        return f"{text} sport={key.source_port} dport={key.destination_port}"
    return text


def state_of(connection: Connection | None, packet: IPv4) -> str:
    """NEW, ESTABLISHED, RELATED, UNTRACKED or INVALID (iptables-extensions(8), conntrack)."""
    if packet.is_untracked:
        return "UNTRACKED"
    if connection is None:
        return "INVALID"
    if packet.is_related or (isinstance(packet.payload, ICMP) and packet.payload.is_error):
        return "RELATED"
    return "ESTABLISHED" if connection.answered else "NEW"

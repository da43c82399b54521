"""Connection tracking: which packets belong together, and which addresses they are to be given on the way.

A connection has two tuples: as its first packet arrived (``original``), and as answers arrive (``reply``).
Translation is nothing but a reply tuple that isn't the mirror of the original one (net/netfilter/nf_nat_core.c).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address

from netcourse.packets import ICMP, TCP, UDP, ICMPType, IPv4
from netcourse.simulation.linux.clock import SECOND, Clock

TIMEOUTS = {1: 30 * SECOND, 17: 30 * SECOND, 6: 120 * SECOND}
ANSWERED_TIMEOUTS = {1: 30 * SECOND, 17: 120 * SECOND, 6: 432_000 * SECOND}
OTHER_TIMEOUT = 600 * SECOND
FIRST_PORT, LAST_PORT = 1024, 65535


@dataclass(frozen=True, slots=True)
class Tuple:
    """What identifies one direction of a connection; for ICMP both ports are the identifier."""

    protocol: int
    source: IPv4Address
    source_port: int
    destination: IPv4Address
    destination_port: int

    @classmethod
    def of(cls, packet: IPv4) -> Tuple:
        payload = packet.payload
        ports = (0, 0)
        if isinstance(payload, UDP | TCP):
            ports = (payload.source_port, payload.destination_port)
        elif isinstance(payload, ICMP):
            ports = (payload.identifier, payload.identifier)
        return cls(packet.protocol, packet.source, ports[0], packet.destination, ports[1])

    def mirror(self) -> Tuple:
        return Tuple(self.protocol, self.destination, self.destination_port, self.source, self.source_port)

    def apply(self, packet: IPv4) -> IPv4:
        """``packet`` with the addresses and ports of this tuple; itself where it has them already."""
        if Tuple.of(packet) == self:
            return packet
        payload = packet.payload
        if isinstance(payload, UDP | TCP):
            payload = replace(payload, source_port=self.source_port, destination_port=self.destination_port)
        return replace(packet, source=self.source, destination=self.destination, payload=payload)


@dataclass(slots=True, eq=False)
class Connection:
    """``keys`` are all tuples under which its packets can be met between arrival and departure."""

    original: Tuple
    reply: Tuple
    last_seen: int
    answered: bool = False
    confirmed: bool = False
    mark: int = 0
    destination_decided: bool = False
    source_decided: bool = False
    keys: list[Tuple] = field(default_factory=list)

    def is_original(self, packet: Tuple) -> bool:
        """Whether a packet, at whatever stage of translation, goes the way of the first one."""
        return packet in (self.original, self.reply.mirror(), self.middle)

    @property
    def middle(self) -> Tuple:
        """The original direction with its destination translated and its source not yet."""
        return Tuple(self.original.protocol, self.original.source, self.original.source_port,
                     self.reply.source, self.reply.source_port)

    @property
    def timeout(self) -> int:
        table = ANSWERED_TIMEOUTS if self.answered else TIMEOUTS
        return table.get(self.original.protocol, OTHER_TIMEOUT)

    @property
    def is_translated(self) -> tuple[bool, bool]:
        """Whether its source, and whether its destination, is translated."""
        mirror = self.reply.mirror()
        return ((mirror.source, mirror.source_port) != (self.original.source, self.original.source_port),
                (mirror.destination, mirror.destination_port) !=
                (self.original.destination, self.original.destination_port))


class Conntrack:
    """The connections of one namespace. ``arriving`` holds them by the tuples that packets come with."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.arriving: dict[Tuple, Connection] = {}
        self._under_way: dict[Tuple, Connection] = {}

    def listing(self) -> list[Connection]:
        return list({id(c): c for c in self.arriving.values() if not self._expired(c)}.values())

    def _expired(self, connection: Connection) -> bool:
        return self._clock.now - connection.last_seen > connection.timeout

    def find(self, packet: Tuple, *, arriving: bool) -> Connection | None:
        first, second = (self.arriving, {}) if arriving else (self._under_way, self.arriving)
        connection = first.get(packet) or second.get(packet)
        if connection is None or not self._expired(connection):
            return connection
        self.forget(connection)
        return None

    def begin(self, packet: Tuple) -> Connection:
        connection = Connection(packet, packet.mirror(), self._clock.now)
        self._index(connection)
        return connection

    def seen(self, connection: Connection, packet: Tuple) -> None:
        connection.last_seen = self._clock.now
        if not connection.is_original(packet):
            connection.answered = True

    def redirect(self, connection: Connection, reply: Tuple) -> Connection:
        """Translate from now on: answers will come as ``reply``. Another port is taken where that one is in use."""
        self.forget(connection)
        connection.reply = self._free(reply)
        self._index(connection)
        return connection

    def _free(self, reply: Tuple) -> Tuple:
        if reply not in self.arriving or reply.protocol not in (6, 17):
            return reply
        return next((other for port in range(FIRST_PORT, LAST_PORT + 1)
                     if (other := replace(reply, destination_port=port)) not in self.arriving), reply)

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

    def related(self, error: ICMP) -> Connection | None:
        """The connection that an ICMP error is about."""
        if not isinstance(error.payload, IPv4):
            return None
        return self.find(Tuple.of(error.payload), arriving=False)

    def untranslate_error(self, packet: IPv4, connection: Connection) -> IPv4:
        """An ICMP error with the quoted packet as its sender knew it, addressed to that sender."""
        error = packet.payload
        assert isinstance(error, ICMP)
        assert isinstance(error.payload, IPv4)
        original = connection.is_original(Tuple.of(error.payload))
        sent = connection.original if original else connection.reply
        gone = (connection.reply if original else connection.original).mirror()
        source = sent.destination if packet.source == gone.destination else packet.source
        quoted = sent.apply(error.payload)
        return replace(packet, source=source, destination=sent.source, payload=replace(error, payload=quoted))


def state_of(connection: Connection | None, packet: IPv4) -> str:
    """NEW, ESTABLISHED, RELATED or INVALID (iptables-extensions(8), conntrack)."""
    payload = packet.payload
    if isinstance(payload, ICMP) and payload.is_error:
        return "RELATED" if connection is not None else "INVALID"
    if connection is None:
        return "INVALID"
    return "ESTABLISHED" if connection.answered else "NEW"


def can_begin(packet: IPv4) -> bool:
    """Whether a packet without a connection may begin one: no answer or error of ICMP does, no reset."""
    payload = packet.payload
    if isinstance(payload, ICMP):
        return payload.type == ICMPType.ECHO_REQUEST
    return not (isinstance(payload, TCP) and payload.flags & 4)

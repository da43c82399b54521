"""A tracked connection: the tuples of its two directions, and what has been seen of it.

A connection has two tuples: as its first packet arrived (``original``), and as answers arrive (``reply``).
Translation is nothing but a reply tuple that isn't the mirror of the original one (net/netfilter/nf_nat_core.c).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address

from netcourse.packets import ICMP, TCP, UDP, ICMPType, IPv4, Protocol
from netcourse.simulation.linux.clock import SECOND

_ANSWERS: dict[int, int] = {ICMPType.ECHO_REQUEST: ICMPType.ECHO_REPLY, ICMPType.ECHO_REPLY: ICMPType.ECHO_REQUEST}


@dataclass(frozen=True, slots=True)
class Tuple:
    """What identifies one direction of a connection.

    For ICMP both ports are the identifier, and ``kind`` is the type (-1 for other protocols).
    """

    protocol: int
    source: IPv4Address
    source_port: int
    destination: IPv4Address
    destination_port: int
    kind: int = -1

    @classmethod
    def of(cls, packet: IPv4) -> Tuple:
        payload = packet.payload
        ports, kind = (0, 0), -1
        if isinstance(payload, UDP | TCP):
            ports = (payload.source_port, payload.destination_port)
        elif isinstance(payload, ICMP):
            ports, kind = (payload.identifier, payload.identifier), payload.type
        return cls(packet.protocol, packet.source, ports[0], packet.destination, ports[1], kind)

    def mirror(self) -> Tuple:
        kind = _ANSWERS.get(self.kind, self.kind)
        return Tuple(self.protocol, self.destination, self.destination_port, self.source, self.source_port, kind)

    def apply(self, packet: IPv4) -> IPv4:
        """``packet`` with the addresses and ports of this tuple; itself where it has them already."""
        if Tuple.of(packet) == self:
            return packet
        payload = packet.payload
        if isinstance(payload, UDP | TCP):
            payload = replace(payload, source_port=self.source_port, destination_port=self.destination_port)
        elif isinstance(payload, ICMP) and not payload.is_error:
            payload = replace(payload, identifier=self.source_port)
        return replace(packet, source=self.source, destination=self.destination, payload=payload)


@dataclass(slots=True, eq=False)
class Connection:
    """``keys`` are all tuples under which its packets can be met between arrival and departure.

    ``timeout`` is in nanoseconds, counted from ``last_seen``. ``state`` is that of TCP, in the words of /proc. It is
    ``assured`` once it would not be given up for another one in a full table.
    """

    original: Tuple
    reply: Tuple
    began: int
    last_seen: int
    timeout: int = 0
    state: str = ""
    answered: bool = False
    assured: bool = False
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
        if self.original.protocol == Protocol.ICMP:
            return replace(self.original, destination=self.reply.source)
        return Tuple(self.original.protocol, self.original.source, self.original.source_port,
                     self.reply.source, self.reply.source_port)

    def seconds_left(self, now: int) -> int:
        """Until it is forgotten; none before its first packet has got through."""
        return max(self.last_seen + self.timeout - now, 0) // SECOND if self.confirmed else 0

    @property
    def is_translated(self) -> tuple[bool, bool]:
        """Whether its source, and whether its destination, is translated."""
        mirror = self.reply.mirror()
        return ((mirror.source, mirror.source_port) != (self.original.source, self.original.source_port),
                (mirror.destination, mirror.destination_port) !=
                (self.original.destination, self.original.destination_port))



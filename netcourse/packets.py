"""Ethernet, ARP, IPv4, ICMP, UDP and TCP: a header is a dataclass whose fields stand in the order of the wire.

The simulation passes these values around as they are; ``encode`` and ``decode`` turn them into bytes and back.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag
from ipaddress import IPv4Address

from netcourse.tcp_options import NO_OPTIONS, TCPOptions

BROADCAST_MAC = "ff:ff:ff:ff:ff:ff"
UNKNOWN_MAC = "00:00:00:00:00:00"
LONGEST_QUOTE = 576 - 20 - 8


class MalformedPacket(ValueError):
    """Bytes that are not what they should be; the message says which header is cut short or wrong."""


class EtherType(IntEnum):
    IPV4 = 0x0800
    ARP = 0x0806


class Protocol(IntEnum):
    """IANA protocol numbers."""

    ICMP = 1
    TCP = 6
    UDP = 17


class ICMPType(IntEnum):
    """RFC 792."""

    ECHO_REPLY = 0
    UNREACHABLE = 3
    REDIRECT = 5
    ECHO_REQUEST = 8
    TIME_EXCEEDED = 11


class Unreachable(IntEnum):
    """Codes of ICMP destination unreachable (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1)."""

    NETWORK = 0
    HOST = 1
    PROTOCOL = 2
    PORT = 3
    FRAGMENTATION_NEEDED = 4
    NETWORK_PROHIBITED = 9
    HOST_PROHIBITED = 10
    ADMINISTRATIVELY_PROHIBITED = 13


class RedirectCode(IntEnum):
    """What an ICMP redirect is about (RFC 792)."""

    NETWORK = 0
    HOST = 1


class TCPFlags(IntFlag):
    """RFC 9293 section 3.1."""

    FIN = 1
    SYN = 2
    RST = 4
    PSH = 8
    ACK = 16
    URG = 32


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _mac_bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def _mac_text(data: bytes) -> str:
    return data.hex(":")




@dataclass(frozen=True, slots=True)
class ICMP:
    """RFC 792. An error's ``payload`` is the packet that caused it, as far as it fits (RFC 1812 section 4.3.2.3)."""

    type: int
    code: int = 0
    identifier: int = 0
    sequence: int = 0
    payload: bytes | IPv4 = b""

    @property
    def is_error(self) -> bool:
        return self.type in (ICMPType.UNREACHABLE, ICMPType.REDIRECT, ICMPType.TIME_EXCEEDED)

    @property
    def gateway(self) -> IPv4Address:
        """Whom a redirect recommends."""
        return IPv4Address(self.identifier << 16 | self.sequence)

    def __len__(self) -> int:
        size = len(self.payload)
        return 8 + (min(size, LONGEST_QUOTE) if isinstance(self.payload, IPv4) else size)

    def encode(self) -> bytes:
        quoted = self.payload.encode()[:LONGEST_QUOTE] if isinstance(self.payload, IPv4) else self.payload
        data = struct.pack("!BBHHH", self.type, self.code, 0, self.identifier, self.sequence) + quoted
        return data[:2] + struct.pack("!H", checksum(data)) + data[4:]

    @classmethod
    def decode(cls, data: bytes) -> ICMP:
        if len(data) < 8:
            raise MalformedPacket(f"ICMP header is cut short: {len(data)} bytes instead of 8")
        kind, code, _, identifier, sequence = struct.unpack_from("!BBHHH", data)
        message = cls(kind, code, identifier, sequence, data[8:])
        return replace(message, payload=IPv4.decode(data[8:])) if message.is_error else message


@dataclass(frozen=True, slots=True)
class UDP:
    """RFC 768."""

    source_port: int
    destination_port: int
    payload: bytes = b""

    def __len__(self) -> int:
        return 8 + len(self.payload)

    def encode(self) -> bytes:
        """Without a checksum, which IPv4 allows (RFC 768); ``IPv4.encode`` puts it in."""
        return struct.pack("!HHHH", self.source_port, self.destination_port, len(self), 0) + self.payload

    @classmethod
    def decode(cls, data: bytes) -> UDP:
        if len(data) < 8:
            raise MalformedPacket(f"UDP header is cut short: {len(data)} bytes instead of 8")
        source, destination, length, _ = struct.unpack_from("!HHHH", data)
        return cls(source, destination, data[8:length])


@dataclass(frozen=True, slots=True)
class TCP:
    """RFC 9293. ``piece_size`` isn't in the header: the payload may be so long that the network card would cut it into
    pieces of that many bytes, and nobody before it sees any of them (0: it is one piece)."""

    source_port: int
    destination_port: int
    sequence: int = 0
    acknowledgement: int = 0
    flags: int = 0
    window: int = 64240
    options: TCPOptions = NO_OPTIONS
    payload: bytes = b""
    piece_size: int = 0

    def __len__(self) -> int:
        return 20 + len(self.options) + len(self.payload)

    def encode(self) -> bytes:
        """Without a checksum; ``IPv4.encode`` puts it in."""
        return struct.pack("!HHIIBBHHH", self.source_port, self.destination_port, self.sequence, self.acknowledgement,
                           20 + len(self.options) << 2, self.flags, self.window, 0, 0) + (
                               self.options.encode() + self.payload)

    @classmethod
    def decode(cls, data: bytes) -> TCP:
        if len(data) < 20:
            raise MalformedPacket(f"TCP header is cut short: {len(data)} bytes instead of 20")
        source, destination, sequence, acknowledgement, offset, flags, window = struct.unpack_from("!HHIIBBH", data)
        start = (offset >> 4) * 4
        return cls(source, destination, sequence, acknowledgement, flags & 0x3F, window,
                   TCPOptions.decode(data[20:start]), data[start:])


Segment = ICMP | UDP | TCP | bytes
_DECODERS: dict[int, Callable[[bytes], ICMP | UDP | TCP]] = {
    Protocol.ICMP: ICMP.decode, Protocol.UDP: UDP.decode, Protocol.TCP: TCP.decode}
_CHECKSUM_AT = {Protocol.UDP: 6, Protocol.TCP: 16}
_IPV4 = struct.Struct("!BBHHHBBH4s4s")


@dataclass(frozen=True, slots=True)
class IPv4:
    """RFC 791, without options. ``fragment_offset`` counts bytes; a fragment's payload is bytes.

    ``mark``, ``is_untracked`` and ``is_related`` aren't on the wire: they are what a machine's rules have noted of the
    packet.
    """

    source: IPv4Address
    destination: IPv4Address
    protocol: int
    payload: Segment = b""
    ttl: int = 64
    identification: int = 0
    dont_fragment: bool = False
    more_fragments: bool = False
    fragment_offset: int = 0
    tos: int = 0
    mark: int = 0
    is_untracked: bool = False
    is_related: bool = False

    def __len__(self) -> int:
        return 20 + len(self.payload)

    @property
    def longest_piece(self) -> int:
        """How long the longest packet will be that goes over the wire."""
        segment = self.payload
        if isinstance(segment, TCP) and 0 < segment.piece_size < len(segment.payload):
            return len(self) - len(segment.payload) + segment.piece_size
        return len(self)

    @property
    def pieces(self) -> int:
        """How many packets it will be on the wire."""
        segment = self.payload
        if isinstance(segment, TCP) and 0 < segment.piece_size < len(segment.payload):
            return -(-len(segment.payload) // segment.piece_size)
        return 1

    def without_notes(self) -> IPv4:
        """As it is seen by the next machine."""
        noted = self.mark or self.is_untracked or self.is_related
        return replace(self, mark=0, is_untracked=False, is_related=False) if noted else self

    @property
    def is_fragment(self) -> bool:
        return self.more_fragments or self.fragment_offset > 0

    def encode(self) -> bytes:
        payload = self.payload if isinstance(self.payload, bytes) else self.payload.encode()
        flags = (self.dont_fragment << 14) | (self.more_fragments << 13) | (self.fragment_offset // 8)
        header = _IPV4.pack(0x45, self.tos, 20 + len(payload), self.identification, flags, self.ttl, self.protocol, 0,
                            self.source.packed, self.destination.packed)
        header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
        return header + self._with_checksum(payload)

    def _with_checksum(self, segment: bytes) -> bytes:
        at = _CHECKSUM_AT.get(Protocol(self.protocol)) if isinstance(self.payload, UDP | TCP) else None
        if at is None:
            return segment
        pseudo = self.source.packed + self.destination.packed + struct.pack("!HH", self.protocol, len(segment))
        value = checksum(pseudo + segment) or 0xFFFF
        return segment[:at] + struct.pack("!H", value) + segment[at + 2:]

    @classmethod
    def decode(cls, data: bytes) -> IPv4:
        """A segment that is cut short or that belongs to a fragment stays bytes."""
        if len(data) < 20:
            raise MalformedPacket(f"IPv4 header is cut short: {len(data)} bytes instead of 20")
        first, tos, length, identification, flags, ttl, protocol, _, source, destination = _IPV4.unpack_from(data)
        if first >> 4 != 4:
            raise MalformedPacket(f"not IPv4: the version is {first >> 4}")
        packet = cls(IPv4Address(source), IPv4Address(destination), protocol, data[(first & 15) * 4:length], ttl,
                     identification, bool(flags & 0x4000), bool(flags & 0x2000), (flags & 0x1FFF) * 8, tos)
        return packet if packet.is_fragment else packet.with_segment()

    def with_segment(self) -> IPv4:
        """The packet with its payload decoded, where it is bytes of a known protocol and whole."""
        decode = _DECODERS.get(self.protocol)
        if decode is None or not isinstance(self.payload, bytes):
            return self
        try:
            return replace(self, payload=decode(self.payload))
        except MalformedPacket:
            return self


_ARP = struct.Struct("!HHBBH6s4s6s4s")


@dataclass(frozen=True, slots=True)
class ARP:
    """RFC 826: operation 1 asks, 2 answers."""

    operation: int
    sender_mac: str
    sender: IPv4Address
    target_mac: str
    target: IPv4Address

    @property
    def is_announcement(self) -> bool:
        """Whether somebody tells all others of its own address (RFC 5227 section 3)."""
        return self.sender == self.target

    def __len__(self) -> int:
        return 28

    def encode(self) -> bytes:
        return _ARP.pack(1, EtherType.IPV4, 6, 4, self.operation, _mac_bytes(self.sender_mac), self.sender.packed,
                         _mac_bytes(self.target_mac), self.target.packed)

    @classmethod
    def decode(cls, data: bytes) -> ARP:
        if len(data) < 28:
            raise MalformedPacket(f"ARP message is cut short: {len(data)} bytes instead of 28")
        *_, operation, sender_mac, sender, target_mac, target = _ARP.unpack_from(data)
        return cls(operation, _mac_text(sender_mac), IPv4Address(sender), _mac_text(target_mac), IPv4Address(target))


@dataclass(frozen=True, slots=True)
class Ethernet:
    """An Ethernet II frame (RFC 894)."""

    destination: str
    source: str
    payload: ARP | IPv4

    def without_notes(self) -> Ethernet:
        """As it is seen by the next machine."""
        if isinstance(self.payload, ARP) or (packet := self.payload.without_notes()) is self.payload:
            return self
        return replace(self, payload=packet)

    @property
    def type(self) -> EtherType:
        return EtherType.ARP if isinstance(self.payload, ARP) else EtherType.IPV4

    def __len__(self) -> int:
        return 14 + len(self.payload)

    def encode(self) -> bytes:
        head = _mac_bytes(self.destination) + _mac_bytes(self.source) + struct.pack("!H", self.type)
        return head + self.payload.encode()

    @classmethod
    def decode(cls, data: bytes) -> Ethernet:
        """Raises MalformedPacket for anything but ARP and IPv4."""
        if len(data) < 14:
            raise MalformedPacket(f"Ethernet header is cut short: {len(data)} bytes instead of 14")
        kind = int.from_bytes(data[12:14])
        if kind not in (EtherType.ARP, EtherType.IPV4):
            raise MalformedPacket(f"neither ARP nor IPv4: EtherType {kind:#06x}")
        payload = ARP.decode(data[14:]) if kind == EtherType.ARP else IPv4.decode(data[14:])
        return cls(_mac_text(data[:6]), _mac_text(data[6:12]), payload)

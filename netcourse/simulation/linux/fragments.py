"""Cutting an IPv4 packet that doesn't fit, and putting the pieces together again (RFC 791 section 3.2)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from ipaddress import IPv4Address

from netcourse.packets import IPv4

KEPT_PACKETS = 64
Key = tuple[IPv4Address, IPv4Address, int, int]


def cut(packet: IPv4, mtu: int) -> list[IPv4]:
    """``packet`` in pieces of at most ``mtu`` bytes."""
    if packet.longest_piece <= mtu:
        return [packet]
    data = packet.payload if isinstance(packet.payload, bytes) else packet.payload.encode()
    size = (mtu - 20) // 8 * 8
    return [replace(packet, payload=data[at:at + size], fragment_offset=packet.fragment_offset + at,
                    more_fragments=packet.more_fragments or at + size < len(data))
            for at in range(0, len(data), size)]


class Reassembly:
    """Pieces that wait for the others; the oldest are forgotten when there are too many."""

    def __init__(self, counted: Counter[str]) -> None:
        self._counted = counted
        self._waiting: dict[Key, dict[int, IPv4]] = {}

    def add(self, packet: IPv4) -> IPv4 | None:
        """The whole packet once its last piece is there, else None; a packet that isn't a piece as it is."""
        if not packet.is_fragment:
            return packet
        self._counted["IpReasmReqds"] += 1
        key = (packet.source, packet.destination, packet.protocol, packet.identification)
        pieces = self._waiting.setdefault(key, {})
        pieces[packet.fragment_offset] = packet
        data = b""
        while (piece := pieces.get(len(data))) is not None:
            assert isinstance(piece.payload, bytes)
            data += piece.payload
            if not piece.more_fragments:
                del self._waiting[key]
                self._counted["IpReasmOKs"] += 1
                return replace(pieces[0], payload=data, more_fragments=False).with_segment()
        if len(self._waiting) > KEPT_PACKETS:
            del self._waiting[next(iter(self._waiting))]
            self._counted["IpReasmFails"] += 1
        return None

"""The options of a TCP header (RFC 9293 section 3.2, RFC 2018, RFC 7323), laid out as Linux does."""

from __future__ import annotations

import struct
from dataclasses import dataclass

END, NOTHING, SEGMENT_SIZE, WINDOW_SCALE, SACK_PERMITTED, TIMESTAMPS = 0, 1, 2, 3, 4, 8


@dataclass(frozen=True, slots=True)
class TCPOptions:
    """``segment_size``, ``window_scale`` and ``sack_permitted`` stand in segments with SYN only; ``timestamps`` are the
    sender's and the one that it answers."""

    segment_size: int | None = None
    sack_permitted: bool = False
    timestamps: tuple[int, int] | None = None
    window_scale: int | None = None

    def __len__(self) -> int:
        """A multiple of four bytes."""
        size = 4 * (self.segment_size is not None) + 4 * (self.window_scale is not None)
        if self.timestamps is None:
            return size + 4 * self.sack_permitted
        # SACK-permitted takes the place of what fills up before the timestamps
        return size + 12

    @property
    def kinds(self) -> frozenset[int]:
        """The numbers of the options that are there."""
        there = {SEGMENT_SIZE: self.segment_size, SACK_PERMITTED: self.sack_permitted or None,
                 TIMESTAMPS: self.timestamps, WINDOW_SCALE: self.window_scale}
        return frozenset(kind for kind, value in there.items() if value is not None)

    def encode(self) -> bytes:
        data = b"" if self.segment_size is None else struct.pack("!BBH", SEGMENT_SIZE, 4, self.segment_size)
        filler = bytes((SACK_PERMITTED, 2)) if self.sack_permitted else bytes((NOTHING, NOTHING))
        if self.timestamps is not None:
            data += filler + struct.pack("!BBII", TIMESTAMPS, 10, *self.timestamps)
        elif self.sack_permitted:
            data += bytes((NOTHING, NOTHING)) + filler
        if self.window_scale is not None:
            data += bytes((NOTHING, WINDOW_SCALE, 3, self.window_scale))
        return data

    @classmethod
    def decode(cls, data: bytes) -> TCPOptions:
        """What is cut short or unknown is left out."""
        found = dict(_split(data))
        size, scale, times = found.get(SEGMENT_SIZE), found.get(WINDOW_SCALE), found.get(TIMESTAMPS)
        return cls(int.from_bytes(size) if size is not None and len(size) == 2 else None, SACK_PERMITTED in found,
                   struct.unpack("!II", times) if times is not None and len(times) == 8 else None,
                   scale[0] if scale is not None and len(scale) == 1 else None)


def _split(data: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(data) and data[at] != END:
        if data[at] == NOTHING:
            at += 1
            continue
        length = data[at + 1] if at + 1 < len(data) else 0
        if length < 2 or at + length > len(data):
            break
        found.append((data[at], data[at + 2:at + length]))
        at += length
    return found


NO_OPTIONS = TCPOptions()

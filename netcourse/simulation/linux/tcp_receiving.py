"""The receiving half of a TCP connection: what has come, what is expected next, and the room that was promised."""

from __future__ import annotations

from netcourse.packets import TCP, TCPFlags

SEQUENCES = 2**32
BUFFER = 256 * 1024


class Receiving:
    """``expected`` is the next sequence number; ``has_ended`` once nothing more will come."""

    def __init__(self) -> None:
        self.expected = 0
        self.has_ended = False
        self._promised: int | None = None
        self._data = bytearray()

    def begin(self, opening: TCP) -> None:
        """The other side has sent its SYN."""
        self.expected = (opening.sequence + 1) % SEQUENCES

    def __len__(self) -> int:
        """How many bytes wait to be read."""
        return len(self._data)

    @property
    def window(self) -> int:
        """How many bytes there is room for."""
        return max(BUFFER - len(self._data), 0)

    def promise(self) -> None:
        """The other side is told of the window as it is."""
        self._promised = (self.expected + self.window) % SEQUENCES

    @property
    def has_room_again(self) -> bool:
        """Whether to tell it anew: much was read, and little room had been left (net/ipv4/tcp.c, tcp_cleanup_rbuf)."""
        if self._promised is None or self.has_ended:
            return False
        left = (self._promised - self.expected) % SEQUENCES
        return 2 * left <= BUFFER and self.window >= 2 * left

    def take(self, segment: TCP) -> None:
        """What has room of an expected segment; with its end, the end of all."""
        data = segment.payload[:self.window]
        self._data += data
        self.has_ended = bool(segment.flags & TCPFlags.FIN) and len(data) == len(segment.payload)
        self.expected = (self.expected + len(data) + self.has_ended) % SEQUENCES

    def read(self, size: int) -> bytes:
        data = bytes(self._data[:size])
        del self._data[:size]
        return data

"""What a container has printed, as far as it is kept."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

STDOUT, STDERR = 1, 2
MOST_BYTES = 16 << 20
NOTICE = f"[older output is gone: the simulation keeps the last {MOST_BYTES >> 20} MiB of a container's]\n".encode()


@dataclass(frozen=True)
class LogLine:
    """A piece of output: when (nanoseconds), on which stream."""

    time: int
    stream: int
    data: bytes


class Log:
    """The newest pieces of output; ``count`` is the number of all that ever came."""

    def __init__(self) -> None:
        self._lines: deque[LogLine] = deque()
        self._size = 0
        self.count = 0

    def append(self, line: LogLine) -> None:
        self._lines.append(line)
        self._size += len(line.data)
        self.count += 1
        while self._size > MOST_BYTES:
            self._size -= len(self._lines.popleft().data)

    def since(self, position: int) -> list[LogLine]:
        """The pieces after the first ``position`` ones; a notice stands for those that are gone."""
        dropped = self.count - len(self._lines)
        kept = list(self._lines)[max(0, position - dropped):]
        return [LogLine(kept[0].time, STDERR, NOTICE), *kept] if position < dropped else kept

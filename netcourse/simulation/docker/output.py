"""What goes into a container's first process and comes out of it: input, terminal, log and listeners."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from netcourse.simulation.docker.timestamps import timestamp_text
from netcourse.simulation.linux.clock import Clock
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.terminal import Terminal

STDOUT, STDERR = 1, 2
LONGEST_ENTRY, MOST_BYTES = 16 << 10, 16 << 20
ENTRY_SIZE = 200
"""What it takes to keep an entry, besides its bytes."""
NOTICE = f"[older output is gone: the simulation keeps the last {MOST_BYTES >> 20} MiB of a container's]\n".encode()

_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
Listener = Callable[[int, bytes], None]


@dataclass(frozen=True)
class LogEntry:
    """Whole lines of output, with their newlines if they had them: when they ended (nanoseconds), on which stream."""

    time: int
    stream: int
    data: bytes

    @property
    def size_in_file(self) -> int:
        """Of the JSON that json-file writes for a line, in bytes."""
        text = json.dumps(self.data.decode(errors="replace"), ensure_ascii=False)
        stream = "stdout" if self.stream == STDOUT else "stderr"
        return len(f'{{"log":{text},"stream":"{stream}","time":"{timestamp_text(self.time)}"}}\n'.encode())

    def lines(self) -> list[LogEntry]:
        """One by one, and long ones in parts, as dockerd's copier reads them (moby daemon/logger/copier.go)."""
        return [LogEntry(self.time, self.stream, line[start:start + LONGEST_ENTRY])
                for line in _LINE.findall(self.data) for start in range(0, len(line), LONGEST_ENTRY)]


@dataclass(frozen=True)
class Rotation:
    """When a file of the log has ``size`` bytes the next one begins; ``files`` of them are kept."""

    size: int
    files: int


class Log:
    """The newest output, in pieces of whole lines; ``count`` is the number of all pieces that ever came."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.rotation: Rotation | None = None
        self._files: deque[int] = deque([0])
        self._file_size = 0
        self._open = {STDOUT: bytearray(), STDERR: bytearray()}
        self._entries: deque[LogEntry] = deque()
        self._size = 0
        self.count = 0

    def write(self, stream: int, data: bytes) -> None:
        begun = self._open[stream]
        begun += data
        end = begun.rfind(b"\n") + 1 or len(begun) // LONGEST_ENTRY * LONGEST_ENTRY
        if end:
            self._keep(stream, end)

    def finish(self) -> None:
        """Keep what was printed after the last newline."""
        for stream, begun in self._open.items():
            if begun:
                self._keep(stream, len(begun))

    def _keep(self, stream: int, size: int) -> None:
        begun = self._open[stream]
        entry = LogEntry(self._clock.now, stream, bytes(begun[:size]))
        del begun[:size]
        if self.rotation is not None:
            for line in entry.lines():
                self._keep_in_file(line, self.rotation)
            return
        self._entries.append(entry)
        self.count += 1
        self._size += size + ENTRY_SIZE
        while self._size > MOST_BYTES + ENTRY_SIZE:
            self._size -= len(self._entries.popleft().data) + ENTRY_SIZE

    def _keep_in_file(self, line: LogEntry, rotation: Rotation) -> None:
        """The oldest file goes with the lines in it (moby daemon/logger/loggerutils/logfile.go)."""
        if self._file_size >= rotation.size:
            self._files.append(0)
            self._file_size = 0
        while len(self._files) > rotation.files:
            for _ in range(self._files.popleft()):
                self._entries.popleft()
        self._entries.append(line)
        self.count += 1
        self._files[-1] += 1
        self._file_size += line.size_in_file

    def since(self, position: int) -> list[LogEntry]:
        """The pieces after the first ``position`` ones; a notice stands for those that are gone."""
        dropped = self.count - len(self._entries)
        kept = list(self._entries)[max(0, position - dropped):]
        if position < dropped and self.rotation is None:
            return [LogEntry(kept[0].time, STDERR, NOTICE), *kept]
        return kept


class Streams:
    """``log`` is None when nothing is to be kept (``--log-driver none``)."""

    def __init__(self, clock: Clock, *, has_log: bool) -> None:
        self.log = Log(clock) if has_log else None
        self.listeners: list[Listener] = []
        self.chunks = 0
        self._process: Process | None = None
        self._terminal: Terminal | None = None
        self._early = bytearray()
        self._ended_early = False

    def rotate(self, rotation: Rotation | None) -> None:
        if self.log is not None:
            self.log.rotation = rotation

    def connect(self, process: Process, *, keeps_input: bool, has_terminal: bool) -> None:
        """Have the streams of a process about to start; what a client has sent before is its first input."""
        self._process = process
        if has_terminal:
            self._terminal = Terminal(process, lambda data: self._show(STDOUT, data))
        else:
            process.stdout.listen(lambda data: self._show(STDOUT, data))
            process.stderr.listen(lambda data: self._show(STDERR, data))
        early, self._early = bytes(self._early), bytearray()
        if keeps_input and early:
            self.feed(early)
        if (self._terminal is None and not keeps_input) or self._ended_early:
            process.stdin.close()  # nobody types at a terminal without -i, but it is there to be read
        self._ended_early = False

    def disconnect(self) -> None:
        """The process has ended."""
        self._process = self._terminal = None
        if self.log is not None:
            self.log.finish()

    def _show(self, stream: int, data: bytes) -> None:
        self.chunks += 1
        if self.log is not None:
            self.log.write(stream, data)
        for listener in list(self.listeners):
            listener(stream, data)

    def feed(self, data: bytes) -> None:
        """A client's typing or input."""
        if self._process is None:
            self._early += data
        elif self._process.stdin.closed:
            return
        elif self._terminal is not None:
            self._terminal.type(data)
        else:
            self._process.stdin.write(data)

    def resize(self, rows: int, columns: int) -> None:
        """The screen of whoever is attached has another size."""
        if self._terminal is not None:
            self._terminal.resize(rows, columns)

    def end_input(self) -> None:
        if self._process is None:
            self._ended_early = True
        elif self._terminal is None:
            self._process.stdin.close()

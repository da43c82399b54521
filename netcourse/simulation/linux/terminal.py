"""A terminal's line discipline (termios(3)): echo, erase, Ctrl-C, Ctrl-D, and newlines with a carriage return."""

from __future__ import annotations

from collections.abc import Callable

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.signals import Signal

INTERRUPT, END, ERASE, BACKSPACE, TAB = 0x03, 0x04, 0x7F, 0x08, 0x09


class Terminal:
    """Between a process and somebody who types: ``show`` gets all that appears on the screen."""

    def __init__(self, process: Process, show: Callable[[bytes], None]) -> None:
        self._process, self._show = process, show
        self._line = bytearray()
        process.stdout.listen(self._print)
        process.stderr = process.stdout

    def _print(self, data: bytes) -> None:
        self._show(data.replace(b"\n", b"\r\n"))

    def type(self, data: bytes) -> None:
        for key in data:
            self._key(key)

    def _key(self, key: int) -> None:
        if key == INTERRUPT:
            self._line.clear()
            self._show(b"^C")
            self._process.signal(Signal.SIGINT)
        elif key == END and not self._line:
            self._process.stdin.close()
        elif key in (ERASE, BACKSPACE):
            if self._line:
                self._line.pop()
                self._show(b"\b \b")
        elif key in (0x0A, 0x0D):
            self._show(b"\r\n")
            line, self._line = bytes(self._line) + b"\n", bytearray()
            if not self._process.stdin.closed:
                self._process.stdin.write(line)
        elif key != END:
            self._line.append(key)
            # a control character shows as a letter behind ^ (ECHOCTL)
            self._show(bytes([key]) if key >= 0x20 or key == TAB else b"^%c" % (key + 0x40))

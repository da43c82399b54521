"""A terminal's line discipline (termios(3)): echo, erase, Ctrl-C, Ctrl-D, and newlines with a carriage return."""

from __future__ import annotations

from collections.abc import Callable

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.signals import Signal

END, BACKSPACE, TAB, ERASE_WORD, ERASE_LINE, ERASE = 0x04, 0x08, 0x09, 0x17, 0x15, 0x7F
RETURN, NEWLINE = 0x0D, 0x0A
SIGNALS = {0x03: Signal.SIGINT, 0x1C: Signal.SIGQUIT, 0x1A: Signal.SIGTSTP}
USUAL_ROWS, USUAL_COLUMNS = 24, 80


class Terminal:
    """Between the processes of a session and somebody who types: ``show`` gets all that appears on the screen.

    A line is kept until it is ended, so that it can be corrected; while ``is_raw`` a line editor gets each key itself,
    and shows what it likes. ``rows`` and ``columns`` are the size of the screen. ``interrupt`` is told which signal a
    key stands for: a shell decides which of its jobs is meant; without one, all processes are.
    """

    def __init__(self, leader: Process, show: Callable[[bytes], None]) -> None:
        self._show = show
        self.input, self.output = leader.stdin, leader.stdout
        self.interrupt: Callable[[Signal], None] = leader.signal_group
        self._line = bytearray()
        self.is_raw = False
        self.rows, self.columns = USUAL_ROWS, USUAL_COLUMNS
        leader.stdout.listen(lambda data: show(data.replace(b"\n", b"\r\n")))
        leader.stderr, leader.terminal = leader.stdout, self

    def resize(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows or USUAL_ROWS, columns or USUAL_COLUMNS

    def type(self, data: bytes) -> None:
        for key in data:
            if not self.input.closed:
                self._key(NEWLINE if key == RETURN else key)

    def _key(self, key: int) -> None:
        if self.is_raw:
            self.input.write(bytes([key]))
        elif key in SIGNALS:
            self._line.clear()
            self._echo(key)
            self.interrupt(SIGNALS[key])
        elif key == END:
            self._hand_over()
        elif key in (ERASE, BACKSPACE):
            self._erase(len(self._line[-1:]))
        elif key == ERASE_WORD:
            self._erase(len(self._line) - self._line.rstrip(b" ").rfind(b" ") - 1)
        elif key == ERASE_LINE:
            self._erase(len(self._line))
        else:
            self._line.append(key)
            self._echo(key)
            if key == NEWLINE:
                self._hand_over()

    def _echo(self, key: int) -> None:
        """A control character shows as a letter behind ^ (ECHOCTL)."""
        shown = b"\r\n" if key == NEWLINE else bytes([key]) if key >= 0x20 or key == TAB else b"^%c" % (key + 0x40)
        self._show(shown)

    def _erase(self, count: int) -> None:
        del self._line[len(self._line) - count:]
        self._show(b"\b \b" * count)

    def _hand_over(self) -> None:
        """Give the reader what there is; it takes nothing for the end of the file."""
        line, self._line = bytes(self._line), bytearray()
        if line:
            self.input.write(line)
        else:
            self.input.end_once()

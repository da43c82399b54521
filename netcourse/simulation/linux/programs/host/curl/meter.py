"""The progress meter that curl draws on standard error (curl lib/progress.c)."""

from __future__ import annotations

from netcourse.simulation.linux.clock import MILLISECOND, SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.host.curl.transfer import Progress
from netcourse.simulation.linux.tasks import Task

_HEADING = ("  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
            "                                 Dload  Upload   Total   Spent    Left  Speed\n")
_NO_TIME = "--:--:--"


class Meter:
    """A line that is drawn over itself: at the start, every second, and at the end."""

    def __init__(self, process: Process, progress: Progress, *, is_hidden: bool) -> None:
        self._process, self._progress, self._is_hidden = process, progress, is_hidden
        self._began = process.machine.clock.now
        self._ticking: Task[None] | None = None

    def start(self) -> None:
        if not self._is_hidden:
            self._write(_HEADING)
            self._draw()
            self._ticking = self._process.do(self._tick())

    def stop(self, *, has_begun: bool) -> None:
        """Draw the end, unless there was nobody to connect to."""
        if self._ticking is not None:
            self._ticking.cancel()
        if not self._is_hidden and has_begun:
            self._draw()
            self._write("\n")

    async def _tick(self) -> None:
        while True:
            await self._process.sleep(1.001)
            self._draw()

    def _draw(self) -> None:
        elapsed = self._process.machine.clock.now - self._began
        response = self._progress.response
        received, size = response.received, response.length
        speed = received * SECOND // max(elapsed, 1) if received else 0
        now = received * 1000 // max(elapsed // MILLISECOND, 1)
        percent = received * 100 // (size or received) if received else 0
        expected = size if size is not None else received
        spent = elapsed // SECOND
        total = expected // speed if size and speed else 0
        self._write(f"\r{percent:3} {_five(expected)}  {percent:3} {_five(received)}    0     0  {_five(speed)}      0 "
                    f"{_time(total)} {_time(spent)} {_time(total - spent)} {_five(now)}")

    def _write(self, text: str) -> None:
        self._process.stderr.write(text.encode())


def _five(number: int) -> str:
    """In five columns."""
    if number < 100_000:
        return f"{number:5}"
    if number < 10_000 * 1024:
        return f"{number // 1024:4}k"
    return f"{number // 1024**2:4}M"


def _time(seconds: int) -> str:
    if seconds <= 0:
        return _NO_TIME
    return f"{seconds // 3600:2}:{seconds // 60 % 60:02}:{seconds % 60:02}"

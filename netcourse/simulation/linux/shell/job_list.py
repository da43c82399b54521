"""The jobs of a shell: what goes on beside it, or has been stopped (jobs.c in a Unix shell; here busybox's ash)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from netcourse.simulation.linux.clock import MILLISECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.signals import NAMES, Signal
from netcourse.simulation.linux.tasks import Freezer, Future

STATE_COLUMN = 33
TELLING = 5 * MILLISECOND
DEATHS = {"TERM": "Terminated", "KILL": "Killed", "HUP": "Hangup", "INT": "Interrupt", "QUIT": "Quit",
          "USR1": "User defined signal 1", "USR2": "User defined signal 2", "SEGV": "Segmentation fault",
          "ALRM": "Alarm clock", "PIPE": "Broken pipe"}


@dataclass(eq=False)
class Job:
    """``text`` is the command; ``end`` has its exit code when it is over. Its processes stand still when it is stopped.

    ``number`` is 0 as long as it isn't in the list; ``stopped`` is fulfilled when it is stopped; ``told`` is the state
    that the user knows of; ``error`` is what a job in this very shell has ended with.
    """

    text: str
    shell_process: Process
    freezer: Freezer
    end: Future[int] = field(default_factory=Future)
    number: int = 0
    pid: int = 0
    killed_by: int = 0
    error: Exception | None = None
    stopped: Future[None] = field(default_factory=Future)
    told: str = "Running"
    is_waited_for: bool = False
    _ended: int = 0

    def __post_init__(self) -> None:
        self.end.when_done(self._note_time)

    def _note_time(self) -> None:
        self._ended = self.shell_process.machine.clock.now

    @property
    def is_old_news(self) -> bool:
        """Whether a shell can know of its end: word of it takes a moment (SIGCHLD)."""
        return self.shell_process.machine.clock.now > self._ended + TELLING

    @property
    def processes(self) -> list[Process]:
        return [child for child in self.shell_process.children if child.freezer is self.freezer]

    def follow(self, process: Process) -> None:
        """Be over when ``process`` is."""
        self.pid = process.pid
        process.exit.when_done(lambda: self._over(process))

    def _over(self, process: Process) -> None:
        self.killed_by = process.killed_by
        self.end.set(process.exit.result())

    @property
    def is_stopped(self) -> bool:
        return self.freezer.is_stopped and not self.end.done

    def stop(self) -> None:
        self.freezer.freeze()
        self.stopped.set(None)

    def go_on(self) -> None:
        self.stopped, self.told = Future(), "Running"
        self.freezer.thaw()

    @property
    def state(self) -> str:
        if not self.end.done:
            return "Stopped" if self.is_stopped else "Running"
        if self.killed_by:
            return DEATHS.get(NAMES.get(self.killed_by, ""), f"Signal {self.killed_by}")
        code = self.end.result()
        return f"Done({code})" if code else "Done"

    def signal(self, number: Signal | int) -> None:
        for process in self.processes:
            process.signal_group(number)


class JobList:
    """The current job first, then the one before it; stopped ones stand before those that run."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []
        self.last_pid = 0

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._jobs))

    def put(self, job: Job) -> None:
        """Into the list, or to its new place in it."""
        if job in self._jobs:
            self._jobs.remove(job)
        else:
            taken = {other.number for other in self._jobs}
            job.number = next(number for number in range(1, len(taken) + 2) if number not in taken)
        stopped = sum(other.is_stopped for other in self._jobs)
        self._jobs.insert(0 if job.is_stopped else stopped, job)

    def make_room(self) -> None:
        """Without job control the next job gets the number of one that has ended and was waited for."""
        over = [job for job in self._jobs if job.end.done and job.is_waited_for]
        if over:
            self._jobs.remove(min(over, key=lambda job: job.number))

    def remove(self, job: Job) -> None:
        if job in self._jobs:
            self._jobs.remove(job)

    def find(self, word: str) -> Job | None:
        """By ``%NUMBER``, ``%+``, ``%-``, ``%TEXT`` or the number of a process. Raises LookupError for several."""
        if not word.startswith("%"):
            return next((job for job in self._jobs if str(job.pid) == word), None)
        name = word[1:]
        if name in ("", "%", "+", "-"):
            return next(iter(self._jobs[1 if name == "-" else 0:]), None)
        if name.isdigit():
            return next((job for job in self._jobs if str(job.number) == name), None)
        found = [job for job in self._jobs if job.text.startswith(name)]
        if len(found) > 1:
            raise LookupError
        return found[0] if found else None

    def line(self, job: Job, *, with_text: bool = True, with_number: bool = False) -> str:
        """As ``jobs`` shows it; without job control it doesn't know the commands' texts."""
        place = self._jobs.index(job)
        sign = "+-"[place] if place < len("+-") else " "
        number = f"{job.pid} " if with_number else ""
        return f"{f'[{job.number}]{sign}  {number}{job.state}':<{STATE_COLUMN}}{job.text if with_text else ''}\n"

    def news(self) -> str:
        """Lines for what has stopped or ended since that was last told; what has ended leaves the list."""
        text = ""
        for job in self:
            if job.state not in ("Running", job.told) and (not job.end.done or job.is_old_news):
                text, job.told = text + self.line(job), job.state
        for job in self:
            if job.end.done and job.told == job.state:
                self.remove(job)
        return text

    def forget_ended(self) -> None:
        for job in self:
            if job.end.done:
                self.remove(job)

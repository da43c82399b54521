"""What the keys of a terminal do to a shell's jobs (Ctrl-C, Ctrl-Z, Ctrl-\\), and fg and bg."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from netcourse.simulation.linux.shell.job_list import Job
from netcourse.simulation.linux.shell.jobs import death
from netcourse.simulation.linux.shell.leaving import Interrupted
from netcourse.simulation.linux.signals import Signal
from netcourse.simulation.linux.tasks import Cancelled, Freezer, Future, Task

if TYPE_CHECKING:
    from netcourse.simulation.linux.shell.interpreter import Shell

STOPPED = 128 + Signal.SIGTSTP


class JobControl:
    """``shell`` is the one that somebody types at. At most one job is in the foreground: the keys are for that one."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._foreground: Job | None = None
        self._line: Task[int] | None = None
        self._tasks: set[Task[int]] = set()

    def close(self) -> None:
        """The shell ends, and nobody waits for its jobs any more.

        With the first shell of a terminal the session ends: what is stopped gets SIGHUP, and goes on (_exit(2)).
        """
        stopped = [job for job in self._shell.jobs if job.is_stopped and self._shell.process.parent is None]
        for job in stopped:
            job.signal(Signal.SIGHUP)
            job.go_on()
        for task in list(self._tasks):
            task.cancel()

    async def run_line(self, work: Coroutine[Future[Any], None, int]) -> None:
        """Do what was typed. Raises Interrupted when it is given up."""
        self._line = self._shell.process.do(work)
        try:
            await _end_of(self._line)
        finally:
            self._line = None

    async def carry_out(self, shell: Shell, text: str, work: Coroutine[Future[Any], None, int]) -> int:
        """Do ``work`` as a job in the foreground: its exit code, or that of a job that was stopped."""
        process = shell.process
        job = shell.job = Job(text, process, Freezer(within=process.freezer))
        task = process.do(work)
        self._tasks.add(task)
        task.when_done(lambda: _tell_end(task, job))
        task.when_done(lambda: self._tasks.discard(task))
        try:
            return await self._wait(job)
        except Cancelled:
            task.cancel()
            raise
        finally:
            shell.job = None

    async def _wait(self, job: Job) -> int:
        before, self._foreground = self._foreground, job
        over: Future[None] = Future()
        for future in (job.end, job.stopped):
            future.when_done(lambda: over.set(None))
        try:
            await over
        finally:
            self._foreground = before
        if job.is_stopped:
            self._shell.jobs.put(job)
            return STOPPED
        was_stopped = job.number > 0
        self._shell.jobs.remove(job)
        if job.error is not None:
            raise job.error
        if job.killed_by == Signal.SIGINT:
            self._shell.interrupted()
        if was_stopped:
            self._shell.process.stderr.write(death(job.killed_by))
        return job.end.result()

    def key(self, number: Signal) -> None:
        """The terminal's keys, while no line is being edited."""
        job = self._foreground
        processes = job.processes if job is not None else []
        if job is not None and processes and number == Signal.SIGTSTP:
            job.stop()
        elif job is not None and processes:
            job.signal(number)
        elif number == Signal.SIGINT and number in self._shell.process.signal_handlers:
            self._shell.process.signal(number)
        elif number == Signal.SIGINT and self._line is not None:
            self._line.cancel()

    async def to_foreground(self, job: Job) -> int:
        """fg."""
        job.go_on()
        return await self._wait(job)

    def to_background(self, job: Job) -> None:
        """bg."""
        job.go_on()
        self._shell.jobs.put(job)


def _tell_end(task: Task[int], job: Job) -> None:
    try:
        job.end.set(task.result())
    except Interrupted:
        job.killed_by = Signal.SIGINT
        job.end.set(128 + Signal.SIGINT)
    except Cancelled:
        job.end.set(128 + Signal.SIGKILL)
    except Exception as error:  # noqa: BLE001  # raised again where the job is waited for
        job.error = error
        job.end.set(1)


async def _end_of(task: Task[int]) -> int:
    """Its result; a line that was cancelled was interrupted. One who waits is cancelled together with it."""
    over: Future[None] = Future()
    task.when_done(lambda: over.set(None))
    try:
        await over
    except Cancelled:
        task.cancel()
        raise
    try:
        return task.result()
    except Cancelled:
        raise Interrupted from None

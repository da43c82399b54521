"""Coroutines on the virtual clock: a task runs one, a future is what it waits for.

Written for the simulation alone: no threads, no real time, and the same order in every run.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

from netcourse.simulation.linux.clock import SECOND, Clock, Timer

Result = TypeVar("Result")


class Cancelled(BaseException):
    """Thrown into a coroutine whose task is cancelled: a process that is killed, above all."""


class Future(Generic[Result]):
    """A result that will be there later; ``await`` it in a coroutine that a Task runs."""

    passes_with_time = False
    """Whether the clock alone can fulfil it, so that it is worth letting time run."""

    def __init__(self) -> None:
        self.done = False
        self._value: Result | None = None
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[], None]] = []

    def set(self, value: Result) -> None:
        """Give the result; only the first one counts."""
        self._finish(value, None)

    def fail(self, error: BaseException) -> None:
        """Have ``error`` raised where the future is awaited."""
        self._finish(None, error)

    def _finish(self, value: Result | None, error: BaseException | None) -> None:
        if self.done:
            return
        self.done, self._value, self._error = True, value, error
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def when_done(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called when the result is there (at once if it is)."""
        if self.done:
            callback()
        else:
            self._callbacks.append(callback)

    def result(self) -> Result:
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # None is a Result where Result is None

    def __await__(self) -> Generator[Future[Any], None, Result]:
        if not self.done:
            yield self
        return self.result()


class Freezer:
    """Tasks that are stopped and go on together, as the kernel's freezer does with the processes of a cgroup (v2).

    What is in a freezer ``within`` another stands still with that one too.
    """

    def __init__(self, within: Freezer | None = None) -> None:
        self.is_stopped = False
        self._within = within
        self._waiting: list[Callable[[], None]] = []

    @property
    def is_job(self) -> bool:
        return self._within is not None

    @property
    def frozen(self) -> bool:
        return self.is_stopped or (self._within is not None and self._within.frozen)

    def freeze(self) -> None:
        self.is_stopped = True

    def thaw(self) -> None:
        """Do all that has waited."""
        self.is_stopped = False
        waiting, self._waiting = self._waiting, []
        for action in waiting:
            action()

    def when_thawed(self, action: Callable[[], None]) -> None:
        """Do something now, or when it is no longer frozen."""
        if self.is_stopped:
            self._waiting.append(action)
        elif self._within is not None and self._within.frozen:
            self._within.when_thawed(lambda: self.when_thawed(action))
        else:
            action()


class Task(Future[Result]):
    """A coroutine at work, as long as its ``freezer`` lets it. Awaiting it waits for its end and gives its result."""

    def __init__(self, clock: Clock, coroutine: Coroutine[Future[Any], None, Result],
                 freezer: Freezer | None = None) -> None:
        super().__init__()
        self._clock = clock
        self._freezer = freezer or Freezer()
        self._coroutine = coroutine
        self._awaiting: Future[Any] | None = None
        self._pending = clock.call_soon(self._resume)

    @property
    def awaiting(self) -> Future[Any] | None:
        """What the coroutine waits for at this moment."""
        return self._awaiting

    def cancel(self) -> None:
        """End the coroutine where it waits; its ``finally`` blocks run."""
        if self.done:
            return
        self._pending.cancel()
        try:
            self._coroutine.throw(Cancelled())
        except (StopIteration, Cancelled) as end:
            if not self.done:
                self.fail(end if isinstance(end, Cancelled) else Cancelled())
            return
        self._coroutine.close()
        self.fail(Cancelled())

    def _resume(self) -> None:
        self._freezer.when_thawed(self._go_on)

    def _go_on(self) -> None:
        if not self.done:
            self._advance(lambda: self._coroutine.send(None))

    def _advance(self, step: Callable[[], Future[Any]]) -> None:
        self._awaiting = None
        try:
            future = step()
        except StopIteration as stop:
            self.set(stop.value)
        except (Exception, Cancelled) as error:  # noqa: BLE001  # raised again where the task is awaited
            self.fail(error)
        else:
            self._awaiting = future
            future.when_done(lambda: self._wake(future))

    def _wake(self, future: Future[Any]) -> None:
        if self._awaiting is future and not self.done:
            self._pending = self._clock.call_soon(self._resume)


class Sleep(Future[None]):
    """A future that the clock itself fulfils; ``until`` tells when (nanoseconds since the epoch)."""

    passes_with_time = True

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self.until = clock.now + round(seconds * SECOND)
        self._timer: Timer = clock.call_at(self.until, lambda: self.set(None))


class Deadline(Future[None]):
    """Done when ``future`` is or when the time is up, whichever comes first; ``until`` tells when that is."""

    passes_with_time = True

    def __init__(self, clock: Clock, future: Future[Any], seconds: float) -> None:
        super().__init__()
        self.until = clock.now + round(seconds * SECOND)
        timer = clock.call_at(self.until, lambda: self.set(None))
        future.when_done(timer.cancel)
        future.when_done(lambda: self.set(None))


async def sleep(clock: Clock, seconds: float) -> None:
    """Wait for ``seconds`` of virtual time."""
    await Sleep(clock, seconds)


async def wait_for(clock: Clock, future: Future[Result], seconds: float | None) -> Result:
    """Await ``future`` for at most ``seconds`` of virtual time (None: for ever).

    Raises TimeoutError when the time is up; the future itself goes on.
    """
    if seconds is not None and not future.done:
        await Deadline(clock, future, seconds)
        if not future.done:
            raise TimeoutError
    return await future

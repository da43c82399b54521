"""Virtual time: what is due happens in order, and waiting costs nothing."""

import pytest

from netcourse.simulation.linux.clock import SECOND, Clock
from netcourse.simulation.linux.pipes import Pipe
from netcourse.simulation.linux.tasks import Cancelled, Future, Task, sleep, wait_for


def test_things_due_at_one_moment_happen_in_the_order_they_were_asked_for() -> None:
    clock, seen = Clock(), []
    clock.call_at(5, lambda: seen.append("first"))
    clock.call_at(5, lambda: seen.append("second"))
    clock.call_at(3, lambda: seen.append("earlier"))

    clock.run_until(10)

    assert seen == ["earlier", "first", "second"]
    assert clock.now == 10


def test_a_cancelled_timer_does_nothing() -> None:
    clock, seen = Clock(), []
    clock.call_at(5, lambda: seen.append("cancelled")).cancel()

    assert clock.step() is False
    assert seen == []


def test_an_hour_of_sleep_is_over_at_once() -> None:
    clock = Clock()
    task = Task(clock, sleep(clock, 3600))

    clock.run_while(lambda: not task.done)

    assert clock.now == 3600 * SECOND


def test_waiting_gives_up_when_the_time_is_up() -> None:
    clock = Clock()
    never: Future[int] = Future()
    task = Task(clock, wait_for(clock, never, 2))

    clock.run_while(lambda: not task.done)

    with pytest.raises(TimeoutError):
        task.result()
    assert clock.now == 2 * SECOND


def test_a_cancelled_task_cleans_up_where_it_waited() -> None:
    clock, cleaned = Clock(), []

    async def careful() -> None:
        try:
            await sleep(clock, 10)
        finally:
            cleaned.append("yes")

    task = Task(clock, careful())
    clock.run_until(SECOND)
    task.cancel()

    assert cleaned == ["yes"]
    with pytest.raises(Cancelled):
        task.result()


def test_a_pipe_gives_lines_as_they_are_completed_and_the_rest_at_the_end() -> None:
    clock, pipe = Clock(), Pipe()

    async def reader() -> list[bytes]:
        return [await pipe.readline(), await pipe.readline(), await pipe.readline()]

    task = Task(clock, reader())
    pipe.write(b"one\ntw")
    clock.run_until(1)
    pipe.write(b"o")
    pipe.close()
    clock.run_until(2)

    assert task.result() == [b"one\n", b"two", b""]

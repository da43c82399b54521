"""Programs that would go on for ever, fill everything or multiply: they end, or hinder nobody."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from netcourse.journey import Recorder
from netcourse.simulation.docker.output import MOST_BYTES, NOTICE, STDOUT, Log
from netcourse.simulation.linux.clock import SECOND, Clock
from netcourse.simulation.linux.files import FileSystem
from netcourse.simulation.linux.image import Image
from netcourse.simulation.linux.machine import Machine
from netcourse.simulation.linux.process import MOST_PROCESSES, PidNamespace, Process
from netcourse.simulation.linux.programs.busybox import PROGRAMS

Run = Callable[[str], tuple[str, int]]


@pytest.fixture
def machine() -> Machine:
    return Machine("machine", Clock(), random.Random(0), Recorder())


@pytest.fixture
def files() -> FileSystem:
    return FileSystem(Image({}, {f"/bin/{name}": program for name, program in PROGRAMS.items()}), Clock())


def shell(machine: Machine, files: FileSystem, script: str) -> tuple[Process, bytearray]:
    process = machine.spawn(["sh", "-c", script], namespace=machine.root, files=files, pids=PidNamespace())
    printed = bytearray()
    process.stdout.listen(printed.extend)
    process.stderr.listen(printed.extend)
    process.stdin.close()
    process.start()
    return process, printed


@pytest.fixture
def run(machine: Machine, files: FileSystem) -> Run:
    """Run a script to its end; what it printed, and its exit code."""

    def run(script: str) -> tuple[str, int]:
        process, printed = shell(machine, files, script)
        machine.clock.run_while(lambda: not process.exit.done)
        return printed.decode(), process.exit.result()

    return run


def test_a_writer_ends_with_its_reader(run: Run) -> None:
    assert run("yes | head -1") == ("y\n", 0)


def test_a_writer_without_a_reader_dies_of_sigpipe(run: Run) -> None:
    assert run("{ yes; echo ended $? >&2; } | head -1") == ("y\nended 141\n", 0)


def test_a_loop_ends_with_its_reader(run: Run) -> None:
    assert run("while true; do echo again; done | head -2") == ("again\nagain\n", 0)


def test_more_than_a_pipe_holds_goes_through_it(run: Run) -> None:
    assert run("seq 100000 | cat | tail -1; echo $(seq 100000) | wc -w") == ("100000\n100000\n", 0)


def test_who_collects_without_end_runs_out_of_memory(run: Run) -> None:
    assert run("yes | sort") == ("sort: out of memory: a simulated program holds at most 16 MiB\n", 1)
    assert run("echo $(yes)") == ("sh: line 0: out of memory: a simulated program holds at most 16 MiB\n", 2)


def test_a_script_nested_too_deeply_is_refused(run: Run) -> None:
    assert run("(" * 5000 + "true" + ")" * 5000) == ("sh: line 0: nested too deeply for the simulation\n", 2)


def test_a_full_disk_takes_nothing_more(run: Run) -> None:
    assert run("yes > /tmp/file; echo $?") == ("yes: : No space left on device\n1\n", 0)


def test_an_endless_loop_takes_time_and_ends_when_killed(machine: Machine, files: FileSystem) -> None:
    process, _ = shell(machine, files, "while true; do :; done")

    machine.clock.run_until(SECOND)
    assert not process.exit.done

    process.kill()
    assert process.exit.result() == 137


def test_processes_of_one_container_never_share_a_number(machine: Machine, files: FileSystem) -> None:
    process, _ = shell(machine, files, "sh -c 'sleep 5 & sleep 5; true' & sleep 5 & sleep 5; true")

    machine.clock.run_until(SECOND)

    assert len({mate.pid for mate in process.pids.members}) == len(process.pids.members) == 6


def test_processes_cannot_multiply_without_end(machine: Machine, files: FileSystem) -> None:
    process, printed = shell(machine, files, "for n in $(seq 300); do sleep 9 & done; wait")

    machine.clock.run_until(SECOND)

    assert process.exit.result() == 2
    assert len(process.pids.members) == MOST_PROCESSES - 1
    assert b"sh: line 0: can't fork: Resource temporarily unavailable\n" in printed


def test_the_oldest_output_of_a_container_is_dropped_and_that_is_said() -> None:
    log = Log(Clock())

    log.write(STDOUT, b"old\n")
    log.write(STDOUT, bytes(MOST_BYTES))

    assert log.since(0)[0].data == NOTICE
    assert b"".join(entry.data for entry in log.since(1)) == bytes(MOST_BYTES)


def test_what_busybox_has_and_the_simulation_has_not_says_so(run: Run) -> None:
    assert run("awk") == ("awk: not simulated by netcourse\n", 127)


def test_what_busybox_has_not_is_not_found(run: Run) -> None:
    assert run("nothing") == ("sh: line 0: nothing: not found\n", 127)

"""What the shell does about processes and signals: wait, kill, trap, jobs (POSIX, sections 2.9.3 and 2.14)."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.shell.leaving import Exit
from netcourse.simulation.linux.shell.redirection import Streams
from netcourse.simulation.linux.shell.traps import signal_name
from netcourse.simulation.linux.signals import NAMES
from netcourse.simulation.linux.tasks import Future

if TYPE_CHECKING:
    from netcourse.simulation.linux.shell.interpreter import Shell

NOT_FOUND, STOPPED_BY_SIGNAL = 127, 128
_DEATHS = {"TERM": "Terminated", "KILL": "Killed", "HUP": "Hangup", "INT": "", "PIPE": "",
           "USR1": "User defined signal 1", "USR2": "User defined signal 2", "QUIT": "Quit",
           "SEGV": "Segmentation fault", "ALRM": "Alarm clock"}


async def wait(shell: Shell, words: list[str], streams: Streams) -> int:
    """A signal that a trap is set for ends the waiting (POSIX, section 2.12)."""
    if len(words) == 1:
        for job in list(shell.jobs):
            if await _wait_for(shell, job) is None:
                return STOPPED_BY_SIGNAL
        return 0
    code = 0
    for word in words[1:]:
        wanted = _job(shell, word)
        if wanted is None:
            code = NOT_FOUND
            continue
        ended = await _wait_for(shell, wanted)
        if ended is None:
            return STOPPED_BY_SIGNAL
        code = ended
        tell_death(wanted, streams)
    return code


def tell_death(process: Process, streams: Streams) -> None:
    """A process that a signal has ended is told of, where its end isn't what one expects of the signal."""
    death = _DEATHS.get(NAMES.get(process.killed_by, ""), "")
    streams.stderr.write(f"{death}\n".encode() if death else b"")


def _job(shell: Shell, word: str) -> Process | None:
    """By the number of its process, or ``%`` and its own."""
    if not word.startswith("%"):
        return next((job for job in shell.jobs if str(job.pid) == word), None)
    place = int(word[1:]) if word[1:].isdigit() else 0
    return shell.jobs[place - 1] if 0 < place <= len(shell.jobs) else None


async def _wait_for(shell: Shell, job: Process) -> int | None:
    """None when a signal came first."""
    either: Future[None] = Future()
    came = shell.traps.came
    job.exit.when_done(lambda: either.set(None))
    came.when_done(lambda: either.set(None))
    await either
    return job.exit.result() if job.exit.done else None


async def kill(shell: Shell, words: list[str], streams: Streams) -> int:
    """``kill [-SIGNAL | -s SIGNAL] PID...`` and ``kill -l``."""
    rest = words[1:]
    if rest[:1] == ["-l"]:
        return _list_signals(shell, rest[1:], streams)
    name, rest = _signal(shell, rest, streams)
    if not name:
        return 1
    if not rest:
        return _say(shell, streams, "you need to specify whom to kill")
    return max([_send(shell, name, word, streams) for word in rest])


def _list_signals(shell: Shell, wanted: list[str], streams: Streams) -> int:
    """All of them; or the name of each number, the exit code of who died of it too, and the number of each name."""
    if not wanted:
        streams.stdout.write("".join(f"{number:2}) {name}\n" for number, name in NAMES.items()).encode())
        return 0
    code = 0
    for word in wanted:
        number = int(word) if word.isdigit() else next((n for n, name in NAMES.items() if name == signal_name(word)), 0)
        name = NAMES.get(number & 0x7F, "")
        if not name:
            code = _say(shell, streams, f"unknown signal '{word}'")
            continue
        streams.stdout.write(f"{name if word.isdigit() else number}\n".encode())
    return code


def _signal(shell: Shell, rest: list[str], streams: Streams) -> tuple[str, list[str]]:
    """The signal's name and the words after it; "0" asks only whether the process is there."""
    if not rest or not rest[0].startswith("-") or rest[0] == "--":
        return "TERM", rest[1:] if rest[:1] == ["--"] else rest
    text, rest = (rest[1], rest[2:]) if rest[0] == "-s" and len(rest) > 1 else (rest[0][1:], rest[1:])
    name = "0" if text == "0" else signal_name(text)
    if not name:
        _say(shell, streams, f"bad signal name '{text}'")
    return name, rest


def _send(shell: Shell, name: str, word: str, streams: Streams) -> int:
    number = next((number for number, known in NAMES.items() if known == name), 0)
    if word.startswith("%"):
        process = _job(shell, word)
        if process is None:
            return _say(shell, streams, f"{word}: no such job", builtin="kill")
    elif not word.lstrip("-").isdigit():
        return _say(shell, streams, f"invalid number '{word}'")
    else:
        process = next((other for other in shell.process.pids.members if other.pid == int(word)), None)
    if process is None or process.exit.done:
        return _say(shell, streams, f"can't kill pid {word}: {os.strerror(errno.ESRCH)}")
    if number and process is shell.process and number not in process.signal_handlers and not process.is_init:
        raise Exit(STOPPED_BY_SIGNAL + number)
    if number:
        process.signal(number)
    return 0


def _say(shell: Shell, streams: Streams, text: str, *, builtin: str = "") -> int:
    start = f"{shell.process.arguments[0]}: " + (f"{builtin}: line 0: " if builtin else "")
    streams.stderr.write(f"{start}{text}\n".encode())
    return 1


async def trap(shell: Shell, words: list[str], streams: Streams) -> int:
    """``trap ACTION SIGNAL...``; ``trap - SIGNAL...`` takes it back; alone it lists."""
    rest = [word for word in words[1:] if word != "--"]
    if not rest:
        for name, action in sorted(shell.traps.actions.items(), key=lambda item: item[0] != "EXIT"):
            written = action.replace("'", "'\\''")
            streams.stdout.write(f"trap -- '{written}' {name}\n".encode())
        return 0
    action, names = ("-", rest) if len(rest) == 1 else (rest[0], rest[1:])
    for word in names:
        name = signal_name(word)
        if not name:
            return shell.complain(streams, f"{word}: invalid signal specification", 1, builtin="trap")
        if action == "-":
            shell.traps.reset(shell.process, name)
        else:
            shell.traps.set(shell.process, name, action)
    return 0


async def jobs(shell: Shell, words: list[str], streams: Streams) -> int:
    """Without job control there is one line for each that still runs."""
    for place, job in enumerate(shell.jobs, 1):
        if not job.exit.done:
            sign = "+" if job is shell.jobs[-1] else "-" if len(shell.jobs) > 1 and job is shell.jobs[-2] else " "
            streams.stdout.write(f"[{place}]{sign}  Running                    \n".encode())
    return 0

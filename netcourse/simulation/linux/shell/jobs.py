"""What the shell does about processes and signals: wait, kill, trap, jobs (POSIX, sections 2.9.3 and 2.14)."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from netcourse.simulation.linux.shell.job_list import DEATHS, Job
from netcourse.simulation.linux.shell.leaving import Exit
from netcourse.simulation.linux.shell.redirection import Streams
from netcourse.simulation.linux.shell.traps import signal_name
from netcourse.simulation.linux.shell.variables import quoted
from netcourse.simulation.linux.signals import NAMES, Signal
from netcourse.simulation.linux.tasks import Future

if TYPE_CHECKING:
    from netcourse.simulation.linux.shell.interpreter import Shell

NOT_FOUND, STOPPED_BY_SIGNAL = 127, 128
EXPECTED = {"INT", "PIPE"}
CURRENT = "%"
MISSING = dict.fromkeys((CURRENT, "%%", "%+"), "No current job") | {"%-": "No previous job"}


async def wait(shell: Shell, words: list[str], streams: Streams) -> int:
    """A signal that a trap is set for ends the waiting (POSIX, section 2.12)."""
    if len(words) == 1:
        for job in shell.jobs:
            if await _wait_for(shell, job) is None:
                return STOPPED_BY_SIGNAL
        return 0
    code = 0
    for word in words[1:]:
        wanted = _job(shell, word, streams, "wait") if word.startswith("%") else shell.jobs.find(word)
        if wanted is None:
            code = 2 if word.startswith("%") else NOT_FOUND
            continue
        ended = await _wait_for(shell, wanted)
        if ended is None:
            return STOPPED_BY_SIGNAL
        code = ended
        if shell.control is None:
            streams.stderr.write(death(wanted.killed_by))
    return code


def death(number: int) -> bytes:
    """What is said of a process that signal ``number`` has ended, where its end isn't what one expects of it."""
    name = NAMES.get(number, "")
    return f"{DEATHS[name]}\n".encode() if name in DEATHS and name not in EXPECTED else b""


def _job(shell: Shell, word: str, streams: Streams, builtin: str) -> Job | None:
    """By the number of its process, or ``%`` and its own. A job that isn't there is complained about."""
    try:
        found = shell.jobs.find(word)
    except LookupError:
        shell.complain(streams, f"{word}: ambiguous", 2, builtin=builtin)
        return None
    if found is None:
        shell.complain(streams, MISSING.get(word, f"{word}: no such job"), 2, builtin=builtin)
    return found


async def _wait_for(shell: Shell, job: Job) -> int | None:
    """None when a signal came first."""
    either: Future[None] = Future()
    came = shell.traps.came
    job.is_waited_for = True
    job.end.when_done(lambda: either.set(None))
    came.when_done(lambda: either.set(None))
    await either
    return job.end.result() if job.end.done else None


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
        job = _job(shell, word, streams, "kill")
        if job is None:
            return 2
        if number:
            job.signal(number)
        return 0
    if not word.lstrip("-").isdigit():
        return _say(shell, streams, f"invalid number '{word}'")
    process = next((other for other in shell.process.pids.members if other.pid == int(word)), None)
    if process is None or process.exit.done:
        return _say(shell, streams, f"can't kill pid {word}: {os.strerror(errno.ESRCH)}")
    if number in (Signal.SIGSTOP, Signal.SIGCONT):
        return 0 if process.is_init else _halt(shell, word, number, streams)
    is_deadly = number == Signal.SIGKILL or number not in process.signal_handlers
    if number and process is shell.process and is_deadly and not process.is_init:
        process.killed_by = number
        raise Exit(STOPPED_BY_SIGNAL + number)
    if number and not (process.is_init and number == Signal.SIGKILL):
        process.signal(number)
    return 0


def _halt(shell: Shell, word: str, number: int, streams: Streams) -> int:
    """A job of this shell can be made to stand still."""
    job = shell.jobs.find(word)
    if job is not None and number == Signal.SIGSTOP:
        job.stop()
    elif job is not None:
        job.go_on()
    elif number == Signal.SIGSTOP:
        return _say(shell, streams, "to stop what is no job of this shell is not simulated by netcourse")
    return 0


def _say(shell: Shell, streams: Streams, text: str) -> int:
    streams.stderr.write(f"{shell.process.arguments[0]}: {text}\n".encode())
    return 1


async def trap(shell: Shell, words: list[str], streams: Streams) -> int:
    """``trap ACTION SIGNAL...``; ``trap - SIGNAL...`` takes it back; alone it lists."""
    rest = [word for word in words[1:] if word != "--"]
    if not rest:
        for name, action in sorted(shell.traps.actions.items(), key=lambda item: item[0] != "EXIT"):
            streams.stdout.write(f"trap -- {quoted(action)} {name}\n".encode())
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
    """``jobs [-l | -p] [%JOB...]``: a line for each, with the number of its process or with nothing else."""
    letters = "".join(word[1:] for word in words[1:] if word.startswith("-"))
    wanted = [word for word in words[1:] if not word.startswith("-")]
    wrong = letters.strip("lp")[:1]
    if wrong:
        return shell.complain(streams, f"illegal option -{wrong}", 2, builtin="jobs")
    chosen = [_job(shell, word, streams, "jobs") for word in wanted] if wanted else list(shell.jobs)
    for job in chosen:
        if job is not None:
            line = shell.jobs.line(job, with_text=shell.control is not None, with_number="l" in letters)
            streams.stdout.write((f"{job.pid}\n" if "p" in letters else line).encode())
    shell.jobs.forget_ended()
    return 2 if None in chosen else 0


async def continue_job(shell: Shell, words: list[str], streams: Streams) -> int:
    """``fg [JOB]`` and ``bg [JOB...]``: go on with what was stopped, waiting for it or not."""
    code = 0
    for word in words[1:] or [CURRENT]:
        job = _job(shell, word, streams, words[0])
        if job is None:
            return 2
        if shell.control is None:
            named = word if words[1:] else "(null)"
            return shell.complain(streams, f"job {named} not created under job control", 2, builtin=words[0])
        if words[0] == "bg":
            streams.stdout.write(f"[{job.number}] {job.text}\n".encode())
            shell.control.to_background(job)
        else:
            streams.stdout.write(f"{job.text}\n".encode())
            code = await shell.control.to_foreground(job)
    return code


async def history(shell: Shell, words: list[str], streams: Streams) -> int:
    """The lines that were typed (show_history in busybox's libbb/lineedit.c)."""
    streams.stdout.write("".join(f"{number:4} {line}\n" for number, line in enumerate(shell.history)).encode())
    return 0

"""busybox programs that start another one: env, time, timeout, xargs (env.c, time.c, timeout.c, xargs.c)."""

from __future__ import annotations

import re

from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import (
    Complaint,
    complaining,
    duration,
    number,
    option_list,
    options,
    refuse,
    usage,
)
from netcourse.simulation.linux.programs.busybox.starting import CannotStart, start
from netcourse.simulation.linux.signals import NAMES
from netcourse.simulation.linux.tasks import wait_for

MOST_WORDS = 4096
FAILED = 123


async def _run(process: Process, words: list[str], environment: dict[str, str] | None = None, *,
               told: str = "can't execute '{}': {}") -> int:
    """The exit code. Raises Complaint where the program can't be started."""
    try:
        child = start(process, words, environment)
    except CannotStart as error:
        raise Complaint(f"{process.arguments[0]}: {told.format(words[0], error)}", error.code) from None
    child.start()
    return await child.exit


@complaining
async def env(process: Process) -> int:
    found, words = option_list(process, "iu:0", "ignore-environment=i", "unset=u", "null=0", in_order=True)
    given = dict(found)
    if words[:1] == ["-"]:
        given["i"], words = "", words[1:]
    environment = {} if "i" in given else dict(process.environment)
    for letter, value in found:
        if letter == "u":
            environment.pop(value, None)
    while words and "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environment[name] = value
    if words:
        return await _run(process, words, environment)
    for name, value in environment.items():
        process.write(f"{name}={value}" + ("\0" if "0" in given else "\n"))
    return 0


@complaining
async def timeout(process: Process) -> int:
    """The program gets a signal when its time is up; the exit code is its own."""
    given, words = options(process, "s:k:", in_order=True)
    refuse(process, given, "k")
    if len(words) < 2:
        raise usage("timeout")
    signal = given.get("s", "TERM")
    numbers = {name: number for number, name in NAMES.items()}
    wanted = int(signal) if signal.isdigit() else numbers.get(signal.upper().removeprefix("SIG"), 0)
    if not wanted:
        raise Complaint(f"timeout: unknown signal '{signal}'")
    seconds = duration(process, words[0])
    try:
        child = start(process, words[1:])
    except CannotStart as error:
        raise Complaint(f"timeout: can't execute '{words[1]}': {error}", error.code) from None
    child.start()
    try:
        return await wait_for(process.machine.clock, child.exit, seconds)
    except TimeoutError:
        child.signal(wanted)
    code = await child.exit
    process.killed_by = child.killed_by
    return code


@complaining
async def time(process: Process) -> int:
    """How long a program takes, on the simulation's clock; it takes no time of the processor."""
    given, words = options(process, "vpf:o:a", in_order=True)
    refuse(process, given, "vfoa")
    if not words:
        raise usage("time")
    began, killed_by = process.machine.clock.now, 0
    try:
        child = start(process, words)
        child.start()
        code = await child.exit
        killed_by = child.killed_by
    except CannotStart as error:
        process.complain(f"time: can't execute '{words[0]}': {error}")
        code = error.code
    if code:
        process.complain(f"Command terminated by signal {killed_by}" if killed_by else
                         f"Command exited with non-zero status {code}")
    seconds = (process.machine.clock.now - began) / SECOND
    for name, spent in (("real", seconds), ("user", 0.0), ("sys", 0.0)):
        process.complain(f"{name} {spent:.2f}" if "p" in given else f"{name}\t{_clock_face(spent)}")
    return killed_by or code


def _clock_face(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes >= 60:
        return f"{minutes // 60}h {minutes % 60}m {int(seconds % 60):02}s"
    return f"{minutes}m {seconds % 60:.2f}s"


@complaining
async def xargs(process: Process) -> int:
    given, words = options(process, "n:s:E:e0rtI:P:px", in_order=True)
    refuse(process, given, "sEePpx")
    words = words or ["echo"]
    text = (await process.stdin.read_all()).decode(errors="replace")
    items = _items(text, given)
    if "I" in given:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        commands = [[word.replace(given["I"], line) for word in words] for line in lines]
    else:
        most = number(process, given["n"], 1, 2**31 - 1) if "n" in given else MOST_WORDS
        commands = [words + items[at:at + most] for at in range(0, len(items), most)]
        commands = commands or ([] if "r" in given else [words])
    code = 0
    for command in commands:
        if "t" in given:
            process.complain(" ".join(command))
        ended = await _run(process, command, told="{}: {}")
        code = FAILED if ended else code
    return code


def _items(text: str, given: dict[str, str]) -> list[str]:
    """Words, in quotes where they hold blanks; or what stands between zero bytes."""
    if "0" in given:
        return [item for item in text.split("\0") if item]
    found = re.findall(r"(?:\\.|\"[^\"]*\"|'[^']*'|[^\s\"'\\])+", text, re.DOTALL)
    return [re.sub(r"\\(.)|\"([^\"]*)\"|'([^']*)'", lambda m: m[1] or m[2] or m[3] or "", item) for item in found]

"""busybox programs that use a terminal as one: top, clear, reset, tty, stty."""

from __future__ import annotations

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.identity import user_name
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, duration, number, options
from netcourse.simulation.linux.programs.busybox.processes import family
from netcourse.simulation.linux.tasks import wait_for

HOME, CLEAR_LINE, CLEAR_BELOW, INVERSE, NORMAL = "\x1b[H", "\x1b[K", "\x1b[J", "\x1b[7m", "\x1b[m"
LEAVING = ("q", "\x03", "")
MOST_ROUNDS = 2**32 - 1
NO_TERMINAL = "standard input: Inappropriate ioctl for device"


@complaining
async def top(process: Process) -> int:
    """``top [-b] [-n TIMES] [-d SECONDS]``: q or Ctrl-C ends it, any other key shows the newest state."""
    given, _ = options(process, "bn:d:")
    is_screen = "b" not in given
    left, pause = number(process, given.get("n", "0"), 0, MOST_ROUNDS), duration(process, given.get("d", "5"))
    terminal = process.terminal if is_screen and process.reads_terminal else None
    if terminal is not None:
        terminal.is_raw = True
    try:
        while True:
            _show(process, is_screen=is_screen)
            left -= 1
            if left == 0 or await _key(process, pause, reads=is_screen) in LEAVING:
                return 0
    finally:
        if terminal is not None:
            terminal.is_raw = False
        if is_screen:
            process.write("\n")


def _show(process: Process, *, is_screen: bool) -> None:
    lines = ["Mem: 1024000K used, 3072000K free, 0K shrd, 0K buff, 512000K cached",
             "CPU:   0% usr   0% sys   0% nic 100% idle   0% io   0% irq   0% sirq",
             f"Load average: 0.00 0.00 0.00 1/{len(process.machine.processes)} {process.pid}"]
    title = "  PID  PPID USER     STAT   RSS %RSS %CPU COMMAND"
    rows = [_row(process, other) for other in family(process)]
    if is_screen:
        body = f"{CLEAR_LINE}\n".join([*lines, f"{INVERSE}{title}{NORMAL}", *rows])
        process.write(f"{HOME}{body}{CLEAR_LINE}{CLEAR_BELOW}\r")
    else:
        process.write("".join(f"{line}\n" for line in [*lines, title, *rows]))


def _row(process: Process, other: Process) -> str:
    parent = other.parent.pid if other.parent is not None else 0
    state = "R" if other is process else "S"
    return (f"{other.pid:5d} {parent:5d} {user_name(other):8.8} {state:<4}   1440   0%   0% "
            f"{' '.join(other.arguments)}")


async def _key(process: Process, seconds: float, *, reads: bool) -> str:
    """The next key; a space when the time is up."""
    if not reads:
        await process.sleep(seconds)
        return " "
    reading = process.do(process.stdin.read(1))
    try:
        return (await wait_for(process.machine.clock, reading, seconds)).decode("latin-1")
    except TimeoutError:
        return " "
    finally:
        reading.cancel()


async def clear(process: Process) -> int:
    process.write(f"{HOME}{CLEAR_BELOW}")
    return 0


async def reset(process: Process) -> int:
    if process.prints_on_terminal:
        process.write("\x1bc\x1b(B\x1b[m\x1b[J\x1b[?25h")
    return 0


@complaining
async def tty(process: Process) -> int:
    given, _ = options(process, "s")
    if "s" not in given:
        process.write("/dev/pts/0\n" if process.reads_terminal else "not a tty\n")
    return int(not process.reads_terminal)


@complaining
async def stty(process: Process) -> int:
    """``stty size``; the terminal's other settings are what they are."""
    if not process.reads_terminal or process.terminal is None:
        raise Complaint(f"stty: {NO_TERMINAL}")
    words = process.arguments[1:]
    if words != ["size"]:
        raise Complaint(f"stty: {' '.join(words) or 'without arguments'}: not simulated by netcourse")
    process.write(f"{process.terminal.rows} {process.terminal.columns}\n")
    return 0

"""A shell that somebody types at: prompts, lines that go on, what became of the jobs."""

from __future__ import annotations

from functools import partial

from netcourse.simulation.linux.pipes import TooMuch
from netcourse.simulation.linux.shell.completion import words_for
from netcourse.simulation.linux.shell.interpreter import Shell
from netcourse.simulation.linux.shell.job_control import JobControl
from netcourse.simulation.linux.shell.leaving import Exit, Failed, Interrupted
from netcourse.simulation.linux.shell.line_editor import LineEditor
from netcourse.simulation.linux.shell.prompt import prompt
from netcourse.simulation.linux.shell.redirection import Streams
from netcourse.simulation.linux.shell.tokens import ShellSyntaxError, Unfinished, tokens
from netcourse.simulation.linux.shell.tree import Sequence
from netcourse.simulation.linux.signals import Signal

GREETING = ("\n\nBusyBox v1.38.0 (Debian 1:1.38.0-3+b1) built-in shell (ash)\n"
            "Enter 'help' for a list of built-in commands.\n\n")
INTERRUPTED = 128 + Signal.SIGINT
STOPPED_JOBS = "You have stopped jobs.\n"


async def session(shell: Shell, streams: Streams) -> int:
    """Read and do line after line; the exit code of the shell."""
    process = shell.process
    assert process.terminal is not None
    shell.options |= {"s", "m", "i"}
    control = shell.control = JobControl(shell)
    keys_before, process.terminal.interrupt = process.terminal.interrupt, control.key
    for number in (Signal.SIGTERM, Signal.SIGQUIT):
        process.signal_handlers.setdefault(number, lambda: None)
    process.write(GREETING)
    try:
        return await _lines(shell, control, streams)
    finally:
        control.close()
        process.terminal.interrupt = keys_before


async def _lines(shell: Shell, control: JobControl, streams: Streams) -> int:
    editor = LineEditor(shell.process, shell.history, partial(words_for, shell))
    is_warned = False
    while True:
        shell.process.write(shell.jobs.news())
        try:
            tree = await _read_command(shell, editor)
            if tree is None:
                raise Exit(shell.code)
            await control.run_line(shell.run(tree, streams))
        except Interrupted:
            shell.code = INTERRUPTED
            if "INT" in shell.traps.actions:
                shell.process.signal(Signal.SIGINT)
                await control.run_line(shell.take_signals(streams))
            else:
                shell.process.write("\n")
        except ShellSyntaxError as error:
            shell.code = shell.complain(streams, str(error), 2)
            shell.within = ""
        except (TooMuch, RecursionError) as error:
            shell.code = shell.complain(streams, str(error), 2)
        except Failed as end:
            shell.code = end.code
        except Exit as end:
            if is_warned or not any(job.is_stopped for job in shell.jobs):
                return end.code
            shell.process.write(STOPPED_JOBS)
            shell.code, is_warned = 0, True
            continue
        is_warned = False


async def _read_command(shell: Shell, editor: LineEditor) -> Sequence | None:
    """A whole command, of several lines where one isn't enough; None at the end.

    Raises ShellSyntaxError, Interrupted.
    """
    text = ""
    while True:
        line = await editor.read(await prompt(shell, "PS2" if text else "PS1"))
        if line is None and not text:
            shell.process.write("\n")
            return None
        text += f"{line or ''}\n"
        try:
            if line is None or not goes_on(text):
                return shell.parse(text)
        except Unfinished:
            if line is None:
                raise


def goes_on(text: str) -> bool:
    """Whether the last line ends with a backslash, or a here-document isn't over."""
    line = text.removesuffix("\n")
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1 or any(token.open_ended for token in tokens(text))

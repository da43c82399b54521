"""The program sh."""

from __future__ import annotations

from netcourse.simulation.linux.pipes import TooMuch
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.shell.interpreter import Shell
from netcourse.simulation.linux.shell.leaving import Exit
from netcourse.simulation.linux.shell.redirection import Streams, problem
from netcourse.simulation.linux.shell.session import session
from netcourse.simulation.linux.shell.tree import Script
from netcourse.simulation.linux.shell.variables import inherited

PROMPTS = {"PS1": "\\w \\$ ", "PS2": "> ", "PS4": "+ "}


async def sh(process: Process) -> int:
    """``sh [-eux] -c TEXT [NAME ARGUMENT...]``, a script in a file or on standard input, or a session on a terminal."""
    words = process.arguments[1:]
    known = inherited(process)
    shell = Shell(process, PROMPTS | known, set(known), [process.arguments[0]], pid=process.pid)
    streams = Streams(process.stdin, process.stdout, process.stderr)
    letters = ""
    while words and words[0].startswith(("-", "+")) and len(words[0]) > 1:
        letters += words.pop(0)[1:]
    wrong = next((letter for letter in letters if letter not in "ceuxfnlsiabCmv"), "")
    if wrong:
        process.complain(f"{process.arguments[0]}: illegal option -{wrong}")
        return 2
    shell.options |= set(letters) - set("csli")
    if process.is_init and ("c" in letters or (words and "s" not in letters)):
        shell.traps.catch_interrupt(process)
    if "c" in letters:
        if not words:
            process.complain(f"{process.arguments[0]}: -c requires an argument")
            return 2
        shell.options.add("c")
        shell.arguments = words[1:] or [process.arguments[0]]
        shell.is_replaced = True
        return await _run_text(shell, words[0], streams, first_line=0)
    if words and "s" not in letters:
        return await _run_file(shell, words, streams)
    shell.arguments += words
    if process.reads_terminal:
        return await _leave(shell, await session(shell, streams), streams)
    text = (await process.stdin.read_all()).decode(errors="replace")
    return await _run_text(shell, text, streams, first_line=1)


async def _run_file(shell: Shell, words: list[str], streams: Streams) -> int:
    files = shell.process.files
    try:
        text = files.read(files.resolve(words[0], shell.process.directory))
    except OSError as error:
        error.filename = words[0]
        return shell.complain(streams, problem(error, set()), 2)
    shell.arguments = words
    return await _run_text(shell, text.decode(errors="replace"), streams, first_line=1)


async def _run_text(shell: Shell, text: str, streams: Streams, *, first_line: int) -> int:
    shell.line = first_line
    try:
        return await _leave(shell, await shell.finish(Script(text, first_line), streams), streams)
    except TooMuch as error:
        return shell.complain(streams, str(error), 2)
    except RecursionError:
        return shell.complain(streams, "nested too deeply for the simulation", 2)


async def _leave(shell: Shell, code: int, streams: Streams) -> int:
    """Do what was to be done at the end."""
    action = shell.traps.at_end()
    if not action:
        return code
    shell.code = code
    try:
        await shell.run(Script(action), streams)
    except Exit as end:
        return end.code
    return code

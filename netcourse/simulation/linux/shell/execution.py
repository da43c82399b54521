"""How a shell runs a program: beside it, in its place, or by itself (POSIX, section 2.9.1; shell/ash.c)."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from netcourse.simulation.linux.machine import PATH
from netcourse.simulation.linux.process import Process, ProgramNotFound
from netcourse.simulation.linux.scripts import script_command
from netcourse.simulation.linux.shell.jobs import death
from netcourse.simulation.linux.shell.leaving import Failed, Interrupted
from netcourse.simulation.linux.shell.redirection import Streams
from netcourse.simulation.linux.signals import Signal

if TYPE_CHECKING:
    from netcourse.simulation.linux.shell.interpreter import Shell

NOT_EXECUTABLE, NOT_FOUND = 126, 127
FORK_SECONDS = 0.0005
WITHOUT_EXECVE = {"dd", "head", "ps", "sort", "xargs", "yes"}
"""Programs that take the shell's place as they are (APPLET_NOEXEC), of those that somebody can see at work."""


async def do_itself(shell: Shell, words: list[str], assigned: dict[str, str], streams: Streams) -> int:
    """A program that the shell needs no process for."""
    process = copy(shell.process)
    process.builtin_of = process.arguments[0]
    return await _run_in(process, shell, words, _environment(shell, assigned), streams)


async def execute(shell: Shell, words: list[str], assigned: dict[str, str], streams: Streams) -> int:
    """The exit code of a program, or of a script. Raises Failed, Interrupted."""
    environment, parent = _environment(shell, assigned), shell.process
    is_replaced = shell.is_replaced and not shell.traps.has_any and shell.has_program(words[0])
    if is_replaced and not shell.is_part:
        return await _become(shell, words, environment, streams)
    try:
        child = parent.machine.spawn(words, namespace=parent.namespace, files=parent.files, environment=environment,
                                     pids=parent.pids)
    except ProgramNotFound:
        return await _run_script(shell, words, assigned, streams)
    except BlockingIOError as error:
        raise Failed(shell.complain(streams, f"can't fork: {error.strerror}", 2)) from None
    child.inherit(parent)
    child.stdin, child.stdout, child.stderr = streams.stdin, streams.stdout, streams.stderr
    child.title = parent.command_line if is_replaced and words[0] in WITHOUT_EXECVE else None
    return await _wait_for(shell, child, streams)


async def _wait_for(shell: Shell, child: Process, streams: Streams) -> int:
    job = shell.job
    child.freezer = job.freezer if job is not None else child.freezer
    await shell.process.sleep(FORK_SECONDS)
    child.start()
    code = await child.exit
    if shell.control is not None and child.killed_by == Signal.SIGINT:
        raise Interrupted
    if job is not None and child.killed_by:
        job.killed_by = child.killed_by
    if job is None or not job.number:
        # of one that was stopped the shell tells before its next prompt
        streams.stderr.write(death(child.killed_by))
    return code


async def _run_script(shell: Shell, words: list[str], assigned: dict[str, str], streams: Streams) -> int:
    """What is no program may be a script, or nothing that can be run."""
    files, directory = shell.process.files, shell.process.directory
    path = assigned.get("PATH", shell.variables.get("PATH", PATH))
    command = script_command(words, files, directory, path)
    if command is not None and shell.has_program(command[0]):
        return await execute(shell, command, assigned, streams)
    if command is None and "/" in words[0] and files.exists(files.resolve(words[0], directory)):
        return shell.complain(streams, f"{words[0]}: Permission denied", NOT_EXECUTABLE)
    return shell.complain(streams, f"{words[0]}: not found", NOT_FOUND)


async def _become(shell: Shell, words: list[str], environment: dict[str, str], streams: Streams) -> int:
    """execve(2), but for what busybox does without it: that still looks like the shell."""
    process = shell.process
    await process.sleep(FORK_SECONDS)
    shell.traps.forget(process)
    process.title = process.command_line if words[0] in WITHOUT_EXECVE else None
    return await _run_in(process, shell, words, environment, streams)


async def _run_in(process: Process, shell: Shell, words: list[str], environment: dict[str, str],
                  streams: Streams) -> int:
    process.arguments, process.environment = words, environment
    process.stdin, process.stdout, process.stderr = streams.stdin, streams.stdout, streams.stderr
    return await process.files.find_program(words[0], shell.variables.get("PATH", PATH))(process)


def _environment(shell: Shell, assigned: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in shell.variables.items() if name in shell.exported} | assigned

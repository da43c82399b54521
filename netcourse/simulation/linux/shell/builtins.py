"""What the shell does itself, without starting a program (POSIX, sections 2.14 and 1.6)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from netcourse.simulation.linux.shell.leaving import Exit, Leave, Return
from netcourse.simulation.linux.shell.parser import parse
from netcourse.simulation.linux.shell.redirection import Streams
from netcourse.simulation.linux.tasks import Future

if TYPE_CHECKING:
    from netcourse.simulation.linux.shell.interpreter import Shell

NOT_FOUND = 127

Builtin = Callable[["Shell", list[str], Streams], Coroutine[Future[Any], None, int]]


async def _cd(shell: Shell, words: list[str], streams: Streams) -> int:
    process = shell.process
    home = process.environment.get("HOME", "/")
    path = process.files.resolve(words[1] if len(words) > 1 else home, process.directory)
    if not process.files.is_directory(path):
        return shell.complain(streams, f"can't cd to {words[1]}: No such file or directory", 2,
                              builtin="cd")
    process.directory = path
    return 0


async def _pwd(shell: Shell, words: list[str], streams: Streams) -> int:
    streams.stdout.write(f"{shell.process.directory}\n".encode())
    return 0


async def _export(shell: Shell, words: list[str], streams: Streams) -> int:
    for word in words[1:]:
        name, equals, value = word.partition("=")
        shell.exported.add(name)
        if equals:
            shell.variables[name] = value
    return 0


async def _exit(shell: Shell, words: list[str], streams: Streams) -> int:
    raise Exit(int(words[1]) % 256 if len(words) > 1 and words[1].isdigit() else shell.code)


async def _wait(shell: Shell, words: list[str], streams: Streams) -> int:
    for task in shell.tasks:
        await task
    return 0


async def _exec(shell: Shell, words: list[str], streams: Streams) -> int:
    raise Exit(await shell.start(words[1:], {}, streams)) if len(words) > 1 else Exit(0)


async def _colon(shell: Shell, words: list[str], streams: Streams) -> int:
    return 0


async def _read(shell: Shell, words: list[str], streams: Streams) -> int:
    line = await streams.stdin.readline()
    values = line.decode(errors="replace").strip().split(None, max(0, len(words) - 2))
    for number, name in enumerate(words[1:]):
        shell.variables[name] = values[number] if number < len(values) else ""
    return 0 if line.endswith(b"\n") else 1


async def _return(shell: Shell, words: list[str], streams: Streams) -> int:
    raise Return(int(words[1]) % 256 if len(words) > 1 and words[1].isdigit() else shell.code)


async def _break(shell: Shell, words: list[str], streams: Streams) -> int:
    levels = int(words[1]) if len(words) > 1 and words[1].isdigit() else 1
    raise Leave(levels, goes_on=words[0] == "continue")


async def _shift(shell: Shell, words: list[str], streams: Streams) -> int:
    count = int(words[1]) if len(words) > 1 and words[1].isdigit() else 1
    if count >= len(shell.arguments):
        return 1
    del shell.arguments[1:count + 1]
    return 0


async def _unset(shell: Shell, words: list[str], streams: Streams) -> int:
    for name in words[1:]:
        shell.variables.pop(name, None)
        shell.functions.pop(name, None)
    return 0


async def _set(shell: Shell, words: list[str], streams: Streams) -> int:
    if len(words) < 2 or (words[1].startswith(("-", "+")) and words[1] != "--"):
        raise Exit(shell.complain(streams, f"{' '.join(words[1:]) or 'listing variables'}: not simulated", 2,
                                  builtin="set"))
    shell.arguments[1:] = words[2:] if words[1] == "--" else words[1:]
    return 0


async def _local(shell: Shell, words: list[str], streams: Streams) -> int:
    if not shell.hidden:
        raise Exit(shell.complain(streams, "not in a function", 2, builtin="local"))
    for word in words[1:]:
        name, equals, value = word.partition("=")
        shell.hidden[-1].setdefault(name, shell.variables.get(name))
        if equals:
            shell.variables[name] = value
    return 0


async def _eval(shell: Shell, words: list[str], streams: Streams) -> int:
    return await shell.run(parse(" ".join(words[1:])), streams)


async def _command(shell: Shell, words: list[str], streams: Streams) -> int:
    """``command -v NAME`` says what NAME is; ``command NAME`` runs it, function or not."""
    if words[1:2] == ["-V"]:
        return shell.complain(streams, "-V: not simulated", 2, builtin="command")
    if words[1:2] != ["-v"]:
        return await shell.start(words[1:], {}, streams, functions=False) if len(words) > 1 else 0
    for name in words[2:3]:
        if not (name in BUILTINS or name in shell.functions or shell.has_program(name)):
            return NOT_FOUND
        streams.stdout.write(f"{name}\n".encode())
    return 0


BUILTINS: dict[str, Builtin] = {
    ":": _colon, "break": _break, "cd": _cd, "command": _command, "continue": _break, "eval": _eval, "exec": _exec,
    "exit": _exit, "export": _export, "local": _local, "pwd": _pwd, "read": _read, "return": _return, "set": _set,
    "shift": _shift, "unset": _unset, "wait": _wait,
}

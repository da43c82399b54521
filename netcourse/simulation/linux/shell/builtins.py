"""What the shell does itself, without starting a program (POSIX, sections 2.14 and 1.6)."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from netcourse.simulation.linux import permissions
from netcourse.simulation.linux.paths import without_dots
from netcourse.simulation.linux.shell import aliases, jobs, limits, variables
from netcourse.simulation.linux.shell.leaving import Exit, Failed, Leave, Return
from netcourse.simulation.linux.shell.parser import RESERVED
from netcourse.simulation.linux.shell.redirection import Streams, problem
from netcourse.simulation.linux.shell.tokens import ShellSyntaxError
from netcourse.simulation.linux.shell.tree import Script
from netcourse.simulation.linux.tasks import Future

if TYPE_CHECKING:
    from netcourse.simulation.linux.shell.interpreter import Shell

NOT_FOUND = 127
HELP_WIDTH = 60
HIGHEST_MASK = 0o777

Builtin = Callable[["Shell", list[str], Streams], Coroutine[Future[Any], None, int]]


async def _cd(shell: Shell, words: list[str], streams: Streams) -> int:
    process = shell.process
    """Where one goes over a link, its name stays in the path, but for ``-P``."""
    rest = [word for word in words[1:] if word not in ("-P", "-L", "--")]
    wanted = rest[0] if rest else shell.variables.get("HOME", "")
    if wanted == "-":
        wanted = shell.variables.get("OLDPWD", process.directory)
        streams.stdout.write(f"{wanted}\n".encode())
    try:
        path = process.files.resolve(wanted or ".", process.directory)
        if not process.files.status(path).is_folder:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    except OSError as error:
        return shell.complain(streams, f"can't cd to {wanted}: {error.strerror}", 2, builtin="cd")
    place = path if "-P" in words else without_dots(process.directory, wanted)
    shell.variables |= {"OLDPWD": process.directory, "PWD": place}
    shell.exported |= {"OLDPWD", "PWD"}
    process.directory = place
    return 0


async def _pwd(shell: Shell, words: list[str], streams: Streams) -> int:
    process = shell.process
    place = process.files.resolve(process.directory) if "-P" in words else process.directory
    streams.stdout.write(f"{place}\n".encode())
    return 0


def _code(shell: Shell, words: list[str], streams: Streams) -> int:
    if len(words) < 2:
        return shell.code
    if not words[1].isdigit():
        return shell.complain(streams, f"Illegal number: {words[1]}", 2, builtin=words[0])
    return int(words[1]) % 256


async def _exit(shell: Shell, words: list[str], streams: Streams) -> int:
    raise Exit(_code(shell, words, streams))


async def _return(shell: Shell, words: list[str], streams: Streams) -> int:
    raise Return(_code(shell, words, streams))


async def _exec(shell: Shell, words: list[str], streams: Streams) -> int:
    name = words[1]
    if not shell.has_program(name) and "/" not in name:
        raise Exit(shell.complain(streams, f"{name}: not found", NOT_FOUND, builtin="exec"))
    shell.traps.forget(shell.process)
    shell.is_replaced = True
    raise Exit(await shell.start(words[1:], {}, streams, functions=False))


async def _colon(shell: Shell, words: list[str], streams: Streams) -> int:
    return 0


async def _break(shell: Shell, words: list[str], streams: Streams) -> int:
    levels = int(words[1]) if len(words) > 1 and words[1].isdigit() else 1
    if not shell.loops:
        return 0
    raise Leave(min(levels, shell.loops), goes_on=words[0] == "continue")


async def _eval(shell: Shell, words: list[str], streams: Streams) -> int:
    return await _within(shell, words[0], Script(" ".join(words[1:]), shell.line), streams)


async def _within(shell: Shell, name: str, script: Script, streams: Streams) -> int:
    """Do what has been read by eval, or from a file."""
    before, shell.within, shell.is_replaced = shell.within, name, False
    try:
        return await shell.run(script, streams)
    except ShellSyntaxError:
        before = name  # the complaint tells in what it was found
        raise
    finally:
        shell.within = before


async def _source(shell: Shell, words: list[str], streams: Streams) -> int:
    """``. FILE [ARGUMENT...]``: the commands of a file, in this very shell."""
    if len(words) < 2:
        raise Failed(shell.complain(streams, "filename argument required", 2, builtin=words[0]))
    files = shell.process.files
    try:
        text = files.read(files.resolve(words[1], shell.process.directory))
    except OSError as error:
        error.filename, error.errno = words[1], error.errno or errno.ENOENT
        raise Failed(shell.complain(streams, problem(error, set()), 2, builtin=words[0])) from None
    before = shell.arguments
    shell.arguments = [before[0], *words[2:]] if len(words) > 2 else before
    try:
        return await _within(shell, words[1], Script(text.decode(errors="replace"), 1), streams)
    except Return as end:
        return end.code
    finally:
        shell.arguments = before


def _kind(shell: Shell, name: str) -> str:
    """What a word is, as type tells it; empty for nothing."""
    if name in shell.aliases:
        return f"{name} is an alias for {shell.aliases[name]}"
    if name in RESERVED | {"function"}:
        return f"{name} is a shell keyword"
    if name in shell.functions:
        return f"{name} is a function"
    if name in BUILTINS or name in PROGRAMS_TOO:
        return f"{name} is a {'special ' if name in SPECIAL else ''}shell builtin"
    return f"{name} is {name}" if shell.has_program(name) else ""


async def _type(shell: Shell, words: list[str], streams: Streams) -> int:
    """In words; after any option, the names alone, as ``command -v``."""
    in_words, names = words[1:2] == [] or not words[1].startswith("-"), words[1:]
    return _describe(shell, names if in_words else names[1:], streams, in_words=in_words)


def _describe(shell: Shell, names: list[str], streams: Streams, *, in_words: bool) -> int:
    code = 0
    for name in names:
        text = _kind(shell, name)
        code = code if text else NOT_FOUND
        if text or in_words:
            plain = f"alias {name}={variables.quoted(shell.aliases[name])}" if name in shell.aliases else name
            streams.stdout.write(f"{(text or f'{name}: not found') if in_words else plain}\n".encode())
    return code


async def _command(shell: Shell, words: list[str], streams: Streams) -> int:
    """``command -v NAME`` says what NAME is, ``-V`` in words; ``command NAME`` runs it, function or not."""
    letters, rest = "", words[1:]
    while rest and re.fullmatch("-.+", rest[0]):
        letters += rest.pop(0)[1:]
    wrong = next((letter for letter in letters if letter not in "pvV"), "")
    if wrong:
        return shell.complain(streams, f"illegal option -{wrong}", 2, builtin="command")
    if "v" in letters or "V" in letters:
        return _describe(shell, rest[:1] if "V" not in letters else rest, streams, in_words="V" in letters)
    return await shell.start(rest, {}, streams, functions=False) if rest else 0


async def _hash(shell: Shell, words: list[str], streams: Streams) -> int:
    """All programs of busybox are the shell's own, whose places it needn't remember: it only says what there isn't."""
    wrong = next((word[1] for word in words[1:2] if word[:1] == "-" and word != "-r"), "")
    if wrong:
        return shell.complain(streams, f"illegal option -{wrong}", 2, builtin="hash")
    missing = [name for name in words[1:] if name != "-r" and "/" not in name and not _kind(shell, name)]
    for name in missing:
        shell.complain(streams, f"{name}: not found", 1, builtin="hash")
    return int(bool(missing))


async def _umask(shell: Shell, words: list[str], streams: Streams) -> int:
    """``umask [-S] [MODE]``: in octal, what nobody is to get; in letters, what everybody is."""
    files, rest = shell.process.files, [word for word in words[1:] if word != "-S"]
    if rest and rest[0].startswith("-"):
        return shell.complain(streams, f"illegal option {rest[0][:2]}", 2, builtin="umask")
    if not rest:
        shown = permissions.in_letters(files.umask) if "-S" in words else f"{files.umask:04o}"
        streams.stdout.write(f"{shown}\n".encode())
        return 0
    try:
        is_octal = rest[0][:1].isdigit()
        value = permissions.changed(rest[0], 0 if is_octal else ~files.umask & HIGHEST_MASK)
        if value > HIGHEST_MASK:
            raise ValueError
    except ValueError:
        return shell.complain(streams, f"illegal mode: {rest[0]}", 2, builtin="umask")
    files.umask = value if is_octal else ~value & HIGHEST_MASK
    return 0


async def _help(shell: Shell, words: list[str], streams: Streams) -> int:
    """All names, in lines of some sixty characters."""
    text, line = "Built-in commands:\n------------------\n", ""
    for name in [*sorted({*BUILTINS, *PROGRAMS_TOO}), *sorted(shell.programs())]:
        line += (" " if line else "\t") + name
        if len(line) > HELP_WIDTH:
            text, line = f"{text}{line}\n", ""
    text += f"{line}\n" if line else ""
    streams.stdout.write(text.encode())
    return 0


SPECIAL = {":", ".", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift",
            "source", "times", "trap", "unset"}
PROGRAMS_TOO = {"[", "[[", "echo", "false", "printf", "test", "true"}
"""What is a builtin and a program, and does the same as either."""
BUILTINS: dict[str, Builtin] = {
    ".": _source, ":": _colon, "alias": aliases.alias, "bg": jobs.continue_job, "break": _break, "cd": _cd,
    "command": _command, "continue": _break, "eval": _eval, "exec": _exec, "exit": _exit, "export": variables.export,
    "fg": jobs.continue_job, "getopts": variables.getopts, "hash": _hash, "help": _help, "history": jobs.history,
    "jobs": jobs.jobs, "kill": jobs.kill, "let": variables.let, "local": variables.local, "pwd": _pwd,
    "read": variables.read, "readonly": variables.readonly, "return": _return, "set": variables.set_,
    "shift": variables.shift, "source": _source, "times": limits.times, "trap": jobs.trap, "type": _type,
    "ulimit": limits.ulimit, "umask": _umask, "unalias": aliases.unalias, "unset": variables.unset, "wait": jobs.wait,
}

"""What a word becomes: parameters, substitutions, splitting, names of files, quotes gone (POSIX, section 2.6)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from netcourse.simulation.linux.pipes import Pipe
from netcourse.simulation.linux.shell import patterns
from netcourse.simulation.linux.shell.arithmetic import BadArithmetic, evaluate
from netcourse.simulation.linux.shell.redirection import Streams
from netcourse.simulation.linux.shell.tokens import ShellSyntaxError, brace_end, quote_end, substitution_end
from netcourse.simulation.linux.signals import Signal
from netcourse.simulation.linux.tasks import Task

if TYPE_CHECKING:
    from netcourse.simulation.linux.shell.interpreter import Shell

WHITE_SPACE = " \t\n"
OPTIONS_IN_ORDER = "ubaCVvxsnmicIfe"
"""Of ``$-``."""
_PARAMETER = re.compile(r"\$([?$#@*!0-9-]|[A-Za-z_]\w*)")
_TILDE = re.compile(r"\A~(root)?(?=/|\Z)")
_QUOTED_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}
_EXPANSION = re.compile(r"(#(?=.))?([?$#@*!-]|\d+|[A-Za-z_]\w*)(:?[-=+?]|##?|%%?|//?|:(?= ?-?\d))?(.*)", re.DOTALL)
_CUTS: dict[str, Callable[[str, str], str]] = {
    "#": partial(patterns.without_prefix, longest=False), "##": partial(patterns.without_prefix, longest=True),
    "%": partial(patterns.without_suffix, longest=False), "%%": partial(patterns.without_suffix, longest=True)}


async def fields(shell: Shell, words: tuple[str, ...]) -> list[str]:
    """What a command's words become, names of files found."""
    found = []
    for word in words:
        parts = list(shell.arguments[1:]) if word == '"$@"' else await expand(shell, word)
        globs = not set(word) & set("'\"\\`") and not word.startswith("$") and "f" not in shell.options
        found += [name for part in parts for name in (_files(shell, part) if globs else [part])]
    return found


def _files(shell: Shell, field: str) -> list[str]:
    if not patterns.has_wildcards(field):
        return [field]
    return patterns.files_matching(shell.process.files, shell.process.directory, field) or [field]


async def expand(shell: Shell, word: str, *, split: bool = True) -> list[str]:
    """The fields that a word becomes."""
    word = _TILDE.sub(lambda m: "/root" if m[1] else shell.variables.get("HOME", "~"), word, count=1)
    found: list[str] = []
    current, at, quoted_part = "", 0, False
    while at < len(word):
        text, at, whole = await _piece(shell, word, at)
        quoted_part = quoted_part or whole
        if whole or not split:
            current += text
            continue
        parts = _split(text, shell.variables.get("IFS", WHITE_SPACE))
        for part in parts[:-1]:
            found += [current + part] if current + part or quoted_part else []
            current, quoted_part = "", False
        current += parts[-1]
    return [*found, current] if current or quoted_part or not split else found


def _split(text: str, separators: str) -> list[str]:
    """White space between fields counts once, however much of it there is; other separators count each."""
    if not separators:
        return [text]
    white = "".join(c for c in separators if c in WHITE_SPACE)
    other = "".join(c for c in separators if c not in WHITE_SPACE)
    around = f"[{re.escape(white)}]" if white else ""
    choices = [f"{around}*[{re.escape(other)}]{around}*" if around else f"[{re.escape(other)}]"] if other else []
    choices += [f"{around}+"] if around else []
    return re.split("|".join(choices), text)


async def _piece(shell: Shell, word: str, at: int) -> tuple[str, int, bool]:
    """The next part of a word: its text, the place after it, whether it stays in one field."""
    character = word[at]
    if word.startswith("$'", at):
        end = quote_end(word, at + 1)
        return _unescaped(word[at + 2:end - 1]), end, True
    if character == "'":
        end = quote_end(word, at)
        return word[at + 1:end - 1], end, True
    if character == '"':
        end = quote_end(word, at)
        return await quoted(shell, word[at + 1:end - 1]), end, True
    if character == "\\":
        return word[at + 1:at + 2] or "\\", at + 2, True
    if character in "$`":
        text, end = await _dollar(shell, word, at)
        return text, end, False
    return character, at + 1, True


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: _QUOTED_ESCAPES.get(m[1], m[1]), text)


async def quoted(shell: Shell, text: str, *, escapes: str = '$`"\\') -> str:
    """What stands between double quotes (or in a here-document), parameters and substitutions replaced."""
    result, at = "", 0
    while at < len(text):
        if text[at] == "\\" and text[at + 1:at + 2] == "\n":
            at += 2
        elif text[at] == "\\" and text[at + 1:at + 2] and text[at + 1] in escapes:
            result, at = result + text[at + 1], at + 2
        elif text[at] in "$`":
            value, at = await _dollar(shell, text, at)
            result += value
        else:
            result, at = result + text[at], at + 1
    return result


async def _dollar(shell: Shell, text: str, at: int) -> tuple[str, int]:
    if text[at] == "`":
        end = quote_end(text, at)
        return await _substitute(shell, re.sub(r"\\([`\\$])", r"\1", text[at + 1:end - 1])), end
    if text.startswith("$((", at):
        end = substitution_end(text, at)
        return await _arithmetic(shell, text[at + 3:end - 2]), end
    if text.startswith("$(", at):
        end = substitution_end(text, at)
        return await _substitute(shell, text[at + 2:end - 1]), end
    if text.startswith("${", at):
        end = brace_end(text, at)
        return await parameter(shell, text[at + 2:end - 1]), end
    name = _PARAMETER.match(text, at)
    if name is None:
        return "$", at + 1
    return await parameter(shell, name[1]), name.end()


def value_of(shell: Shell, name: str) -> str | None:
    """None when it isn't set."""
    everything = " ".join(shell.arguments[1:])
    special = {"?": str(shell.code), "$": str(shell.pid), "#": str(max(0, len(shell.arguments) - 1)),
               "@": everything, "*": everything, "!": shell.jobs.last_pid or "",
               "-": "".join(sorted(shell.options, key=OPTIONS_IN_ORDER.find)), "LINENO": str(shell.line), "PPID": "0"}
    if name == "RANDOM":
        return str(shell.process.machine.random.randrange(32768))
    if name in special:
        return str(special[name])
    if name.isdigit():
        return shell.arguments[int(name)] if int(name) < len(shell.arguments) else None
    return shell.variables.get(name)


async def _arithmetic(shell: Shell, text: str) -> str:
    try:
        return str(evaluate(await quoted(shell, text), shell.variables))
    except BadArithmetic as error:
        raise ShellSyntaxError(str(error)) from None


async def _substitute(shell: Shell, text: str) -> str:
    pipe = Pipe()
    empty = Pipe()
    empty.close()
    reader = Task(shell.process.machine.clock, pipe.read_all())
    try:
        with shell.process.pids.at_least_one():
            streams = Streams(empty, pipe, shell.process.stderr)
            inside = shell.part()
            shell.substituted = await inside.finish(inside.parse(text, shell.line), streams)
    except BrokenPipeError:
        shell.substituted = 128 + Signal.SIGPIPE
    pipe.close()
    return (await reader).decode(errors="replace").rstrip("\n")


async def parameter(shell: Shell, text: str) -> str:
    """What ``$name`` or ``${name...}`` stands for (POSIX, section 2.6.2). Raises ShellSyntaxError."""
    match = _EXPANSION.fullmatch(text)
    if match is None:
        raise ShellSyntaxError("syntax error: bad substitution")
    length, name, operator, argument = match.groups()
    value = value_of(shell, name)
    if value is None and "u" in shell.options and not (operator and operator[-1] in "-+=?") and name not in "@*":
        raise ShellSyntaxError(f"{name}: parameter not set")
    if length:
        return str(len(value or ""))
    if operator in _CUTS:
        return _CUTS[operator](value or "", await quoted(shell, argument.strip("'\"")))
    if operator == ":":
        return _part_of(value or "", argument)
    if operator in ("/", "//"):
        pattern, _, new = (await quoted(shell, argument)).partition("/")
        return patterns.replaced(value or "", pattern, new, everywhere=operator == "//")
    if argument and not operator:
        raise ShellSyntaxError("syntax error: bad substitution")
    if operator:
        return await _default(shell, name, value, operator, argument)
    return value or ""


async def _default(shell: Shell, name: str, value: str | None, operator: str, argument: str) -> str:
    is_there = bool(value) if operator.startswith(":") else value is not None
    if operator.endswith("+"):
        return " ".join(await expand(shell, argument, split=False)) if is_there else ""
    if is_there:
        return value or ""
    default = " ".join(await expand(shell, argument, split=False))
    if operator.endswith("?"):
        unset = "parameter not set or null" if operator == ":?" else "parameter not set"
        raise ShellSyntaxError(f"{name}: {default or unset}")
    if operator.endswith("="):
        shell.variables[name] = default
    return default


def _part_of(value: str, text: str) -> str:
    """``${value:FIRST}`` and ``${value:FIRST:COUNT}``."""
    match = re.fullmatch(r"\s*(-?\d+)(?::(\d+))?", text)
    if match is None:
        raise ShellSyntaxError("syntax error: bad substitution")
    rest = value[int(match[1]):]
    return rest[:int(match[2])] if match[2] else rest

"""What ``$name`` and ``${name...}`` stand for (POSIX, Shell Command Language, section 2.6.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from netcourse.simulation.linux.shell import expansion, patterns
from netcourse.simulation.linux.shell.tokens import ShellSyntaxError

if TYPE_CHECKING:
    from netcourse.simulation.linux.shell.interpreter import Shell

_EXPANSION = re.compile(r"(#(?=.))?([?$#@*!-]|\d+|[A-Za-z_]\w*)(:?[-=+?]|##?|%%?|//?|:(?= ?-?\d))?(.*)", re.DOTALL)
_CUTS: dict[str, Callable[[str, str], str]] = {
    "#": partial(patterns.without_prefix, longest=False), "##": partial(patterns.without_prefix, longest=True),
    "%": partial(patterns.without_suffix, longest=False), "%%": partial(patterns.without_suffix, longest=True)}


async def parameter(shell: Shell, text: str) -> str:
    """What ``$name`` or ``${name...}`` stands for (POSIX, section 2.6.2). Raises ShellSyntaxError."""
    match = _EXPANSION.fullmatch(text)
    if match is None:
        raise ShellSyntaxError("syntax error: bad substitution")
    length, name, operator, argument = match.groups()
    value = expansion.value(shell, name)
    if value is None and "u" in shell.options and not (operator and operator[-1] in "-+=?") and name not in "@*":
        raise ShellSyntaxError(f"{name}: parameter not set")
    if length:
        return str(len(value or ""))
    if operator in _CUTS:
        return _CUTS[operator](value or "", await expansion.quoted(shell, argument.strip("'\"")))
    if operator == ":":
        return _part_of(value or "", argument)
    if operator in ("/", "//"):
        pattern, _, new = (await expansion.quoted(shell, argument)).partition("/")
        return patterns.replaced(value or "", pattern, new, everywhere=operator == "//")
    if argument and not operator:
        raise ShellSyntaxError("syntax error: bad substitution")
    if operator:
        return await _default(shell, name, value, operator, argument)
    return value or ""


async def _default(shell: Shell, name: str, value: str | None, operator: str, argument: str) -> str:
    is_there = bool(value) if operator.startswith(":") else value is not None
    if operator.endswith("+"):
        return " ".join(await expansion.expand(shell, argument, split=False)) if is_there else ""
    if is_there:
        return value or ""
    default = " ".join(await expansion.expand(shell, argument, split=False))
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

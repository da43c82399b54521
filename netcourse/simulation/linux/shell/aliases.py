"""Words that stand for other words: alias and unalias (POSIX, section 2.3.1; shell/ash.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from netcourse.simulation.linux.shell import variables
from netcourse.simulation.linux.shell.redirection import Streams
from netcourse.simulation.linux.shell.tokens import Token, tokens

if TYPE_CHECKING:
    from netcourse.simulation.linux.shell.interpreter import Shell

TABLE_SIZE = 39


async def alias(shell: Shell, words: list[str], streams: Streams) -> int:
    """``alias [NAME[=TEXT]...]``."""
    code = 0
    for word in words[1:]:
        at = word.find("=", 1)
        if at > 0:
            shell.aliases[word[:at]] = word[at + 1:]
        elif word in shell.aliases:
            _show(shell, word, streams)
        else:
            code = _missing(words[0], word, streams)
    for name in sorted(shell.aliases, key=_place) if len(words) == 1 else ():
        _show(shell, name, streams)
    return code


def _place(name: str) -> int:
    """Where ash keeps it."""
    return ((ord(name[0]) << 4) + sum(map(ord, name))) % TABLE_SIZE


def _show(shell: Shell, name: str, streams: Streams) -> None:
    streams.stdout.write(f"{name}={variables.quoted(shell.aliases[name])}\n".encode())


def _missing(builtin: str, name: str, streams: Streams) -> int:
    streams.stderr.write(f"{builtin}: {name} not found\n".encode())
    return 1


async def unalias(shell: Shell, words: list[str], streams: Streams) -> int:
    """``unalias -a`` and ``unalias NAME...``."""
    code = 0
    if words[1:] and words[1].startswith("-"):
        if words[1] != "-a":
            return shell.complain(streams, f"illegal option {words[1][:2]}", 2, builtin=words[0])
        shell.aliases.clear()
        return 0
    for name in words[1:]:
        if shell.aliases.pop(name, None) is None:
            code = _missing(words[0], name, streams)
    return code


def expanded(token: Token, aliases: Mapping[str, str]) -> tuple[list[Token], bool]:
    """What a word at the beginning of a command stands for, and whether the one after it may be an alias too."""
    found, seen, goes_on = [token], set[str](), False
    while found and found[0].kind == "word" and found[0].text in aliases.keys() - seen:
        name = found[0].text
        seen.add(name)
        goes_on = aliases[name][-1:] in (" ", "\t")
        found[:1] = tokens(aliases[name], token.line)[:-1]
    return found, goes_on and bool(seen)

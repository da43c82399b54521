"""What a process may use at most, and how long it has worked: ulimit and times (getrlimit(2), times(2)).

Nothing here needs so much that a limit is met: they are told, inherited and lowered as on Linux.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netcourse.simulation.linux.limits import UNLIMITED, Limit
from netcourse.simulation.linux.shell.redirection import Streams

if TYPE_CHECKING:
    from netcourse.simulation.linux.shell.interpreter import Shell


@dataclass(frozen=True)
class _Kind:
    """``name`` as setrlimit(2) has it, without RLIMIT_; ``unit`` in bytes of what is printed."""

    name: str
    title: str
    unit: int = 1


_KINDS = {
    "c": _Kind("core", "core file size (blocks)", 512), "d": _Kind("data", "data seg size (kb)", 1024),
    "e": _Kind("nice", "scheduling priority"), "f": _Kind("fsize", "file size (blocks)", 512),
    "i": _Kind("sigpending", "pending signals"), "l": _Kind("memlock", "max locked memory (kb)", 1024),
    "m": _Kind("rss", "max memory size (kb)", 1024), "n": _Kind("nofile", "open files"),
    "q": _Kind("msgqueue", "POSIX message queues (bytes)"), "r": _Kind("rtprio", "real-time priority"),
    "s": _Kind("stack", "stack size (kb)", 1024), "t": _Kind("cpu", "cpu time (seconds)"),
    "u": _Kind("nproc", "max user processes"), "v": _Kind("as", "virtual memory (kb)", 1024),
    "x": _Kind("locks", "file locks")}
_TITLE_WIDTH = 31


async def ulimit(shell: Shell, words: list[str], streams: Streams) -> int:
    """``ulimit [-SHa] [-LETTER [NUMBER]]... [NUMBER]``: shell/shell_common.c, shell_builtin_ulimit."""
    which, wanted, shows_all = "", list[tuple[str, str]](), False
    rest = words[1:]
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            wanted = wanted or [("f", word)]
            break
        letters = word[1:]
        while letters and letters[0] in "SHa":
            which += letters[0]
            letters = letters[1:]
        shows_all = shows_all or "a" in which
        if not letters:
            continue
        if letters[0] not in _KINDS:
            streams.stderr.write(f"ulimit: invalid option -- '{letters[0]}'\n".encode())
            return 1
        value = letters[1:] or (rest.pop(0) if rest and not rest[0].startswith("-") else "")
        wanted.append((letters[0], value))
    if shows_all:
        wanted = [(letter, "") for letter in _KINDS]
    return _do(shell, wanted or [("f", "")], which, streams, titled=shows_all)


def _do(shell: Shell, wanted: list[tuple[str, str]], which: str, streams: Streams, *, titled: bool) -> int:
    titled = titled or sum(not value for _, value in wanted) > 1
    for letter, value in wanted:
        if value:
            problem = _set(shell, _KINDS[letter], value, which)
            if problem:
                streams.stderr.write(f"{shell.arguments[0]}: {problem}\n".encode())
                return 1
            continue
        kind = _KINDS[letter]
        limit = shell.process.limits[kind.name]
        amount = limit.hard if "H" in which and "S" not in which else limit.soft
        title = f"{kind.title:<{_TITLE_WIDTH}} (-{letter}) " if titled else ""
        shown = "unlimited" if amount == UNLIMITED else amount // kind.unit
        streams.stdout.write(f"{title}{shown}\n".encode())
    return 0


def _set(shell: Shell, kind: _Kind, text: str, which: str) -> str:
    """What is wrong with that, if something is: nobody here may raise a hard limit."""
    process = shell.process
    if text != "unlimited" and not text.isdecimal():
        return f"invalid number '{text}'"
    amount = UNLIMITED if text == "unlimited" else int(text) * kind.unit
    before = process.limits[kind.name]
    sets_all = not {"S", "H"} & set(which)
    after = Limit(amount if sets_all or "S" in which else before.soft,
                  amount if sets_all or "H" in which else before.hard)
    if after.hard > before.hard or after.soft > after.hard:
        return "error setting limit: Operation not permitted" if after.hard > before.hard else (
            "error setting limit: Invalid argument")
    process.limits = {**process.limits, kind.name: after}
    return ""


async def times(shell: Shell, words: list[str], streams: Streams) -> int:
    """Of the shell and of its children: nothing here takes a processor's time."""
    streams.stdout.write(b"0m0.000s 0m0.000s\n" * 2)
    return 0

"""What PS1 and PS2 stand for on a screen (parse_and_put_prompt in busybox's libbb/lineedit.c)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netcourse.simulation.linux.credentials import PASSWD, name_of
from netcourse.simulation.linux.shell.expansion import quoted

if TYPE_CHECKING:
    from netcourse.simulation.linux.process import Process
    from netcourse.simulation.linux.shell.interpreter import Shell

_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "e": "\x1b", "E": "\x1b", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPE = re.compile(r"\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)")


async def prompt(shell: Shell, name: str) -> str:
    """PS1 or PS2 with its variables and its backslashes."""
    text = await quoted(shell, shell.variables.get(name, ""), escapes="\\")
    return _ESCAPE.sub(lambda found: _meaning(shell.process, found[1]), text)


def _meaning(process: Process, letter: str) -> str:
    place = _place(process)
    known = {"w": place, "W": place.rpartition("/")[2] or place, "$": "#" if process.user.is_root else "$", "[": "",
             "]": "", "u": name_of(process.files, PASSWD, process.user.user) or "?", "H": process.hostname,
             "h": process.hostname.partition(".")[0]}
    if letter in known:
        return known[letter]
    if letter[0].isdigit():
        return chr(int(letter, 8))
    if letter[0] == "x" and len(letter) > 1:
        return chr(int(letter[1:], 16))
    return _LETTERS.get(letter, letter)


def _place(process: Process) -> str:
    """The working directory, with ~ for home."""
    home, here = process.environment.get("HOME", "").rstrip("/"), process.directory
    return f"~{here.removeprefix(home)}" if home and (here == home or here.startswith(f"{home}/")) else here

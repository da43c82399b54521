"""What the shell does about its variables, arguments and options (POSIX, section 2.14; getopts and read of 1.6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.shell.arithmetic import BadArithmetic, evaluate
from netcourse.simulation.linux.shell.leaving import Failed
from netcourse.simulation.linux.shell.redirection import Streams
from netcourse.simulation.linux.shell.tokens import ShellSyntaxError
from netcourse.simulation.linux.tasks import wait_for

if TYPE_CHECKING:
    from netcourse.simulation.linux.shell.interpreter import Shell

WHITE_SPACE = " \t\n"
_OPTIONS = {"errexit": "e", "noglob": "f", "ignoreeof": "I", "interactive": "i", "monitor": "m", "noexec": "n",
            "stdin": "s", "xtrace": "x", "verbose": "v", "noclobber": "C", "allexport": "a", "notify": "b",
            "nounset": "u", "vi": "V", "nolog": "nolog", "debug": "debug", "pipefail": "pipefail"}
_DONE = set("efux") | {"pipefail"}
_NAME = re.compile(r"[A-Za-z_]\w*")


def quoted(value: str) -> str:
    """As ash writes a word that could mean something else (single_quote in shell/ash.c)."""
    parts = re.findall(r"([^']*)('*)", value) or [("", "")]
    return "".join(f"'{plain}'" + (f'"{quotes}"' if quotes else "") for plain, quotes in parts[:-1] or parts)


def inherited(process: Process) -> dict[str, str]:
    """What a shell knows from its environment, where it is and how many shells it is in; all of it is exported."""
    level = process.environment.get("SHLVL", "")
    return process.environment | {"SHLVL": str(int(level) + 1 if level.isdecimal() else 1), "PWD": process.directory}


async def export(shell: Shell, words: list[str], streams: Streams) -> int:
    if len(words) == 1 or words[1] == "-p":
        _list(shell, "export", shell.exported, streams)
        return 0
    for word in words[1:]:
        name, equals, value = word.partition("=")
        _check_name(shell, name, streams, "export")
        shell.exported.add(name)
        if equals:
            shell.assign({name: value})
    return 0


async def readonly(shell: Shell, words: list[str], streams: Streams) -> int:
    if len(words) == 1 or words[1] == "-p":
        _list(shell, "readonly", shell.read_only, streams)
        return 0
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if equals:
            shell.assign({name: value})
        shell.read_only.add(name)
    return 0


def _list(shell: Shell, word: str, names: set[str], streams: Streams) -> None:
    for name in sorted(names):
        value = f"={quoted(shell.variables[name])}" if name in shell.variables else ""
        streams.stdout.write(f"{word} {name}{value}\n".encode())


def _check_name(shell: Shell, name: str, streams: Streams, builtin: str) -> None:
    if not _NAME.fullmatch(name):
        raise Failed(shell.complain(streams, f"{name}: bad variable name", 2, builtin=builtin))


async def unset(shell: Shell, words: list[str], streams: Streams) -> int:
    for name in [word for word in words[1:] if word not in ("-v", "-f")]:
        if "-f" not in words:
            _check_name(shell, name, streams, "unset")
        if name in shell.read_only:
            raise ShellSyntaxError(f"{name}: is read only")
        shell.variables.pop(name, None)
        shell.functions.pop(name, None)
    return 0


async def set_(shell: Shell, words: list[str], streams: Streams) -> int:
    rest = words[1:]
    if not rest:
        lines = [f"{name}={quoted(value)}\n" for name, value in sorted(shell.variables.items())]
        streams.stdout.write("".join(lines).encode())
        return 0
    while rest and rest[0][:1] in ("-", "+") and len(rest[0]) > 1:
        word = rest.pop(0)
        if word == "--":
            shell.arguments[1:] = rest
            return 0
        if word[1:] == "o":
            if not rest:
                _list_options(shell, streams)
                return 0
            letters = [_OPTIONS.get(rest[0], "")]
            if not letters[0]:
                raise Failed(shell.complain(streams, f"illegal option -o {rest[0]}", 2, builtin="set"))
            rest = rest[1:]
        else:
            letters = list(word[1:])
        _switch(shell, letters, streams, on=word[0] == "-")
    if rest:
        shell.arguments[1:] = rest
    return 0


def _switch(shell: Shell, letters: list[str], streams: Streams, *, on: bool) -> None:
    for letter in letters:
        if letter not in _OPTIONS.values():
            raise Failed(shell.complain(streams, f"illegal option -{letter}", 2, builtin="set"))
        if on and letter not in _DONE:
            raise Failed(shell.complain(streams, f"-{letter}: not simulated", 2, builtin="set"))
        (shell.options.add if on else shell.options.discard)(letter)


def _list_options(shell: Shell, streams: Streams) -> None:
    for name, letter in _OPTIONS.items():
        streams.stdout.write(f"{name:<15} {'on' if letter in shell.options else 'off'}\n".encode())


async def local(shell: Shell, words: list[str], streams: Streams) -> int:
    if not shell.hidden:
        raise Failed(shell.complain(streams, "not in a function", 2, builtin="local"))
    for word in words[1:]:
        name, equals, value = word.partition("=")
        shell.hidden[-1].setdefault(name, shell.variables.get(name))
        if equals:
            shell.variables[name] = value
    return 0


async def shift(shell: Shell, words: list[str], streams: Streams) -> int:
    count = int(words[1]) if len(words) > 1 and words[1].isdigit() else 1
    if count >= len(shell.arguments) and count:
        return 1
    del shell.arguments[1:count + 1]
    return 0


async def let(shell: Shell, words: list[str], streams: Streams) -> int:
    value = 0
    for word in words[1:]:
        try:
            value = evaluate(word, shell.variables)
        except BadArithmetic as error:
            raise ShellSyntaxError(str(error)) from None
    return int(value == 0)


async def getopts(shell: Shell, words: list[str], streams: Streams) -> int:
    """The next option of a script's arguments (getopts(1p)); OPTIND tells the word that comes next."""
    if len(words) < 3:
        raise Failed(shell.complain(streams, "usage: getopts optstring var [arg]", 2, builtin="getopts"))
    letters, name, arguments = words[1], words[2], words[3:] or shell.arguments[1:]
    index = int(shell.variables.get("OPTIND", "1"))
    place = shell.option_place
    word = arguments[index - 1] if index <= len(arguments) else ""
    if place == 1 and (not word.startswith("-") or word in ("-", "--")):
        shell.variables |= {name: "?", "OPTIND": str(index + (word == "--"))}
        return 1
    letter = word[place]
    place, index = (place + 1, index) if place + 1 < len(word) else (1, index + 1)
    shell.variables.pop("OPTARG", None)
    at = letters.find(letter)
    if at < 0 or letter == ":":
        streams.stderr.write(f"Illegal option -{letter}\n".encode() if not letters.startswith(":") else b"")
        shell.variables |= {"OPTARG": letter} if letters.startswith(":") else {}
        letter = "?"
    elif letters[at + 1:at + 2] == ":":
        letter, index, place = _with_value(shell, letters, letter, arguments, index, place, streams)
    shell.variables |= {name: letter, "OPTIND": str(index)}
    shell.option_place = place
    return 0


def _with_value(shell: Shell, letters: str, letter: str, arguments: list[str], index: int, place: int,
                streams: Streams) -> tuple[str, int, int]:
    if place > 1:
        shell.variables["OPTARG"] = arguments[index - 1][place:]
        return letter, index + 1, 1
    if index <= len(arguments):
        shell.variables["OPTARG"] = arguments[index - 1]
        return letter, index + 1, 1
    if letters.startswith(":"):
        shell.variables["OPTARG"] = letter
        return ":", index, 1
    streams.stderr.write(f"No arg for -{letter} option\n".encode())
    return "?", index, 1


async def read(shell: Shell, words: list[str], streams: Streams) -> int:
    given, names = {}, words[1:]
    while names and names[0].startswith("-") and len(names[0]) > 1:
        letter, rest = names[0][1], names[0][2:]
        names = names[1:]
        if letter not in "rpntsdu":
            raise Failed(shell.complain(streams, f"illegal option -{letter}", 2, builtin="read"))
        if letter in "du":
            raise Failed(shell.complain(streams, f"-{letter}: not simulated", 2, builtin="read"))
        if letter not in "rs" and not rest:
            rest, names = (names[0], names[1:]) if names else ("", [])
        given[letter] = rest
    for name in names:
        if not _NAME.fullmatch(name):
            streams.stderr.write(f"{shell.process.arguments[0]}: read: '{name}': bad variable name\n".encode())
            return 1
    line = await _line(shell, given, streams)
    if line is None:
        return 1
    text = line.decode(errors="replace").removesuffix("\n")
    text = text if "r" in given else re.sub(r"\\(.)", r"\1", text)
    _store(shell, names or ["REPLY"], text)
    return 0 if line.endswith(b"\n") or "n" in given else 1


async def _line(shell: Shell, given: dict[str, str], streams: Streams) -> bytes | None:
    """None when the time is up."""
    if "p" in given and shell.process.reads_terminal:
        streams.stderr.write(given["p"].encode())
    if "n" in given:
        return await streams.stdin.read(int(given["n"]) if given["n"].isdigit() else 1)
    line = b""
    seconds = float(given["t"]) if re.fullmatch(r"\d+(?:\.\d+)?", given.get("t", "")) else None
    task = shell.process.do(streams.stdin.readline())
    try:
        line = await wait_for(shell.process.machine.clock, task, seconds)
    except TimeoutError:
        return None
    finally:
        task.cancel()
    while "r" not in given and line.endswith(b"\\\n"):
        line = line[:-2] + await streams.stdin.readline()
    return line


def _store(shell: Shell, names: list[str], text: str) -> None:
    """One field for each name; the last takes what is left."""
    separators = shell.variables.get("IFS", WHITE_SPACE)
    white = "".join(c for c in separators if c in WHITE_SPACE)
    text = text.strip(white) if white else text
    for name in names[:-1]:
        end = next((place for place, c in enumerate(text) if c in separators), len(text))
        shell.assign({name: text[:end]})
        rest = text[end:].lstrip(white) if white else text[end:]
        if rest[:1] in separators and rest[:1] and rest[:1] not in white:
            rest = rest[1:].lstrip(white) if white else rest[1:]
        text = rest
    shell.assign({names[-1]: text})

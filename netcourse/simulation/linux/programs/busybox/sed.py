"""busybox sed (editors/sed.c): a script done for each line. Branches and files of its own are not there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox import expressions
from netcourse.simulation.linux.programs.busybox.inputs import lines_of, read_all
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, option_list, usage

_PLAIN, _TEXTS, _UNSIMULATED = "pdDPqQ=nNhHgGx{}", "aic", "btTrwl:"
_ADDRESS = re.compile(r"\d+|\$|/((?:\\.|\[[^]]*\]|[^/\\])*)/(I?)")
Address = int | str | re.Pattern[str]


@dataclass
class _Command:
    """``until``: the second address of a range; ``inside``: whether the range has begun and not yet ended."""

    name: str
    start: Address | None
    until: Address | None
    inverted: bool
    pattern: re.Pattern[str] | None = None
    text: str = ""
    flags: str = ""
    body: list[_Command] = field(default_factory=list)
    inside: bool = False


class _Script:
    """Reads a script, one command after another."""

    def __init__(self, text: str, *, extended: bool) -> None:
        self._text, self._at, self._extended = text, 0, extended

    def commands(self, *, in_braces: bool = False) -> list[_Command]:
        found: list[_Command] = []
        while True:
            self._skip(" \t\n;")
            if self._at >= len(self._text):
                if in_braces:
                    raise Complaint("sed: unmatched '{'")
                return found
            command = self._command()
            if command.name == "}":
                return found
            found.append(command)

    def _skip(self, characters: str) -> None:
        while self._text[self._at:self._at + 1] and self._text[self._at] in characters:
            self._at += 1

    def _command(self) -> _Command:
        start, until = self._address(), None
        self._skip(" ")
        if start is not None and self._text.startswith(",", self._at):
            self._at += 1
            self._skip(" ")
            until = self._address()
            if until is None:
                raise Complaint("sed: no address after comma")
        self._skip(" ")
        inverted = self._text.startswith("!", self._at)
        self._at += inverted
        self._skip(" ")
        name = self._text[self._at:self._at + 1]
        self._at += 1
        command = _Command(name, start, until, inverted)
        self._finish(command)
        return command

    def _address(self) -> Address | None:
        match = _ADDRESS.match(self._text, self._at)
        if match is None:
            return None
        self._at = match.end()
        if match[0][0] == "/":
            return _compiled(match[1], extended=self._extended, ignoring_case=bool(match[2]))
        return "$" if match[0] == "$" else int(match[0])

    def _finish(self, command: _Command) -> None:
        if not command.name:
            raise Complaint("sed: missing command")
        if command.name in _UNSIMULATED:
            raise Complaint(f"sed: {command.name} is not simulated by netcourse")
        if command.name == "{":
            command.body = self.commands(in_braces=True)
        elif command.name == "s":
            self._substitution(command)
        elif command.name == "y":
            command.text, command.flags = self._parts()
        elif command.name in _TEXTS:
            command.text = self._rest()
        elif command.name not in _PLAIN:
            raise Complaint(f"sed: unsupported command {command.name}")

    def _rest(self) -> str:
        end = self._text.find("\n", self._at)
        while end > 0 and self._text[end - 1] == "\\":
            end = self._text.find("\n", end + 1)
        text = self._text[self._at:end if end >= 0 else len(self._text)]
        self._at += len(text)
        return re.sub(r"\\(.)", r"\1", re.sub(r"\A[ \t]*(?:\\\n?)?[ \t]*", "", text), flags=re.DOTALL)

    def _parts(self) -> tuple[str, str]:
        """The two texts of s and y, between three of whatever sign stands first."""
        sign = self._text[self._at:self._at + 1]
        self._at += 1
        found: list[str] = []
        current = ""
        while len(found) < 2:
            if self._at >= len(self._text):
                raise Complaint(f"sed: unmatched '{sign}'")
            character = self._text[self._at]
            following = self._text[self._at + 1:self._at + 2]
            if character == "\\" and following:
                current += following if following == sign else character + following
                self._at += 2
                continue
            self._at += 1
            if character == sign:
                found.append(current)
                current = ""
            else:
                current += character
        return found[0], found[1]

    def _substitution(self, command: _Command) -> None:
        pattern, command.text = self._parts()
        flags = re.compile(r"[gpIi\d]*").match(self._text, self._at)
        assert flags is not None
        command.flags, self._at = flags[0], flags.end()
        rest = self._text[self._at:self._at + 1]
        if rest and rest not in " \t\n;}":
            raise Complaint("sed: bad option in substitution expression")
        ignoring_case = bool(set("Ii") & set(command.flags))
        command.pattern = _compiled(pattern, extended=self._extended, ignoring_case=ignoring_case)


def _compiled(text: str, *, extended: bool, ignoring_case: bool) -> re.Pattern[str]:
    try:
        return expressions.compiled(text, extended=extended, ignoring_case=ignoring_case)
    except re.error:
        raise Complaint(f"sed: bad regex '{text}'") from None


class _Quit(Exception):
    """No more lines are to be read."""


class _Next(Exception):
    """The line at hand is done with."""


class _Editor:
    """The lines of an input as a script changes them. ``output`` is what has been printed."""

    def __init__(self, commands: list[_Command], lines: list[str], *, is_silent: bool) -> None:
        self._commands, self._lines, self._is_silent = commands, lines, is_silent
        self._at, self._space, self._held = 0, "", ""
        self._appended: list[str] = []
        self.output: list[str] = []

    def run(self) -> None:
        try:
            while self._read():
                self._do_line()
        except _Quit:
            return

    def _read(self) -> bool:
        if self._at >= len(self._lines):
            return False
        self._space = self._lines[self._at]
        self._at += 1
        return True

    def _do_line(self) -> None:
        quits = False
        try:
            self._do(self._commands)
        except _Next:
            self._flush()
            return
        except _Quit:
            quits = True
        if not self._is_silent:
            self.output.append(self._space)
        self._flush()
        if quits:
            raise _Quit

    def _flush(self) -> None:
        self.output += self._appended
        self._appended = []

    def _do(self, commands: list[_Command]) -> None:
        for command in commands:
            if self._is_meant(command) != command.inverted:
                if command.name == "{":
                    self._do(command.body)
                else:
                    self._do_one(command)

    def _is_meant(self, command: _Command) -> bool:
        if command.start is None:
            return True
        if command.until is None:
            return self._fits(command.start)
        if not command.inside:
            if not self._fits(command.start):
                return False
            command.inside = not (isinstance(command.until, int) and command.until <= self._at)
            return True
        ended = self._at >= command.until if isinstance(command.until, int) else self._fits(command.until)
        command.inside = not ended
        return True

    def _fits(self, address: Address) -> bool:
        if isinstance(address, re.Pattern):
            return address.search(self._space) is not None
        return self._at == (len(self._lines) if address == "$" else address)

    def _do_one(self, command: _Command) -> None:
        name = command.name
        if name == "s":
            self._substitute(command)
        elif name == "y":
            self._space = self._space.translate(str.maketrans(command.text, command.flags))
        elif name in "hHgGx":
            self._exchange(name)
        elif name in _TEXTS:
            self._place(command)
        else:
            self._go_on(name)

    def _substitute(self, command: _Command) -> None:
        assert command.pattern is not None
        digits = re.sub(r"\D", "", command.flags)
        first, numbers = int(digits or 1), count(1)

        def replaced(match: re.Match[str]) -> str:
            number = next(numbers)
            wanted = number == first or (number > first and "g" in command.flags)
            return _filled(command.text, match) if wanted else match[0]

        changed = command.pattern.sub(replaced, self._space)
        happened = next(numbers) > first
        self._space = changed
        if happened and "p" in command.flags:
            self.output.append(self._space)

    def _exchange(self, name: str) -> None:
        if name == "x":
            self._space, self._held = self._held, self._space
        elif name in "hH":
            self._held = self._space if name == "h" else f"{self._held}\n{self._space}"
        else:
            self._space = self._held if name == "g" else f"{self._space}\n{self._held}"

    def _place(self, command: _Command) -> None:
        if command.name == "a":
            self._appended.append(command.text)
        elif command.name == "i":
            self.output.append(command.text)
        else:
            if not command.inside:
                self.output.append(command.text)
            raise _Next

    def _go_on(self, name: str) -> None:
        if name == "=":
            self.output.append(str(self._at))
        elif name in "pP":
            self.output.append(self._space if name == "p" else self._space.partition("\n")[0])
        elif name in "dD":
            raise _Next
        elif name in "qQ":
            if name == "Q":
                self._is_silent = True
            raise _Quit
        elif name == "n":
            self._following(self._space if not self._is_silent else None)
        elif name == "N":
            before = self._space
            self._following(None)
            self._space = f"{before}\n{self._space}"

    def _following(self, printed: str | None) -> None:
        if self._at >= len(self._lines):
            raise _Quit
        if printed is not None:
            self.output.append(printed)
        self._flush()
        self._read()


def _filled(text: str, match: re.Match[str]) -> str:
    def part(found: re.Match[str]) -> str:
        if found[0] == "&":
            return match[0]
        if found[1].isdigit():
            return match[int(found[1])] or ""
        return {"n": "\n", "t": "\t"}.get(found[1], found[1])

    return re.sub(r"\\(.)|&", part, text, flags=re.DOTALL)


@complaining
async def sed(process: Process) -> int:
    found, names = option_list(process, "nie:f:rEsz", "quiet=n", "silent=n", "regexp-extended=E", "expression=e")
    given = dict(found)
    unsimulated = given.keys() & set("fz")
    if unsimulated:
        raise Complaint(f"sed: -{min(unsimulated)} is not simulated by netcourse")
    scripts = [value for letter, value in found if letter == "e"]
    if not scripts:
        if not names:
            raise usage("sed")
        scripts = [names.pop(0)]
    commands = _Script("\n".join(scripts), extended=bool(given.keys() & {"r", "E"})).commands()
    inputs, code = await read_all(process, names, verb="")
    if "i" not in given:
        inputs = [("", b"".join(data for _, data in inputs))]
    for name, data in inputs:
        editor = _Editor(commands, lines_of(data), is_silent="n" in given)
        editor.run()
        text = "".join(f"{line}\n" for line in editor.output)
        if "i" in given:
            process.files.write(process.files.resolve(name, process.directory), text.encode())
        else:
            process.write(text if data.endswith(b"\n") or not data else text.removesuffix("\n"))
    return code

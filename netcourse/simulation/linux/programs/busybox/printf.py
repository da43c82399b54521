"""busybox printf (coreutils/printf.c). All is bytes, as in C: a character here stands for one byte."""

from __future__ import annotations

import contextlib
import math
import re

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, usage
from netcourse.simulation.linux.programs.busybox.text import ESCAPES

_DIRECTIVE = re.compile(r"(?P<shape>(?P<flags>[-+ #0]*)(?P<width>\*|\d*)(?P<precision>\.(?:\*|\d*))?)"
                        r"(?P<size>[lLhz]*)(?P<kind>.?)", re.DOTALL)
_HEXADECIMAL = re.compile(r"x([0-9a-fA-F]{1,2})")
# no more digits than make a byte
_OCTAL = re.compile(r"([0-3]?[0-7]{1,2})")
_OCTAL_OF_ECHO = re.compile(r"0?([0-3]?[0-7]{1,2})")
_INTEGER = re.compile(r"[-+]?(?:0x[0-9a-fA-F]+|0[0-7]*|[1-9]\d*)")
_LARGEST_WIDTH = 1 << 16


class _Stop(Exception):
    """Nothing more is printed: after ``\\c``, or a directive that there isn't."""


@complaining
async def printf(process: Process) -> int:
    words = process.arguments[1:]
    words = words[1:] if words[:1] == ["--"] else words
    speaker = process.builtin_of or "printf"
    if not words:
        raise Complaint(f"{speaker}: usage: printf FORMAT [ARGUMENT...]", 2) if process.builtin_of else usage("printf")
    run = _Run([word.encode(errors="surrogateescape").decode("latin-1") for word in words])
    with contextlib.suppress(_Stop):
        run.print_all()
    process.stdout.write("".join(run.printed).encode("latin-1"))
    for complaint in run.complaints:
        process.complain(f"{speaker}: {complaint}")
    return run.code


class _Run:
    """One printf: its format, the words that are left, and what has been printed and complained of."""

    def __init__(self, words: list[str]) -> None:
        self._format, self._words = words[0], words[1:]
        self.printed: list[str] = []
        self.complaints: list[str] = []
        self.code = 0

    def print_all(self) -> None:
        """The format again and again, until no word is left."""
        left = len(self._words) + 1
        while left > len(self._words):
            left = len(self._words)
            self._print_once()
            if not self._words:
                return

    def _print_once(self) -> None:
        at = 0
        while at < len(self._format):
            character, at = self._format[at], at + 1
            if character == "%":
                at = self._directive(at)
            elif character == "\\":
                text, at = _escape(self._format, at, octal=_OCTAL)
                self.printed.append(text)
            else:
                self.printed.append(character)

    def _directive(self, at: int) -> int:
        """What follows a percent sign; where the format goes on."""
        if self._format[at:at + 1] == "%":
            self.printed.append("%")
            return at + 1
        if self._format[at:at + 1] == "b":
            self.printed.append(_unescaped(self._next(), self.printed))
            return at + 1
        match = _DIRECTIVE.match(self._format, at)
        assert match is not None
        kind = match["kind"]
        if not kind or kind not in "diouxXfeEgGcs":
            self._complain(f"%{match['shape']}{self._format[match.end('size'):]}: invalid format")
            raise _Stop
        width, precision = self._measure(match["width"]), self._measure((match["precision"] or "")[1:])
        shape = f"%{match['flags']}{width}" + (f".{precision}" if match["precision"] else "")
        self.printed.append(self._converted(shape, kind, self._next()))
        return match.end()

    def _next(self) -> str:
        return self._words.pop(0) if self._words else ""

    def _measure(self, text: str) -> str:
        """A width or a precision, from the next word where it is a star."""
        if text != "*":
            return text if int(text or 0) < _LARGEST_WIDTH else "0"
        value = self._integer(self._next(), counts=False)
        return str(value) if abs(value) < _LARGEST_WIDTH else "0"

    def _converted(self, shape: str, kind: str, word: str) -> str:
        if kind == "s":
            return f"{shape}s" % word
        if kind == "c":
            return f"{shape}s" % (word[:1] or "\0")
        if kind in "feEgG":
            return f"{shape}{kind}" % self._number(word)
        if kind in "di":
            return f"{shape}d" % self._integer(word)
        value = self._integer(word, most=1 << 64) % (1 << 64)
        if kind == "o" and "#" in shape:
            return f"{shape.replace('#', '')}s" % f"0{value:o}"
        return f"{shape}{'d' if kind == 'u' else kind}" % value

    def _integer(self, word: str, *, most: int = 1 << 63, counts: bool = True) -> int:
        word = word.lstrip()
        if word[:1] in ("'", '"'):
            word = str(ord(word[1:2] or "\0"))
        if _INTEGER.fullmatch(word):
            value = int(re.sub(r"^([-+]?)0(?=[0-7])", r"\g<1>0o", word), 0)
            if -1 << 63 <= value < most:
                return value
        self._complain(f"invalid number '{word}'", counts=counts)
        return 0

    def _number(self, word: str) -> float:
        text = word.lstrip().lower()
        try:
            value = float.fromhex(text) if "x" in text else float(text or 0)
            if text == text.rstrip() and "_" not in text and (math.isfinite(value) or "n" in text):
                return value
        except (ValueError, OverflowError):
            value = 0.0
        self._complain(f"invalid number '{word}'")
        return value if math.isinf(value) else 0.0

    def _complain(self, text: str, *, counts: bool = True) -> None:
        """``counts``: the exit code tells of it."""
        self.complaints.append(text)
        self.code = self.code or int(counts)


def _escape(text: str, at: int, *, octal: re.Pattern[str]) -> tuple[str, int]:
    """What a backslash before ``at`` means, and where the text goes on. Raises _Stop."""
    kind = text[at:at + 1]
    if kind == "c":
        raise _Stop
    if (named := ESCAPES.get(kind)) is not None:
        return named, at + 1
    if (match := _HEXADECIMAL.match(text, at)) is not None:
        return chr(int(match[1], 16)), match.end()
    if (match := octal.match(text, at)) is not None:
        return chr(int(match[1], 8)), match.end()
    return "\\", at


def _unescaped(word: str, printed: list[str]) -> str:
    """A word for ``%b``; what stands before ``\\c`` is printed all the same. Raises _Stop."""
    at = 0
    while (place := word.find("\\", at)) >= 0:
        printed.append(word[at:place])
        text, at = _escape(word, place + 1, octal=_OCTAL_OF_ECHO)
        printed.append(text)
    return word[at:]

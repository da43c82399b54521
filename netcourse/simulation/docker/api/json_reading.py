"""JSON as dockerd reads it: Go's encoding/json, with its words for what isn't JSON.

Seen on Engine 28.5.2. Which fields a body may have, and of which types, stands in ``bodies``.
"""

from __future__ import annotations

import json
import re
from typing import Any

LONGEST_INTEGER = 19
DEEPEST, TOO_DEEP = 10000, "exceeded max depth"
CUT_OFF = "unexpected EOF"

_BLANKS = " \t\r\n"
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_MORE_OF_A_NUMBER = re.compile(r"\.|[eE][+-]?")
"""What Python leaves behind a number that isn't one yet."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}:,]|[^][{}:,"\s]+')
_DEEPEST_READ = 50
_CLOSINGS = {"{": "}", "[": "]"}
_AFTER = {"}": "after object key:value pair", "]": "after array element"}
_LITERALS = {"n": "null", "t": "true", "f": "false"}
_SHOWN = {"'": r"'\''", "\\": r"'\\'", "\t": r"'\t'", "\n": r"'\n'", "\r": r"'\r'", "\ufeff": r"'\ufeff'"}


class NotJSON(ValueError):
    """The message is Go's own."""


class LongNumber(str):
    """A number that no int64 holds, as it was written: with a fraction, an exponent or too many digits."""


def read_value(text: str) -> tuple[Any, str]:
    """The first value in ``text``, and what follows it. Raises NotJSON; EOFError when there is nothing at all."""
    start = text.lstrip(_BLANKS)
    if not start:
        raise EOFError
    try:
        value, end = _DECODER.raw_decode(start)
    except RecursionError:
        end = _Scanner(start).value()
        value, _ = _DECODER.raw_decode(_made_shallow(start[:end]))
    except ValueError:
        _Scanner(start).value()
        raise NotJSON(CUT_OFF) from None
    if _MORE_OF_A_NUMBER.match(start, end):
        _Scanner(start).value()
    return value, start[end:].lstrip(_BLANKS)


def _made_shallow(text: str) -> str:
    """Without what is in the deepest collections: nothing that dockerd looks at is so deep."""
    kept, depth = [], 0
    for token in _TOKEN.findall(text):
        depth += token in ("[", "{")
        if depth < _DEEPEST_READ or (depth == _DEEPEST_READ and token in ("[", "{", "]", "}")):
            kept.append(token)
        depth -= token in ("]", "}")
    return "".join(kept)


def _integer(text: str) -> int | LongNumber:
    return int(text) if len(text.lstrip("-")) <= LONGEST_INTEGER else LongNumber(text)


def _refuse(constant: str) -> None:
    """Python reads NaN and Infinity, which JSON hasn't."""
    raise ValueError(constant)


_DECODER = json.JSONDecoder(parse_float=LongNumber, parse_int=_integer, parse_constant=_refuse)


class _Scanner:
    """Walks through a text that isn't JSON until it meets what is wrong."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def _next(self) -> str:
        """The next character that isn't blank. Raises NotJSON at the end."""
        while self._at < len(self._text) and self._text[self._at] in _BLANKS:
            self._at += 1
        return self._here()

    def _here(self) -> str:
        if self._at >= len(self._text):
            raise NotJSON(CUT_OFF)
        return self._text[self._at]

    def _wrong(self, where: str) -> NotJSON:
        return NotJSON(f"invalid character {_shown(self._here())} {where}")

    def value(self) -> int:
        """Where the value ends. Raises NotJSON."""
        open_ones = self._begin([])
        while open_ones:
            closing = open_ones[-1]
            found = self._next()
            if found == closing:
                open_ones.pop()
            elif found != ",":
                raise self._wrong(_AFTER[closing])
            self._at += 1
            if found == ",":
                self._member(open_ones)
        return self._at

    def _begin(self, open_ones: list[str]) -> list[str]:
        """A value, or no more of it than the first value inside."""
        while (character := self._next()) in _CLOSINGS:
            closing = _CLOSINGS[character]
            self._at += 1
            if len(open_ones) == DEEPEST:
                raise NotJSON(TOO_DEEP)
            open_ones.append(closing)
            if self._next() == closing:
                return open_ones
            if closing == "}":
                self._key()
        self._plain(character)
        return open_ones

    def _member(self, open_ones: list[str]) -> None:
        if open_ones[-1] == "}":
            self._key()
        self._begin(open_ones)

    def _plain(self, character: str) -> None:
        if character == '"':
            self._string()
        elif character in _LITERALS:
            self._literal(_LITERALS[character])
        elif character == "-" or character.isdecimal():
            self._number()
        else:
            raise self._wrong("looking for beginning of value")

    def _key(self) -> None:
        if self._next() != '"':
            raise self._wrong("looking for beginning of object key string")
        self._string()
        if self._next() != ":":
            raise self._wrong("after object key")
        self._at += 1

    def _string(self) -> None:
        self._at += 1
        while (character := self._here()) != '"':
            if character == "\\":
                self._escape()
            elif character < " ":
                raise self._wrong("in string")
            else:
                self._at += 1
        self._at += 1

    def _escape(self) -> None:
        found = _ESCAPE.match(self._text, self._at)
        if found is None:
            length = 6 if self._text[self._at + 1:self._at + 2] == "u" else 2
            if self._at + length > len(self._text):
                raise NotJSON(CUT_OFF)
            raise NotJSON(f"invalid escape sequence `{self._text[self._at:self._at + length]}` in string")
        self._at = found.end()

    def _literal(self, word: str) -> None:
        for expected in word:
            if self._here() != expected:
                raise self._wrong(f"in literal {word} (expecting {_shown(expected)})")
            self._at += 1

    def _number(self) -> None:
        found = _NUMBER.match(self._text, self._at)
        self._at = found.end() if found else self._at + 1
        rest = _MORE_OF_A_NUMBER.match(self._text, self._at)
        if found is None or rest is not None:
            self._at = rest.end() if rest else self._at
            raise self._wrong("in numeric literal")


def _shown(character: str) -> str:
    """As Go quotes a character; a byte that isn't UTF-8 came here as a lone surrogate."""
    if "\udc80" <= character <= "\udcff":
        return f"'\\x{ord(character) - 0xdc00:02x}'"
    if character < " " or character == "\x7f":
        return _SHOWN.get(character, f"'\\x{ord(character):02x}'")
    return _SHOWN.get(character, f"'{character}'")

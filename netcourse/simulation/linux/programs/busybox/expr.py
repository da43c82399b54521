"""busybox expr (coreutils/expr.c): one expression of numbers and texts, each word a part of it."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.expressions import compiled
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining

WRONG = 2
_NUMBER = re.compile(r"\s*[-+]?\d+")
Value = int | str
_COMPARISONS: dict[str, Callable[[Value, Value], bool]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, "==": operator.eq, "!=": operator.ne, ">=": operator.ge,
    ">": operator.gt}


@complaining
async def expr(process: Process) -> int:
    if len(process.arguments) < 2:
        raise Complaint("expr: too few arguments", WRONG)
    value = _Reader(process.arguments[1:]).whole()
    process.write(f"{value}\n")
    return int(_is_nothing(value))


def _is_nothing(value: Value) -> bool:
    return value in (0, "", "0")


def _number(value: Value) -> int:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise Complaint("expr: non-numeric argument", WRONG)
    return int(value)


class _Reader:
    """What is left to read. Each method reads what binds as tightly as its name says, or tighter."""

    def __init__(self, words: list[str]) -> None:
        self._words = words

    def whole(self) -> Value:
        value = self._either()
        if self._words:
            raise Complaint("expr: syntax error", WRONG)
        return value

    def _next(self, *wanted: str) -> str:
        return self._words.pop(0) if self._words and self._words[0] in wanted else ""

    def _either(self) -> Value:
        value = self._both()
        while self._next("|"):
            other = self._both()
            value = other if _is_nothing(value) else value
        return value

    def _both(self) -> Value:
        value = self._comparison()
        while self._next("&"):
            other = self._comparison()
            value = 0 if _is_nothing(value) or _is_nothing(other) else value
        return value

    def _comparison(self) -> Value:
        value = self._sum()
        while sign := self._next(*_COMPARISONS):
            other = self._sum()
            are_numbers = all(_NUMBER.fullmatch(str(side)) for side in (value, other))
            sides = (int(value), int(other)) if are_numbers else (str(value), str(other))
            value = int(_COMPARISONS[sign](*sides))
        return value

    def _sum(self) -> Value:
        value = self._product()
        while sign := self._next("+", "-"):
            other = _number(self._product())
            value = _number(value) + (other if sign == "+" else -other)
        return value

    def _product(self) -> Value:
        value = self._match()
        while sign := self._next("*", "/", "%"):
            left, right = _number(value), _number(self._match())
            if sign != "*" and right == 0:
                raise Complaint("expr: division by zero", WRONG)
            quotient = abs(left) // abs(right or 1) * (1 if left * right >= 0 else -1)
            value = {"*": left * right, "/": quotient, "%": left - quotient * right}[sign]
        return value

    def _match(self) -> Value:
        value = self._one()
        while self._next(":"):
            value = _matched(str(value), str(self._one()))
        return value

    def _one(self) -> Value:
        if not self._words:
            raise Complaint("expr: syntax error", WRONG)
        word = self._words.pop(0)
        if word == "(":
            value = self._either()
            if not self._next(")"):
                raise Complaint("expr: syntax error", WRONG)
            return value
        if word == ")":
            raise Complaint("expr: syntax error", WRONG)
        return self._named(word) if word in ("match", "substr", "index", "length", "quote") else word

    def _named(self, word: str) -> Value:
        if word == "quote" and self._words:
            return self._words.pop(0)
        text = str(self._one())
        if word == "length":
            return len(text)
        if word == "match":
            return _matched(text, str(self._one()))
        if word == "index":
            characters = str(self._one())
            return next((place for place, c in enumerate(text, 1) if c in characters), 0)
        first, count = _number(self._one()), _number(self._one())
        return text[first - 1:first - 1 + count] if first > 0 and count > 0 else ""


def _matched(text: str, pattern: str) -> Value:
    """From its beginning: what the first group holds, or how many characters match."""
    try:
        found = compiled(pattern, extended=False).match(text)
    except re.error:
        raise Complaint(f"expr: bad regex '{pattern}': Invalid regular expression", WRONG) from None
    if re.search(r"\\\(", pattern):
        return found[1] or "" if found else ""
    return len(found[0]) if found else 0

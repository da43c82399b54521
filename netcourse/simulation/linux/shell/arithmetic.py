"""Arithmetic as $(( )) has it: C's operators on 64-bit integers (POSIX, section 2.6.4; busybox math.c)."""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping

_TOKEN = re.compile(
    r"\s*(0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|\*\*|<<=|>>=|\+\+|--|<<|>>|[<>=!]=|&&|\|\||[-+*/%&|^]=|\S)")
_LEVELS: list[list[str]] = [["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", "<=", ">", ">="], ["<<", ">>"],
                            ["+", "-"], ["*", "/", "%"], ["**"]]
_ASSIGNMENTS = {"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="}
LARGEST_SHIFT = 64


class BadArithmetic(Exception):
    """The message is ash's own."""


def _divided(left: int, right: int) -> int:
    if right == 0:
        raise BadArithmetic("divide by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _power(left: int, right: int) -> int:
    if right < 0:
        raise BadArithmetic("exponent less than 0")
    return pow(left, right, 1 << 64)


_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "||": lambda a, b: int(bool(a or b)), "&&": lambda a, b: int(bool(a and b)), "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b, "&": lambda a, b: a & b, "==": lambda a, b: int(a == b), "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b), "<=": lambda a, b: int(a <= b), ">": lambda a, b: int(a > b),
    ">=": lambda a, b: int(a >= b),
    "<<": lambda a, b: a << b % LARGEST_SHIFT, ">>": lambda a, b: a >> b % LARGEST_SHIFT,
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": _divided,
    "%": lambda a, b: a - b * _divided(a, b), "**": _power,
}


def evaluate(text: str, variables: MutableMapping[str, str]) -> int:
    """The value of ``text``; assignments in it change ``variables``. Raises BadArithmetic."""
    expression = _Expression(_TOKEN.findall(text.rstrip()), variables)
    if not expression.words:
        return 0
    value = expression.comma()
    if expression.words:
        raise BadArithmetic("arithmetic syntax error")
    return value


def _wrapped(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


class _Expression:
    """What is left to read of an expression."""

    def __init__(self, words: list[str], variables: MutableMapping[str, str]) -> None:
        self.words = words
        self._variables = variables

    def _take(self) -> str:
        if not self.words:
            raise BadArithmetic("arithmetic syntax error")
        return self.words.pop(0)

    def _is_next(self, *words: str) -> bool:
        return bool(self.words) and self.words[0] in words

    def comma(self) -> int:
        value = self._assignment()
        while self._is_next(","):
            self._take()
            value = self._assignment()
        return value

    def _assignment(self) -> int:
        if len(self.words) > 1 and _is_name(self.words[0]) and self.words[1] in _ASSIGNMENTS:
            name, operator = self._take(), self._take()[:-1]
            value = self._assignment()
            return self._store(name, _OPERATIONS[operator](self._value(name), value) if operator else value)
        return self._conditional()

    def _store(self, name: str, value: int) -> int:
        self._variables[name] = str(_wrapped(value))
        return _wrapped(value)

    def _conditional(self) -> int:
        value = self._binary(0)
        if not self._is_next("?"):
            return value
        self._take()
        first = self.comma()
        if self._take() != ":":
            raise BadArithmetic("arithmetic syntax error")
        second = self._assignment()
        return first if value else second

    def _binary(self, level: int) -> int:
        if level == len(_LEVELS):
            return self._unary()
        value = self._binary(level + 1)
        while self._is_next(*_LEVELS[level]):
            operator = self._take()
            value = _wrapped(_OPERATIONS[operator](value, self._binary(level + 1)))
        return value

    def _unary(self) -> int:
        word = self._take()
        if word in ("++", "--"):
            name = self._take()
            return self._store(name, self._value(name) + (1 if word == "++" else -1))
        signs: dict[str, Callable[[int], int]] = {"-": lambda v: -v, "+": lambda v: v, "~": lambda v: ~v,
                                                  "!": lambda v: int(not v)}
        if word in signs:
            return _wrapped(signs[word](self._unary()))
        if word == "(":
            value = self.comma()
            if self._take() != ")":
                raise BadArithmetic("arithmetic syntax error")
            return value
        return self._operand(word)

    def _operand(self, word: str) -> int:
        if not _is_name(word):
            return _number(word)
        value = self._value(word)
        if self._is_next("++", "--"):
            self._store(word, value + (1 if self._take() == "++" else -1))
        return value

    def _value(self, name: str) -> int:
        return _number(self._variables.get(name, "") or "0")


def _is_name(word: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z_]\w*", word))


def _number(word: str) -> int:
    match = re.fullmatch(r"\s*(-?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)\s*", word)
    if match is None:
        raise BadArithmetic("arithmetic syntax error")
    digits = match[2]
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10
    return _wrapped(int(match[1] + digits, base))

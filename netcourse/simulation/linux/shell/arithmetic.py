"""Arithmetic as $(( )) has it: C's operators on 64-bit integers (POSIX, section 2.6.4; busybox math.c)."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, MutableMapping

_TOKEN = re.compile(
    r"\s*(0[xX][0-9a-fA-F]*|\d+#[\w@]+|\d+|[A-Za-z_]\w*|\*\*|<<=|>>=|\+\+|--|<<|>>|[<>=!]=|&&|\|\||[-+*/%&|^]=|\S)")
_LEVELS: list[list[str]] = [["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", "<=", ">", ">="], ["<<", ">>"],
                            ["+", "-"], ["*", "/", "%"], ["**"]]
_ASSIGNMENTS = {"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="}
LARGEST_SHIFT = 64
DIGITS = f"{string.digits}{string.ascii_letters}@_"


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


def evaluate(text: str, variables: MutableMapping[str, str], within: frozenset[str] = frozenset()) -> int:
    """The value of ``text``; assignments in it change ``variables``. Raises BadArithmetic.

    ``within`` are the variables in whose values it stands: a value may be an expression too.
    """
    expression = _Expression(_words(text), variables, within)
    if not expression.words:
        return 0
    value = expression.comma()
    if expression.words:
        raise BadArithmetic("arithmetic syntax error")
    return value


def _words(text: str) -> list[str]:
    """Two signs change a variable only where they stand beside its name; else each is a sign of its own."""
    words: list[str] = []
    at = 0
    while found := _TOKEN.match(text, at):
        word, at = found[1], found.end()
        if word in ("++", "--"):
            after_operand = bool(words) and re.fullmatch(r"\w+|\)", words[-1]) is not None
            following = _TOKEN.match(text, at)
            beside = words[-1] if after_operand else following[1] if following else ""
            if not _is_name(beside):
                word, at = word[0], at - 1
        words.append(word)
    return words


def _wrapped(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


class _Expression:
    """What is left to read of an expression."""

    def __init__(self, words: list[str], variables: MutableMapping[str, str], within: frozenset[str]) -> None:
        self.words = words
        self._variables, self._within = variables, within
        self._idle = 0

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
        if not self._idle:
            self._variables[name] = str(_wrapped(value))
        return _wrapped(value)

    def _conditional(self) -> int:
        value = self._binary(0)
        if not self._is_next("?"):
            return value
        self._take()
        first = self._alternative(self.comma, is_chosen=bool(value))
        if self._take() != ":":
            raise BadArithmetic("arithmetic syntax error")
        second = self._alternative(self._assignment, is_chosen=not value)
        return first if value else second

    def _alternative(self, read: Callable[[], int], *, is_chosen: bool) -> int:
        """What isn't chosen is read only."""
        self._idle += not is_chosen
        try:
            return read()
        finally:
            self._idle -= not is_chosen

    def _binary(self, level: int) -> int:
        if level == len(_LEVELS):
            return self._unary()
        value = self._binary(level + 1)
        while self._is_next(*_LEVELS[level]):
            operator = self._take()
            right = self._binary(level if operator == "**" else level + 1)
            value = 0 if self._idle else _wrapped(_OPERATIONS[operator](value, right))
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
            if self.words and self._take() != ")":
                raise BadArithmetic("arithmetic syntax error")
            return value  # at the very end none is missed
        return self._operand(word)

    def _operand(self, word: str) -> int:
        if not _is_name(word):
            return _number(word)
        value = self._value(word)
        if self._is_next("++", "--"):
            self._store(word, value + (1 if self._take() == "++" else -1))
        return value

    def _value(self, name: str) -> int:
        if self._idle:
            return 0
        if name in self._within:
            raise BadArithmetic("expression recursion loop detected")
        return evaluate(self._variables.get(name, ""), self._variables, self._within | {name})


def _is_name(word: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z_]\w*", word))


def _number(word: str) -> int:
    """Octal after a 0, hexadecimal after 0x, in any base up to 64 as BASE#DIGITS."""
    match = re.fullmatch(r"(?:(\d+)#([\w@]+))|0[xX]([0-9a-fA-F]*)|(0[0-7]*|[1-9]\d*)", word)
    if match is None:
        raise BadArithmetic("arithmetic syntax error")
    base, digits, hexadecimal, plain = match.groups()
    if base is not None:
        return _in_base(int(base), digits)
    return _wrapped(int(plain, 8 if plain[0] == "0" else 10) if plain else int(hexadecimal or "0", 16))


def _in_base(base: int, digits: str) -> int:
    value = 0
    for digit in digits if base > 36 else digits.lower():
        place = DIGITS.find(digit)
        if not (1 < base <= len(DIGITS) and 0 <= place < base):
            raise BadArithmetic("arithmetic syntax error")
        value = _wrapped(value * base + place)
    return value

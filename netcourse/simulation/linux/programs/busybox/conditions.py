"""busybox test, [ and [[ (coreutils/test.c): conditions of a script."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining
from netcourse.simulation.linux.shell import patterns

WRONG = 2
_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda a, b: a == b, "-ne": lambda a, b: a != b, "-lt": lambda a, b: a < b, "-le": lambda a, b: a <= b,
    "-gt": lambda a, b: a > b, "-ge": lambda a, b: a >= b}
_WORDS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda a, b: a == b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    ">": lambda a, b: a > b}
_FILES = {"-nt", "-ot", "-ef"}
_UNARY = set("nzefdsrwxLhtpSbcugkOG")


@complaining
async def test(process: Process) -> int:
    name, words = process.arguments[0], process.arguments[1:]
    end = {"[": "]", "[[": "]]"}.get(name, "")
    if end and words[-1:] != [end]:
        raise Complaint(f"sh: missing {end}", WRONG)
    reader = _Reader(process, words[:-1] if end else words, with_patterns=name == "[[")
    return int(not reader.whole())


class _Reader:
    """What is left to read of a condition."""

    def __init__(self, process: Process, words: list[str], *, with_patterns: bool) -> None:
        self._process, self._words, self._with_patterns = process, words, with_patterns

    def whole(self) -> bool:
        if not self._words:
            return False
        value = self._any()
        if self._words:
            raise Complaint(f"sh: {self._words[0]}: unknown operand", WRONG)
        return value

    def _any(self) -> bool:
        value = self._all()
        while self._joins("-o", "||"):
            self._words.pop(0)
            value = self._all() or value
        return value

    def _all(self) -> bool:
        value = self._not()
        while self._joins("-a", "&&"):
            self._words.pop(0)
            value = self._not() and value
        return value

    def _joins(self, operator: str, in_double_brackets: str) -> bool:
        return self._words[:1] == [operator] or (self._with_patterns and self._words[:1] == [in_double_brackets])

    def _not(self) -> bool:
        if self._words[:1] == ["!"] and len(self._words) > 1 and not self._is_binary(1):
            self._words.pop(0)
            return not self._not()
        return self._one()

    def _is_binary(self, at: int) -> bool:
        known = {*_NUMBERS, *_WORDS, *_FILES} | ({"=~"} if self._with_patterns else set())
        return len(self._words) > at + 1 and self._words[at] in known

    def _one(self) -> bool:
        if not self._words:
            raise Complaint("sh: argument expected", WRONG)
        if self._is_binary(1):
            left, operator, right = (self._words.pop(0) for _ in range(3))
            return self._compare(left, operator, right)
        word = self._words.pop(0)
        if word == "(":
            value = self._any()
            if self._words[:1] != [")"]:
                raise Complaint("sh: closing paren expected", WRONG)
            self._words.pop(0)
            return value
        if len(word) == 2 and word[0] == "-" and word[1] in _UNARY and self._words:
            return self._ask(word[1], self._words.pop(0))
        if len(self._words) == 1 and self._words[0] in {*_NUMBERS, *_WORDS, *_FILES}:
            raise Complaint(f"sh: {self._words[0]}: argument expected", WRONG)
        return bool(word)

    def _compare(self, left: str, operator: str, right: str) -> bool:
        if operator in _NUMBERS:
            return _NUMBERS[operator](_number(left), _number(right))
        if operator == "=~":
            return re.search(right, left) is not None
        if operator in _FILES:
            return self._compare_files(left, operator, right)
        if self._with_patterns and operator in ("=", "==", "!="):
            return patterns.matches(right, left) == (operator != "!=")
        return _WORDS[operator](left, right)

    def _compare_files(self, left: str, operator: str, right: str) -> bool:
        files = self._process.files
        one, other = (files.resolve(name, self._process.directory) for name in (left, right))
        if not (files.exists(one) and files.exists(other)):
            return False
        if operator == "-ef":
            return one == other
        older, newer = sorted((files.modified(one), files.modified(other)))
        return older < newer and (files.modified(one) == newer) == (operator == "-nt")

    def _ask(self, letter: str, word: str) -> bool:
        if letter in "nz":
            return bool(word) == (letter == "n")
        if letter == "t":
            number, terminal = _number(word), self._process.terminal
            return number in (0, 1, 2) and terminal is not None and \
                (self._process.prints_on_terminal if number else self._process.reads_terminal)
        if not word:
            return False
        files = self._process.files
        path = files.resolve(word, self._process.directory)
        itself = files.resolve(word, self._process.directory, follow=False)

        def is_link() -> bool:
            return files.exists(itself) and files.status(itself).target is not None

        questions: dict[str, Callable[[], bool]] = {
            "e": lambda: files.exists(path), "d": lambda: files.is_directory(path),
            "f": lambda: files.exists(path) and not files.is_directory(path), "r": lambda: files.exists(path),
            "w": lambda: files.exists(path), "x": lambda: files.exists(path) and bool(files.status(path).mode & 0o111),
            "s": lambda: files.exists(path) and (files.is_directory(path) or bool(files.read(path))),
            "L": is_link, "h": is_link,
            "c": lambda: files.exists(path) and stat.S_ISCHR(files.status(path).mode)}
        return questions[letter]() if letter in questions else False


def _number(text: str) -> int:
    if not re.fullmatch(r"\s*[-+]?\d+\s*", text):
        raise Complaint(f"sh: {text}: bad number" if text else "sh: bad number", WRONG)
    if abs(int(text)) >> 63:
        raise Complaint(f"sh: {text}: out of range", WRONG)
    return int(text)

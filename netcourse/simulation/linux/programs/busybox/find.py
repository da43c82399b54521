"""busybox find (findutils/find.c): files below a folder that an expression is true of."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint, complaining, usage
from netcourse.simulation.linux.programs.busybox.starting import CannotStart, start
from netcourse.simulation.linux.shell import patterns
from netcourse.simulation.linux.tasks import Future

DEEPEST = 2**31 - 1
_TYPES = {"f": "-", "d": "d", "c": "c", "l": "l", "b": "b", "s": "s", "p": "p"}
_UNSIMULATED = {"-atime", "-ctime", "-mtime", "-mmin", "-amin", "-cmin", "-depth", "-empty", "-executable", "-follow",
                "-group", "-inum", "-links", "-newer", "-ok", "-perm", "-prune", "-quit", "-regex", "-size", "-user",
                "-xdev", "-H", "-L", "-P"}


@dataclass(frozen=True)
class _Found:
    """``shown`` as it is printed: the path given on the command line, and what is below it."""

    shown: str
    path: str
    depth: int


Test = Callable[[_Found], Coroutine[Future[Any], None, bool]]


@complaining
async def find(process: Process) -> int:
    words = process.arguments[1:]
    at = next((place for place, word in enumerate(words) if word.startswith("-") or word in ("(", "!")), len(words))
    search = _Search(process)
    wanted = search.expression(words[at:])
    for name in words[:at] or ["."]:
        path = process.files.resolve(name, process.directory, follow=False)
        if process.files.exists(path):
            await search.visit(_Found(name, path, 0), wanted)
        else:
            process.complain(f"find: {name}: No such file or directory")
            search.code = 1
    await search.run_gathered()
    return search.code


@dataclass
class _Search:
    """An expression is read by descent: ``-o`` binds least, then ``-a`` (which may be left out), then ``!``."""

    process: Process
    code: int = 0
    depths: dict[str, int] = field(default_factory=lambda: {"-mindepth": 0, "-maxdepth": DEEPEST})
    _words: list[str] = field(default_factory=list)
    _acts: bool = False
    _gathered: list[tuple[list[str], list[str]]] = field(default_factory=list)

    async def visit(self, found: _Found, wanted: Test) -> None:
        files = self.process.files
        if found.depth >= self.depths["-mindepth"]:
            await wanted(found)
        if found.depth >= self.depths["-maxdepth"] or not files.is_directory(found.path):
            return
        await self.process.drain()
        for name in files.list(found.path):
            inner = _Found(f"{found.shown.rstrip('/')}/{name}", f"{found.path.rstrip('/')}/{name}", found.depth + 1)
            await self.visit(inner, wanted)

    # Reading the expression

    def expression(self, words: list[str]) -> Test:
        """Raises Complaint."""
        self._words = words
        wanted = self._any() if words else _always
        if self._words:
            raise usage("find", f"unrecognized: {self._words[0]}")
        return wanted if self._acts else _both(wanted, self._print("\n"))

    def _any(self) -> Test:
        test = self._all()
        while self._words[:1] in (["-o"], ["-or"]):
            self._words.pop(0)
            test = _either(test, self._all())
        return test

    def _all(self) -> Test:
        test = self._one()
        while self._words and self._words[0] not in ("-o", "-or", ")"):
            if self._words[0] in ("-a", "-and"):
                self._words.pop(0)
            test = _both(test, self._one())
        return test

    def _one(self) -> Test:
        word = self._words.pop(0) if self._words else ""
        if word in ("!", "-not"):
            return _not(self._one())
        if word == "(":
            test = self._any()
            if self._words[:1] != [")"]:
                raise Complaint("find: unpaired '('")
            self._words.pop(0)
            return test
        if word in _UNSIMULATED:
            raise Complaint(f"find: {word} is not simulated by netcourse")
        if word not in _PREDICATES:
            raise usage("find", f"unrecognized: {word}")
        return _PREDICATES[word](self, word)

    def _argument(self, word: str) -> str:
        if not self._words:
            raise Complaint(f"find: {word} requires an argument")
        return self._words.pop(0)

    # Predicates and actions

    def name(self, word: str) -> Test:
        """``-name`` and ``-path``; with an ``i``, in any case."""
        pattern, in_any_case, of_path = self._argument(word), word[1] == "i", word.endswith("path")
        pattern = pattern.lower() if in_any_case else pattern

        async def test(found: _Found) -> bool:
            text = found.shown if of_path else posixpath.basename(found.shown.rstrip("/")) or found.shown
            return patterns.matches(pattern, text.lower() if in_any_case else text)

        return test

    def type(self, word: str) -> Test:
        kind = self._argument(word)
        if kind not in _TYPES:
            raise Complaint(f"find: invalid argument '{kind}' to '-type'")

        async def test(found: _Found) -> bool:
            return str(self.process.files.status(found.path))[0] == _TYPES[kind]

        return test

    def depth(self, word: str) -> Test:
        text = self._argument(word)
        if not text.isdigit():
            raise Complaint(f"find: invalid number '{text}'")
        self.depths[word] = int(text)
        return _always

    def print(self, word: str) -> Test:
        self._acts = True
        return self._print("\0" if word == "-print0" else "\n")

    def _print(self, end: str) -> Test:
        async def test(found: _Found) -> bool:
            self.process.write(found.shown + end)
            return True

        return test

    def execute(self, word: str) -> Test:
        """``-exec PROGRAM ... ;`` for each, ``-exec PROGRAM ... {} +`` once for all."""
        self._acts = True
        end = next((place for place, other in enumerate(self._words) if other in (";", "+")), None)
        if not end:
            raise Complaint("find: -exec requires an argument")
        program, closing, self._words = self._words[:end], self._words[end], self._words[end + 1:]
        gathered: list[str] = []
        if closing == "+":
            self._gathered.append((program, gathered))

        async def test(found: _Found) -> bool:
            if closing == "+":
                gathered.append(found.shown)
                return True
            return await self._run([part.replace("{}", found.shown) for part in program])

        return test

    async def run_gathered(self) -> None:
        for program, paths in self._gathered:
            if paths:
                await self._run([part for word in program for part in (paths if word == "{}" else [word])])

    async def _run(self, words: list[str]) -> bool:
        try:
            child = start(self.process, words)
        except CannotStart as error:
            self.process.complain(f"find: {words[0]}: {error}")
            return False
        child.start()
        return await child.exit == 0


async def _always(found: _Found) -> bool:
    return True


def _both(first: Test, second: Test) -> Test:
    async def test(found: _Found) -> bool:
        return await first(found) and await second(found)

    return test


def _either(first: Test, second: Test) -> Test:
    async def test(found: _Found) -> bool:
        return await first(found) or await second(found)

    return test


def _not(inner: Test) -> Test:
    async def test(found: _Found) -> bool:
        return not await inner(found)

    return test


_PREDICATES: dict[str, Callable[[_Search, str], Test]] = {
    "-name": _Search.name, "-iname": _Search.name, "-path": _Search.name, "-ipath": _Search.name,
    "-type": _Search.type, "-maxdepth": _Search.depth, "-mindepth": _Search.depth, "-print": _Search.print,
    "-print0": _Search.print, "-exec": _Search.execute}

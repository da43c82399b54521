"""Walks the tree of a script: expands words, starts programs, joins them by pipes, keeps variables and ``$?``."""

from __future__ import annotations

import errno
import os
import re
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from netcourse.simulation.linux.pipes import Pipe, TooMuch
from netcourse.simulation.linux.process import Process, ProgramNotFound
from netcourse.simulation.linux.shell.parser import (
    Command,
    For,
    Group,
    If,
    Loop,
    Node,
    Pipeline,
    Redirection,
    Sequence,
    ShellSyntaxError,
    parse,
    quote_end,
)
from netcourse.simulation.linux.tasks import Future, Task

NOT_FOUND = 127
LOOP_SECONDS, FORK_SECONDS = 0.0001, 0.0005
_PARAMETER = re.compile(r"\$(\?|\$|#|@|\*|[0-9]|[A-Za-z_]\w*|\{[A-Za-z_]\w*(?::?[-=+][^}]*)?\}|\{[0-9?#]\})")


class _Exit(Exception):
    """The shell is to end with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Streams:
    stdin: Pipe
    stdout: Pipe
    stderr: Pipe


@dataclass
class Shell:
    """The state of one shell."""

    process: Process
    variables: dict[str, str]
    exported: set[str]
    arguments: list[str] = field(default_factory=list)
    code: int = 0
    background: list[Process] = field(default_factory=list)
    tasks: list[Task[int]] = field(default_factory=list)

    # Nodes

    async def run(self, node: Node, streams: Streams) -> int:
        self.code = await _RUNNERS[type(node)](self, node, streams)
        return self.code

    async def sequence(self, node: Sequence, streams: Streams) -> int:
        skip, code = False, 0
        for part, separator in node.parts:
            if not skip:
                code = await self._part(part, separator, streams)
            skip = (separator == "&&" and code != 0) or (separator == "||" and code == 0)
        return code

    async def _part(self, part: Node, separator: str, streams: Streams) -> int:
        if separator != "&":
            return await self.run(part, streams)
        empty = Pipe()
        empty.close()
        shell = self._copy()
        self.tasks.append(Task(self.process.machine.clock, shell._finish(part, Streams(empty, streams.stdout,
                                                                                       streams.stderr))))
        return 0

    async def _finish(self, node: Node, streams: Streams) -> int:
        try:
            return await self.run(node, streams)
        except _Exit as end:
            return end.code

    def _copy(self) -> Shell:
        return Shell(self.process, dict(self.variables), set(self.exported), self.arguments, self.code)

    async def pipeline(self, node: Pipeline, streams: Streams) -> int:
        pipes = [Pipe() for _ in node.stages[1:]]
        ends = [streams.stdin, *pipes], [*pipes, streams.stdout]
        tasks = [Task(self.process.machine.clock, self._stage(stage, Streams(into, out, streams.stderr), pipes))
                 for stage, into, out in zip(node.stages, *ends, strict=True)]
        try:
            codes = [await task for task in tasks]
        finally:
            for task in tasks:
                task.cancel()
        return int(codes[-1] == 0) if node.inverted else codes[-1]

    async def _stage(self, node: Node, streams: Streams, pipes: list[Pipe]) -> int:
        try:
            return await self._copy()._finish(node, streams)
        except BrokenPipeError:
            return 128 + signal.SIGPIPE
        finally:
            if streams.stdout in pipes:
                streams.stdout.close()
            if streams.stdin in pipes:
                streams.stdin.abandon()

    async def for_(self, node: For, streams: Streams) -> int:
        code = 0
        for word in [one for text in node.words for one in await self.expand(text)]:
            self.variables[node.name] = word
            code = await self.run(node.body, streams)
        return code

    async def loop(self, node: Loop, streams: Streams) -> int:
        code = 0
        while (await self.run(node.condition, streams) == 0) is not node.until:
            code = await self.run(node.body, streams)
            await self.process.sleep(LOOP_SECONDS)
            await streams.stdout.drain()
        return code

    async def if_(self, node: If, streams: Streams) -> int:
        for condition, body in node.branches:
            if await self.run(condition, streams) == 0:
                return await self.run(body, streams)
        return await self.run(node.otherwise, streams) if node.otherwise is not None else 0

    async def group(self, node: Group, streams: Streams) -> int:
        files = _Redirected(self, streams)
        try:
            await files.apply(node.redirections)
            shell = self._copy() if node.subshell else self
            return await (shell._finish if node.subshell else shell.run)(node.body, files.streams)
        except OSError as error:
            return self._complain(streams, f"can't open {error.filename}: {_reason(error)}", 1)
        finally:
            files.close()

    async def command(self, node: Command, streams: Streams) -> int:
        words = [w for word in node.words for w in await self.expand(word)]
        assigned = {}
        for assignment in node.assignments:
            name, _, value = assignment.partition("=")
            assigned[name] = " ".join(await self.expand(value, split=False))
        if not words:
            self.variables |= assigned
        files = _Redirected(self, streams)
        try:
            await files.apply(node.redirections)
            return await self._start(words, assigned, files.streams) if words else 0
        except OSError as error:
            verb = "create" if error.filename in files.created else "open"
            return self._complain(streams, f"can't {verb} {error.filename}: {_reason(error)}", 1)
        finally:
            files.close()

    def _complain(self, streams: Streams, text: str, code: int) -> int:
        streams.stderr.write(f"{self.process.arguments[0]}: line 0: {text}\n".encode())
        return code

    async def _start(self, words: list[str], assigned: dict[str, str], streams: Streams) -> int:
        builtin = _BUILTINS.get(words[0])
        if builtin is not None:
            return await builtin(self, words, streams)
        environment = {name: self.variables[name] for name in self.exported if name in self.variables} | assigned
        parent = self.process
        try:
            child = parent.machine.spawn(words, namespace=parent.namespace, files=parent.files, environment=environment,
                                         pids=parent.pids)
        except ProgramNotFound:
            return self._complain(streams, f"{words[0]}: not found", NOT_FOUND)
        except BlockingIOError as error:
            raise _Exit(self._complain(streams, f"can't fork: {error.strerror}", 2)) from None
        inherit(child, parent)
        child.stdin, child.stdout, child.stderr = streams.stdin, streams.stdout, streams.stderr
        await parent.sleep(FORK_SECONDS)
        child.start()
        return await child.exit

    # Words

    async def expand(self, word: str, *, split: bool = True) -> list[str]:
        """The fields that a word becomes: parameters, substitutions, splitting, quotes gone."""
        fields, current, at, quoted = [], "", 0, False
        while at < len(word):
            text, at, whole = await self._piece(word, at)
            quoted = quoted or whole
            if whole or not split:
                current += text
                continue
            parts = re.split(r"[ \t\n]+", text)
            for part in parts[:-1]:
                fields += [current + part] if current + part or quoted else []
                current, quoted = "", False
            current += parts[-1]
        return [*fields, current] if current or quoted or not split else fields

    async def _piece(self, word: str, at: int) -> tuple[str, int, bool]:
        """The next part of a word: its text, the place after it, whether it stays in one field."""
        character = word[at]
        if character == "'":
            end = quote_end(word, at)
            return word[at + 1:end - 1], end, True
        if character == '"':
            end = quote_end(word, at)
            return await self._quoted(word[at + 1:end - 1]), end, True
        if character == "\\":
            return word[at + 1:at + 2], at + 2, True
        if character in "$`":
            text, end = await self._dollar(word, at)
            return text, end, False
        return character, at + 1, True

    async def _quoted(self, text: str) -> str:
        result, at = "", 0
        while at < len(text):
            if text[at] == "\\" and text[at + 1:at + 2] in ("$", "`", '"', "\\"):
                result, at = result + text[at + 1], at + 2
            elif text[at] in "$`":
                value, at = await self._dollar(text, at)
                result += value
            else:
                result, at = result + text[at], at + 1
        return result

    async def _dollar(self, text: str, at: int) -> tuple[str, int]:
        if text[at] == "`":
            end = quote_end(text, at)
            return await self._substitute(text[at + 1:end - 1]), end
        if text.startswith("$((", at):
            end = text.index("))", at) + 2
            return self._arithmetic(text[at + 3:end - 2]), end
        if text.startswith("$(", at):
            depth, end = 1, at + 2
            while depth:
                depth += {"(": 1, ")": -1}.get(text[end], 0)
                end += 1
            return await self._substitute(text[at + 2:end - 1]), end
        parameter = _PARAMETER.match(text, at)
        if parameter is None:
            return "$", at + 1
        return self._parameter(parameter[1].strip("{}")), parameter.end()

    def _parameter(self, name: str) -> str:
        special = {"?": str(self.code), "$": str(self.process.pid), "#": str(max(0, len(self.arguments) - 1)),
                   "@": " ".join(self.arguments[1:]), "*": " ".join(self.arguments[1:])}
        if name in special:
            return special[name]
        if name.isdigit():
            return self.arguments[int(name)] if int(name) < len(self.arguments) else ""
        name, operator, default = re.fullmatch(r"(\w+)(?::?([-=+])(.*))?", name).groups()  # type: ignore[union-attr]
        value = self.variables.get(name, "")
        if operator == "+":
            return default if value else ""
        if not value and operator:
            if operator == "=":
                self.variables[name] = default
            return str(default)
        return value

    def _arithmetic(self, text: str) -> str:
        expanded = re.sub(r"\$?([A-Za-z_]\w*)", lambda m: self.variables.get(m[1]) or "0", text)
        match = re.fullmatch(r"\s*(-?\d+)\s*(?:([-+*/%])\s*(-?\d+))?\s*", expanded)
        if match is None:
            raise ShellSyntaxError(f"arithmetic syntax error in '{text}' (only A op B is simulated)")
        left, operator, right = int(match[1]), match[2], int(match[3] or 0)
        if operator in ("/", "%") and right == 0:
            raise ShellSyntaxError("divide by zero")
        results: dict[str | None, Callable[[], int]] = {
            None: lambda: left, "+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right,
            "/": lambda: int(left / right), "%": lambda: left - right * int(left / right)}
        return str(results[operator]())

    async def _substitute(self, text: str) -> str:
        pipe = Pipe()
        empty = Pipe()
        empty.close()
        reader = Task(self.process.machine.clock, pipe.read_all())
        try:
            self.code = await self._copy()._finish(parse(text), Streams(empty, pipe, self.process.stderr))
        except BrokenPipeError:
            self.code = 128 + signal.SIGPIPE
        pipe.close()
        return (await reader).decode(errors="replace").rstrip("\n")


class _Redirected:
    """The streams of a command, some of them going to or coming from files."""

    def __init__(self, shell: Shell, streams: Streams) -> None:
        self._shell = shell
        self.streams = Streams(streams.stdin, streams.stdout, streams.stderr)
        self.created: set[str] = set()
        self._opened: list[Pipe] = []

    async def apply(self, redirections: tuple[Redirection, ...]) -> None:
        """Raises OSError with the file's name."""
        for redirection in redirections:
            if redirection.operator == "2>&1":
                self.streams.stderr = self.streams.stdout
            elif redirection.operator in (">&2", "1>&2"):
                self.streams.stdout = self.streams.stderr
            else:
                self._open(redirection.operator, " ".join(await self._shell.expand(redirection.target, split=False)))

    def _open(self, operator: str, target: str) -> None:
        pipe = Pipe()
        self._opened.append(pipe)
        if operator == "<":
            pipe.write(self._read(target))
            pipe.close()
            self.streams.stdin = pipe
            return
        self.created.add(target)
        self._write_to(pipe, target, append=operator.endswith(">>"))
        if operator.startswith("2"):
            self.streams.stderr = pipe
        else:
            self.streams.stdout = pipe

    def _read(self, target: str) -> bytes:
        process = self._shell.process
        try:
            return process.files.read(process.files.resolve(target, process.directory))
        except OSError as error:
            error.filename = target
            raise

    def _write_to(self, pipe: Pipe, target: str, *, append: bool) -> None:
        process = self._shell.process
        path = process.files.resolve(target, process.directory)
        if path == "/dev/null":
            pipe.listen(lambda _: None)
            return
        try:
            process.files.write(path, b"", append=append)
        except OSError as error:
            error.filename = target
            raise
        pipe.listen(lambda data: process.files.write(path, data, append=True))

    def close(self) -> None:
        for pipe in self._opened:
            pipe.close()


def _reason(error: OSError) -> str:
    """As busybox words it."""
    words = {errno.ENOENT: "no such file", errno.EISDIR: "Is a directory", errno.EACCES: "Permission denied"}
    return words.get(error.errno or 0, os.strerror(error.errno or 0))


def inherit(child: Process, parent: Process) -> None:
    """What a child has from its parent besides streams, files and namespace."""
    child.parent, child.directory, child.hostname = parent, parent.directory, parent.hostname
    child.user, child.privileged, child.has_terminal = parent.user, parent.privileged, parent.has_terminal
    parent.children.append(child)
    child.exit.when_done(lambda: parent.children.remove(child))


_RUNNERS: dict[type, Callable[[Shell, Any, Streams], Coroutine[Future[Any], None, int]]] = {
    Sequence: Shell.sequence, Pipeline: Shell.pipeline, Command: Shell.command, For: Shell.for_, Loop: Shell.loop,
    If: Shell.if_, Group: Shell.group,
}


# Builtins

Builtin = Callable[[Shell, list[str], Streams], Coroutine[Future[Any], None, int]]


async def _cd(shell: Shell, words: list[str], streams: Streams) -> int:
    process = shell.process
    path = process.files.resolve(words[1] if len(words) > 1 else "/root", process.directory)
    if not process.files.is_directory(path):
        return shell._complain(streams, f"cd: can't cd to {words[1]}: No such file or directory", 2)
    process.directory = path
    return 0


async def _pwd(shell: Shell, words: list[str], streams: Streams) -> int:
    streams.stdout.write(f"{shell.process.directory}\n".encode())
    return 0


async def _export(shell: Shell, words: list[str], streams: Streams) -> int:
    for word in words[1:]:
        name, equals, value = word.partition("=")
        shell.exported.add(name)
        if equals:
            shell.variables[name] = value
    return 0


async def _exit(shell: Shell, words: list[str], streams: Streams) -> int:
    raise _Exit(int(words[1]) % 256 if len(words) > 1 and words[1].isdigit() else shell.code)


async def _wait(shell: Shell, words: list[str], streams: Streams) -> int:
    for task in shell.tasks:
        await task
    return 0


async def _exec(shell: Shell, words: list[str], streams: Streams) -> int:
    raise _Exit(await shell._start(words[1:], {}, streams)) if len(words) > 1 else _Exit(0)


async def _colon(shell: Shell, words: list[str], streams: Streams) -> int:
    return 0


async def _read(shell: Shell, words: list[str], streams: Streams) -> int:
    line = await streams.stdin.readline()
    values = line.decode(errors="replace").strip().split(None, max(0, len(words) - 2))
    for number, name in enumerate(words[1:]):
        shell.variables[name] = values[number] if number < len(values) else ""
    return 0 if line.endswith(b"\n") else 1


_BUILTINS: dict[str, Builtin] = {"cd": _cd, "pwd": _pwd, "export": _export, "exit": _exit, "wait": _wait,
                                 "exec": _exec, ":": _colon, "read": _read}


async def sh(process: Process) -> int:
    """``sh -c TEXT [NAME ARGUMENT...]``, a script on standard input, or a session on a terminal."""
    words = process.arguments[1:]
    shell = Shell(process, dict(process.environment), set(process.environment), [process.arguments[0]])
    process.signal_handlers.setdefault(signal.SIGINT, lambda: _interrupt(process))
    streams = Streams(process.stdin, process.stdout, process.stderr)
    if words and words[0] in ("-c", "-ec", "-lc"):
        if len(words) < 2:
            process.complain(f"{process.arguments[0]}: -c requires an argument")
            return 2
        shell.arguments = words[2:] or [process.arguments[0]]
        return await _run_text(shell, words[1], streams)
    if process.has_terminal:
        return await _session(shell, streams)
    return await _run_text(shell, (await process.stdin.read_all()).decode(errors="replace"), streams)


def _interrupt(process: Process) -> None:
    for child in list(process.children):
        child.signal(signal.SIGINT)


async def _run_text(shell: Shell, text: str, streams: Streams) -> int:
    try:
        return await shell._finish(parse(text), streams)
    except ShellSyntaxError as error:
        return shell._complain(streams, str(error), 2)
    except TooMuch as error:
        return shell._complain(streams, str(error), 2)
    except RecursionError:
        return shell._complain(streams, "nested too deeply for the simulation", 2)


async def _session(shell: Shell, streams: Streams) -> int:
    process = shell.process
    while True:
        process.write(f"{process.directory} # ")
        line = await process.stdin.readline()
        if not line:
            return shell.code
        try:
            await shell.run(parse(line.decode(errors="replace")), streams)
        except ShellSyntaxError as error:
            shell.code = shell._complain(streams, str(error), 2)
        except _Exit as end:
            return end.code



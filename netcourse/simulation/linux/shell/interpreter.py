"""Walks the tree of a script: expands words, starts programs, joins them by pipes, keeps variables and ``$?``."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from netcourse.simulation.linux.machine import PATH
from netcourse.simulation.linux.pipes import Pipe, TooMuch
from netcourse.simulation.linux.process import Process, ProgramNotFound
from netcourse.simulation.linux.shell import patterns
from netcourse.simulation.linux.shell.arithmetic import BadArithmetic, evaluate
from netcourse.simulation.linux.shell.builtins import BUILTINS
from netcourse.simulation.linux.shell.leaving import Exit, Leave, Return
from netcourse.simulation.linux.shell.parameters import parameter
from netcourse.simulation.linux.shell.parser import (
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Loop,
    Node,
    Pipeline,
    Sequence,
    ShellSyntaxError,
    brace_end,
    parse,
    quote_end,
    substitution_end,
)
from netcourse.simulation.linux.shell.redirection import Redirected, Streams, reason
from netcourse.simulation.linux.signals import Signal
from netcourse.simulation.linux.tasks import Future, Task

NOT_EXECUTABLE, NOT_FOUND = 126, 127
GREETING = ("\n\nBusyBox v1.38.0 (Debian 1:1.38.0-3+b1) built-in shell (ash)\n"
            "Enter 'help' for a list of built-in commands.\n\n")
DEEPEST_CALL = 100
LOOP_SECONDS, FORK_SECONDS = 0.0001, 0.0005
_PARAMETER = re.compile(r"\$([?$#@*!0-9]|[A-Za-z_]\w*)")


@dataclass
class Shell:
    """The state of one shell."""

    process: Process
    variables: dict[str, str]
    exported: set[str]
    arguments: list[str] = field(default_factory=list)
    code: int = 0
    substituted: int = 0
    functions: dict[str, Node] = field(default_factory=dict)
    hidden: list[dict[str, str | None]] = field(default_factory=list)
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
        self.tasks.append(self.process.do(shell._finish(part, Streams(empty, streams.stdout, streams.stderr))))
        return 0

    async def _finish(self, node: Node, streams: Streams) -> int:
        try:
            return await self.run(node, streams)
        except Exit as end:
            return end.code
        except Leave:
            return 0

    def _copy(self) -> Shell:
        return Shell(self.process, dict(self.variables), set(self.exported), list(self.arguments), self.code,
                     functions=dict(self.functions), hidden=[dict(names) for names in self.hidden])

    async def pipeline(self, node: Pipeline, streams: Streams) -> int:
        pipes = [Pipe() for _ in node.stages[1:]]
        ends = [streams.stdin, *pipes], [*pipes, streams.stdout]
        tasks = [self.process.do(self._stage(stage, Streams(into, out, streams.stderr), pipes))
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
            return 128 + Signal.SIGPIPE
        finally:
            if streams.stdout in pipes:
                streams.stdout.close()
            if streams.stdin in pipes:
                streams.stdin.abandon()

    async def for_(self, node: For, streams: Streams) -> int:
        code = 0
        for word in await self._fields(node.words):
            self.variables[node.name] = word
            code, goes_on = await self._round(node.body, streams)
            if not goes_on:
                break
        return code

    async def _round(self, body: Node, streams: Streams) -> tuple[int, bool]:
        """One round of a loop: its exit code, and whether another may follow."""
        try:
            return await self.run(body, streams), True
        except Leave as leave:
            if leave.levels > 1:
                raise Leave(leave.levels - 1, goes_on=leave.goes_on) from None
            return 0, leave.goes_on

    async def loop(self, node: Loop, streams: Streams) -> int:
        code = 0
        while (await self.run(node.condition, streams) == 0) is not node.until:
            code, goes_on = await self._round(node.body, streams)
            if not goes_on:
                break
            await self.process.sleep(LOOP_SECONDS)
            await streams.stdout.drain()
        return code

    async def if_(self, node: If, streams: Streams) -> int:
        for condition, body in node.branches:
            if await self.run(condition, streams) == 0:
                return await self.run(body, streams)
        return await self.run(node.otherwise, streams) if node.otherwise is not None else 0

    async def case(self, node: Case, streams: Streams) -> int:
        word = " ".join(await self.expand(node.word, split=False))
        for choices, body in node.branches:
            for choice in choices:
                if patterns.matches(" ".join(await self.expand(choice, split=False)), word):
                    return await self.run(body, streams)
        return 0

    async def define(self, node: Function, streams: Streams) -> int:
        self.functions[node.name] = node.body
        return 0

    async def _call(self, words: list[str], streams: Streams) -> int:
        if len(self.hidden) >= DEEPEST_CALL:
            raise Exit(self.complain(streams, f"{words[0]}: calls nested too deeply for the simulation", 2))
        before, self.arguments = self.arguments, [self.arguments[0], *words[1:]]
        self.hidden.append({})
        try:
            return await self.run(self.functions[words[0]], streams)
        except Return as end:
            return end.code
        finally:
            self.arguments = before
            for name, value in self.hidden.pop().items():
                self.variables.pop(name, None)
                self.variables |= {} if value is None else {name: value}

    async def group(self, node: Group, streams: Streams) -> int:
        files = Redirected(self, streams)
        try:
            await files.apply(node.redirections)
            shell = self._copy() if node.subshell else self
            return await (shell._finish if node.subshell else shell.run)(node.body, files.streams)
        except OSError as error:
            return self.complain(streams, f"can't open {error.filename}: {reason(error)}", 1)
        finally:
            files.close()

    async def command(self, node: Command, streams: Streams) -> int:
        self.substituted = 0
        words = await self._fields(node.words)
        assigned = {}
        for assignment in node.assignments:
            name, _, value = assignment.partition("=")
            assigned[name] = " ".join(await self.expand(value, split=False))
        if not words:
            self.variables |= assigned
        files = Redirected(self, streams)
        try:
            await files.apply(node.redirections)
            return await self.start(words, assigned, files.streams) if words else self.substituted
        except OSError as error:
            creating = error.filename in files.created
            text = f"can't {'create' if creating else 'open'} {error.filename}: {reason(error, creating=creating)}"
            return self.complain(streams, text, 1)
        finally:
            files.close()

    def complain(self, streams: Streams, text: str, code: int, *, builtin: str = "") -> int:
        """Print an error as ash does, and return ``code``."""
        where = f"{builtin}: line 0" if builtin else "line 0"
        streams.stderr.write(f"{self.process.arguments[0]}: {where}: {text}\n".encode())
        return code

    async def start(self, words: list[str], assigned: dict[str, str], streams: Streams, *,
                    functions: bool = True) -> int:
        """A function, a builtin or a program; its exit code."""
        if functions and words[0] in self.functions:
            return await self._call(words, streams)
        builtin = BUILTINS.get(words[0])
        if builtin is not None:
            return await builtin(self, words, streams)
        environment = {name: self.variables[name] for name in self.exported if name in self.variables} | assigned
        parent = self.process
        try:
            child = parent.machine.spawn(words, namespace=parent.namespace, files=parent.files, environment=environment,
                                         pids=parent.pids)
        except ProgramNotFound:
            path = parent.files.resolve(words[0], parent.directory)
            if "/" in words[0] and parent.files.exists(path):
                return self.complain(streams, f"{words[0]}: Permission denied", NOT_EXECUTABLE)
            return self.complain(streams, f"{words[0]}: not found", NOT_FOUND)
        except BlockingIOError as error:
            raise Exit(self.complain(streams, f"can't fork: {error.strerror}", 2)) from None
        child.inherit(parent)
        child.stdin, child.stdout, child.stderr = streams.stdin, streams.stdout, streams.stderr
        await parent.sleep(FORK_SECONDS)
        child.start()
        return await child.exit

    def has_program(self, name: str) -> bool:
        """Whether there is such a program on the PATH."""
        try:
            self.process.files.find_program(name, self.variables.get("PATH", PATH))
        except ProgramNotFound:
            return False
        return True

    # Words

    async def _fields(self, words: tuple[str, ...]) -> list[str]:
        """What a command's words become, names of files found."""
        fields = []
        for word in words:
            found = list(self.arguments[1:]) if word == '"$@"' else await self.expand(word)
            globs = not set(word) & set("'\"\\`") and not word.startswith("$")
            fields += [name for field in found for name in (self._files(field) if globs else [field])]
        return fields

    def _files(self, field: str) -> list[str]:
        if not patterns.has_wildcards(field):
            return [field]
        return patterns.files_matching(self.process.files, self.process.directory, field) or [field]

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
            return await self.quoted(word[at + 1:end - 1]), end, True
        if character == "\\":
            return word[at + 1:at + 2], at + 2, True
        if character in "$`":
            text, end = await self._dollar(word, at)
            return text, end, False
        return character, at + 1, True

    async def quoted(self, text: str) -> str:
        """What stands between double quotes, parameters and substitutions replaced."""
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
            end = substitution_end(text, at)
            return await self._arithmetic(text[at + 3:end - 2]), end
        if text.startswith("$(", at):
            end = substitution_end(text, at)
            return await self._substitute(text[at + 2:end - 1]), end
        if text.startswith("${", at):
            end = brace_end(text, at)
            return await parameter(self, text[at + 2:end - 1]), end
        name = _PARAMETER.match(text, at)
        if name is None:
            return "$", at + 1
        return await parameter(self, name[1]), name.end()

    def value(self, name: str) -> str | None:
        """None when it isn't set."""
        everything = " ".join(self.arguments[1:])
        special = {"?": str(self.code), "$": str(self.process.pid), "#": str(max(0, len(self.arguments) - 1)),
                   "@": everything, "*": everything}
        if name == "!":
            raise ShellSyntaxError("$!: not simulated")
        if name in special:
            return special[name]
        if name.isdigit():
            return self.arguments[int(name)] if int(name) < len(self.arguments) else None
        return self.variables.get(name)

    async def _arithmetic(self, text: str) -> str:
        try:
            return str(evaluate(await self.quoted(text), self.variables))
        except BadArithmetic as error:
            raise ShellSyntaxError(str(error)) from None

    async def _substitute(self, text: str) -> str:
        pipe = Pipe()
        empty = Pipe()
        empty.close()
        reader = Task(self.process.machine.clock, pipe.read_all())
        try:
            self.code = await self._copy()._finish(parse(text), Streams(empty, pipe, self.process.stderr))
        except BrokenPipeError:
            self.code = 128 + Signal.SIGPIPE
        self.substituted = self.code
        pipe.close()
        return (await reader).decode(errors="replace").rstrip("\n")


_RUNNERS: dict[type, Callable[[Shell, Any, Streams], Coroutine[Future[Any], None, int]]] = {
    Sequence: Shell.sequence, Pipeline: Shell.pipeline, Command: Shell.command, For: Shell.for_, Loop: Shell.loop,
    If: Shell.if_, Group: Shell.group, Case: Shell.case, Function: Shell.define,
}


async def sh(process: Process) -> int:
    """``sh -c TEXT [NAME ARGUMENT...]``, a script on standard input, or a session on a terminal."""
    words = process.arguments[1:]
    shell = Shell(process, dict(process.environment), set(process.environment), [process.arguments[0]])
    process.signal_handlers.setdefault(Signal.SIGINT, lambda: _interrupt(process))
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
        child.signal(Signal.SIGINT)


async def _run_text(shell: Shell, text: str, streams: Streams) -> int:
    try:
        return await shell._finish(parse(text), streams)
    except ShellSyntaxError as error:
        return shell.complain(streams, str(error), 2)
    except TooMuch as error:
        return shell.complain(streams, str(error), 2)
    except RecursionError:
        return shell.complain(streams, "nested too deeply for the simulation", 2)


async def _session(shell: Shell, streams: Streams) -> int:
    process = shell.process
    process.write(GREETING)
    while True:
        process.write(f"{process.directory} {'#' if process.user.is_root else '$'} ")
        line = await process.stdin.readline()
        if not line:
            process.write("\n")
            return shell.code
        try:
            await shell.run(parse(line.decode(errors="replace")), streams)
        except ShellSyntaxError as error:
            shell.code = shell.complain(streams, str(error), 2)
        except Exit as end:
            return end.code



"""Walks the tree of a script: starts programs, joins them by pipes, keeps variables, jobs and ``$?``."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from netcourse.simulation.linux.machine import PATH
from netcourse.simulation.linux.pipes import Pipe
from netcourse.simulation.linux.process import Process, ProgramNotFound
from netcourse.simulation.linux.shell import execution, patterns, variables
from netcourse.simulation.linux.shell.aliases import expanded
from netcourse.simulation.linux.shell.builtins import BUILTINS, PROGRAMS_TOO, SPECIAL
from netcourse.simulation.linux.shell.expansion import expand, fields, quoted
from netcourse.simulation.linux.shell.job_list import Job, JobList
from netcourse.simulation.linux.shell.leaving import Exit, Failed, Interrupted, Leave, Return
from netcourse.simulation.linux.shell.parser import lines, parse
from netcourse.simulation.linux.shell.redirection import Redirected, Streams, problem
from netcourse.simulation.linux.shell.tokens import ShellSyntaxError
from netcourse.simulation.linux.shell.traps import Traps
from netcourse.simulation.linux.shell.tree import (
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Loop,
    Node,
    Pipeline,
    Script,
    Sequence,
)
from netcourse.simulation.linux.shell.wording import text_of
from netcourse.simulation.linux.signals import Signal
from netcourse.simulation.linux.tasks import Freezer, Future

if TYPE_CHECKING:
    from netcourse.simulation.linux.shell.job_control import JobControl

DEEPEST_CALL = 100
LOOP_SECONDS = 0.0001
_SAFE = re.compile(r"[\w./:,@%+\]{}^#?-]+")


@dataclass
class Shell:
    """The state of one shell.

    ``options`` are those of set. ``tested``: how many conditions are being asked, in which a failure is no failure.
    ``line`` is where the command stands, ``within`` what has read it (eval, or a file). ``loops``: in how many it is.
    ``option_place``: where getopts is within a word. ``is_replaced``: what comes next is the last that this shell has
    to do, and a program takes its place (EV_EXIT in ash.c); of a mere ``is_part`` it doesn't. ``control`` is there on
    a terminal, and ``job`` is what this shell (a part of a pipeline, say) belongs to.
    """

    process: Process
    variables: dict[str, str]
    exported: set[str]
    arguments: list[str] = field(default_factory=list)
    code: int = 0
    substituted: int = 0
    functions: dict[str, Node] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    hidden: list[dict[str, str | None]] = field(default_factory=list)
    read_only: set[str] = field(default_factory=set)
    options: set[str] = field(default_factory=set)
    jobs: JobList = field(default_factory=JobList)
    traps: Traps = field(default_factory=Traps)
    pid: int = 0
    tested: int = 0
    loops: int = 0
    option_place: int = 1
    is_replaced: bool = False
    is_part: bool = False
    line: int = 0
    within: str = ""
    control: JobControl | None = None
    job: Job | None = None

    def parse(self, text: str, line: int = 0) -> Sequence:
        """With its aliases. Raises ShellSyntaxError."""
        return parse(text, line, partial(expanded, aliases=self.aliases))

    # Nodes

    async def run(self, node: Node, streams: Streams) -> int:
        self.code = await _RUNNERS[type(node)](self, node, streams)
        return self.code

    async def script(self, node: Script, streams: Streams) -> int:
        """What a line does, such as to define an alias, counts in reading the next one. Raises ShellSyntaxError."""
        code, is_replaced = 0, self.is_replaced
        try:
            for tree, is_last in lines(node.text, node.line, partial(expanded, aliases=self.aliases)):
                self.is_replaced = is_replaced and is_last
                code = await self.run(tree, streams) if tree.parts else code
        except ShellSyntaxError as error:
            self.line = self.line if error.line is None else error.line
            raise
        return code

    async def sequence(self, node: Sequence, streams: Streams) -> int:
        skip, code, is_replaced = False, 0, self.is_replaced
        for place, (part, separator) in enumerate(node.parts, 1):
            self.is_replaced = is_replaced and place == len(node.parts)
            if not skip:
                code = await self._part(part, separator, streams)
                await self.take_signals(streams)
            skip = (separator == "&&" and code != 0) or (separator == "||" and code == 0)
        return code

    async def _part(self, part: Node, separator: str, streams: Streams) -> int:
        if separator == "&":
            self._start_job(part, streams)
            return 0
        if separator in ("&&", "||"):
            return await self._ask(part, streams)
        code = await self.run(part, streams)
        inverted = isinstance(part, Pipeline) and part.inverted
        if code and "e" in self.options and not self.tested and not inverted:
            raise Exit(code)
        return code

    async def _ask(self, node: Node, streams: Streams) -> int:
        """Run a condition: that it fails is no reason to end, whatever ``set -e`` says."""
        self.tested += 1
        try:
            return await self.run(node, streams)
        finally:
            self.tested -= 1

    async def take_signals(self, streams: Streams) -> int:
        """Do what traps say of the signals that have come."""
        for action in self.traps.take():
            code = self.code
            await self.run(Script(action), streams)
            self.code = code
        return self.code

    def interrupted(self) -> None:
        """Ctrl-C has ended a job: so it ends all that was typed, unless a trap is set. Raises Interrupted."""
        if "INT" not in self.traps.actions:
            raise Interrupted
        self.process.signal(Signal.SIGINT)

    def _start_job(self, part: Node, streams: Streams) -> None:
        """A process of its own, which the shell doesn't wait for; Ctrl-C isn't for it, unless fg brings it forward."""
        empty = Pipe()
        empty.close()
        parent, shell = self.process, self.copy()
        shell.control = shell.job = None
        try:
            child = parent.machine.spawn(list(parent.arguments), namespace=parent.namespace, files=parent.files,
                                         environment=dict(parent.environment), pids=parent.pids)
        except BlockingIOError as error:
            raise Failed(self.complain(streams, f"can't fork: {error.strerror}", 2)) from None
        child.inherit(parent)
        child.stdin, child.stdout, child.stderr = empty, streams.stdout, streams.stderr
        if self.control is None:
            child.signal_handlers[Signal.SIGINT] = lambda: None
            self.jobs.make_room()
        shell.process, shell.is_replaced, shell.is_part = child, True, False
        inner = Streams(empty, streams.stdout, streams.stderr, dict(streams.others))
        child.program = lambda _: shell.finish(part, inner)
        job = Job(text_of(part), parent, Freezer(within=parent.freezer))
        child.freezer = job.freezer
        child.start()
        job.follow(child)
        self.jobs.put(job)
        self.jobs.last_pid = child.pid

    async def finish(self, node: Node, streams: Streams) -> int:
        """The exit code of a subshell, which leaves the others where they are; its mistakes end nothing but it."""
        process = self.process
        directory, umask, limits = process.directory, process.files.umask, process.limits
        try:
            return await self.run(node, streams)
        except Exit as end:
            return end.code
        except Leave:
            return 0
        except ShellSyntaxError as error:
            return self.complain(streams, str(error), 2)
        finally:
            process.directory, process.files.umask, process.limits = directory, umask, limits

    def copy(self) -> Shell:
        """A subshell: all that this one knows, but its traps and the list of its jobs."""
        return replace(
            self, variables=dict(self.variables), exported=set(self.exported), arguments=list(self.arguments),
            functions=dict(self.functions), aliases=dict(self.aliases), hidden=[dict(names) for names in self.hidden],
            read_only=set(self.read_only), options=set(self.options), substituted=0, history=[], jobs=JobList(),
            traps=Traps(), is_replaced=False)

    def part(self) -> Shell:
        """One that would have a process of its own, and has the first program's instead."""
        shell = self.copy()
        shell.is_part = shell.is_replaced = True
        return shell

    async def pipeline(self, node: Pipeline, streams: Streams) -> int:
        self.is_replaced = False
        code = await self._as_job(node, self._join(node, streams))
        return int(code == 0) if node.inverted else code

    async def _as_job(self, node: Node, work: Coroutine[Future[Any], None, int]) -> int:
        """What a terminal's keys can stop and interrupt, where there is one."""
        if self.control is None or self.job is not None:
            return await work
        return await self.control.carry_out(self, text_of(node), work)

    async def _join(self, node: Pipeline, streams: Streams) -> int:
        pipes = [Pipe() for _ in node.stages[1:]]
        ends = [streams.stdin, *pipes], [*pipes, streams.stdout]
        tasks = [self.process.do(self._stage(stage, Streams(into, out, streams.stderr), pipes))
                 for stage, into, out in zip(node.stages, *ends, strict=True)]
        try:
            codes = [await task for task in tasks]
        finally:
            for task in tasks:
                task.cancel()
        return next((code for code in reversed(codes) if code), 0) if "pipefail" in self.options else codes[-1]

    async def _stage(self, node: Node, streams: Streams, pipes: list[Pipe]) -> int:
        try:
            with self.process.pids.at_least_one():
                return await self.part().finish(node, streams)
        except BrokenPipeError:
            return 128 + Signal.SIGPIPE
        finally:
            if streams.stdout in pipes:
                streams.stdout.close()
            if streams.stdin in pipes:
                streams.stdin.abandon()

    async def for_(self, node: For, streams: Streams) -> int:
        code, self.is_replaced, self.line = 0, False, node.line
        for word in await fields(self, node.words):
            self.assign({node.name: word})
            code, goes_on = await self._round(node.body, streams)
            if not goes_on:
                break
        return code

    async def _round(self, body: Node, streams: Streams) -> tuple[int, bool]:
        """One round of a loop: its exit code, and whether another may follow."""
        self.loops += 1
        try:
            return await self.run(body, streams), True
        except Leave as leave:
            if leave.levels > 1:
                raise Leave(leave.levels - 1, goes_on=leave.goes_on) from None
            return 0, leave.goes_on
        finally:
            self.loops -= 1

    async def loop(self, node: Loop, streams: Streams) -> int:
        code, self.is_replaced = 0, False
        while (await self._ask(node.condition, streams) == 0) is not node.until:
            code, goes_on = await self._round(node.body, streams)
            if not goes_on:
                break
            await self.process.sleep(LOOP_SECONDS)
            await streams.stdout.drain()
        return code

    async def if_(self, node: If, streams: Streams) -> int:
        is_replaced, self.is_replaced = self.is_replaced, False
        for condition, body in node.branches:
            if await self._ask(condition, streams) == 0:
                self.is_replaced = is_replaced
                return await self.run(body, streams)
        self.is_replaced = is_replaced
        return await self.run(node.otherwise, streams) if node.otherwise is not None else 0

    async def case(self, node: Case, streams: Streams) -> int:
        self.line = node.line
        word = " ".join(await expand(self, node.word, split=False))
        for choices, body in node.branches:
            for choice in choices:
                if patterns.matches(" ".join(await expand(self, choice, split=False)), word):
                    return await self.run(body, streams)
        return 0

    async def define(self, node: Function, streams: Streams) -> int:
        self.functions[node.name] = node.body
        return 0

    async def _call(self, words: list[str], streams: Streams) -> int:
        if len(self.hidden) >= DEEPEST_CALL:
            raise Failed(self.complain(streams, f"{words[0]}: calls nested too deeply for the simulation", 2))
        before, self.arguments = self.arguments, [self.arguments[0], *words[1:]]
        self.is_replaced = False
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
        self.line = node.line
        files = self._redirected(streams)
        try:
            await files.apply(node.redirections)
            if not node.subshell:
                return await self.run(node.body, files.streams)
            return await self._as_job(node, self._subshell(node.body, files.streams))
        except OSError as error:
            return self.complain(streams, problem(error, files.created), 1)
        finally:
            files.close()

    async def _subshell(self, body: Node, streams: Streams) -> int:
        """Where it is the last, it needs no process of its own."""
        shell, is_replaced = self.copy(), self.is_replaced and not self.traps.has_any
        shell.is_replaced = is_replaced
        with nullcontext() if is_replaced else self.process.pids.at_least_one():
            return await shell.finish(body, streams)

    def _redirected(self, streams: Streams) -> Redirected:
        async def target(text: str) -> str:
            return " ".join(await expand(self, text, split=False))

        async def document(text: str) -> str:
            return await quoted(self, text, escapes="$`\\")

        return Redirected(self.process, streams, target, document)

    async def command(self, node: Command, streams: Streams) -> int:
        self.substituted, self.line = 0, node.line
        words = await fields(self, node.words)
        assigned = {}
        for assignment in node.assignments:
            name, _, value = assignment.partition("=")
            assigned[name] = " ".join(await expand(self, value, split=False))
        if not words:
            self.assign(assigned)
        if "x" in self.options:
            self._trace(streams, assigned, words)
        files, is_open = self._redirected(streams), False
        try:
            await files.apply(node.redirections)
            is_open = True
            if words == ["exec"]:
                streams.become(files.streams)
                return 0
            if not words:
                return self.substituted
            if words[0] in self.functions or words[0] in BUILTINS or words[0] in PROGRAMS_TOO:
                return await self.start(words, assigned, files.streams)
            return await self._as_job(node, self.start(words, assigned, files.streams))
        except BrokenPipeError:
            raise
        except OSError as error:
            if is_open:
                return 1
            code = self.complain(streams, problem(error, files.created), 1)
            if words and words[0] in SPECIAL and words[0] not in self.functions:
                raise Failed(code) from None
            return code
        finally:
            if words != ["exec"]:
                files.close()

    def assign(self, values: dict[str, str]) -> None:
        """Raises ShellSyntaxError for a variable that is read only."""
        for name, value in values.items():
            if name in self.read_only:
                raise ShellSyntaxError(f"{name}: is read only")
            self.variables[name] = value

    def _trace(self, streams: Streams, assigned: dict[str, str], words: list[str]) -> None:
        shown = [f"{name}={value}" for name, value in assigned.items()]
        shown += [word if _SAFE.fullmatch(word) else variables.quoted(word) for word in words]
        streams.stderr.write(f"+ {' '.join(shown)}\n".encode())

    def complain(self, streams: Streams, text: str, code: int, *, builtin: str = "") -> int:
        """Print an error as ash does, and return ``code``."""
        line = "" if "i" in self.options else f"line {self.line}"
        parts = [self.arguments[0], builtin or self.within, line, text]
        streams.stderr.write(f"{': '.join(part for part in parts if part)}\n".encode())
        return code

    async def start(self, words: list[str], assigned: dict[str, str], streams: Streams, *,
                    functions: bool = True) -> int:
        """A function, a builtin or a program; its exit code."""
        if functions and words[0] in self.functions:
            return await self._call(words, streams)
        builtin = BUILTINS.get(words[0])
        if builtin is not None:
            before = {name: self.variables.get(name) for name in assigned}
            self.assign(assigned)
            try:
                return await builtin(self, words, streams)
            finally:
                self.variables |= {name: value for name, value in before.items() if value is not None}
        if words[0] in PROGRAMS_TOO and self.has_program(words[0]):
            return await execution.do_itself(self, words, assigned, streams)
        return await execution.execute(self, words, assigned, streams)

    def programs(self) -> set[str]:
        """All that are on the PATH."""
        files = self.process.files
        folders = [folder for folder in self.variables.get("PATH", PATH).split(":") if files.is_directory(folder)]
        return {name for folder in folders for name in files.list(folder) if files.is_program(f"{folder}/{name}")}

    def has_program(self, name: str) -> bool:
        """Whether there is such a program on the PATH."""
        try:
            self.process.files.find_program(name, self.variables.get("PATH", PATH))
        except ProgramNotFound:
            return False
        return True


_RUNNERS: dict[type, Callable[[Shell, Any, Streams], Coroutine[Future[Any], None, int]]] = {
    Sequence: Shell.sequence, Pipeline: Shell.pipeline, Command: Shell.command, For: Shell.for_, Loop: Shell.loop,
    If: Shell.if_, Group: Shell.group, Case: Shell.case, Function: Shell.define, Script: Shell.script,
}

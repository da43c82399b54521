"""A process of the simulated machine: a program's coroutine, with its arguments, streams, files and namespace.

A program is ``async def ping(process: Process) -> int``: it reads ``process.arguments``, writes to
``process.stdout`` and returns the exit code. It runs nothing on the computer underneath.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netcourse.simulation.linux.credentials import ROOT, Credentials
from netcourse.simulation.linux.limits import USUAL, Limit
from netcourse.simulation.linux.pipes import Pipe, TooMuch
from netcourse.simulation.linux.signals import Signal
from netcourse.simulation.linux.tasks import Cancelled, Freezer, Future, Result, Task, sleep

if TYPE_CHECKING:
    from netcourse.simulation.linux.files import FileSystem
    from netcourse.simulation.linux.machine import Machine
    from netcourse.simulation.linux.namespace import Namespace
    from netcourse.simulation.linux.terminal import Terminal

Program = Callable[["Process"], Coroutine[Future[Any], None, int]]


DRAIN_SECONDS = 0.001
MOST_PROCESSES = 256


class PidNamespace:
    """Counts processes, as pid_namespaces(7): no two of one container share a number. ``most`` are there at a time."""

    def __init__(self, most: int = MOST_PROCESSES) -> None:
        self._last, self.most = 0, most
        self.members: set[Process] = set()

    def enter(self, process: Process) -> None:
        """Give ``process`` the next number until it ends. Raises BlockingIOError when there are too many."""
        if len(self.members) >= self.most:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        self.members.add(process)
        process.exit.when_done(lambda: self.members.discard(process))
        self.skip(1)
        process.pid, process.pids = self._last, self

    @contextmanager
    def at_least_one(self) -> Iterator[None]:
        """A subshell takes a number, where no program in it has taken one for it."""
        before = self._last
        yield
        if self._last == before:
            self.skip(1)

    def skip(self, count: int) -> None:
        """Numbers that helpers had which are gone: the threads of runc, for one."""
        self._last += count


class ProgramNotFound(Exception):
    """No such program on the PATH (or at the path given): the shell says "not found" and 127."""


@dataclass(eq=False)
class Process:
    """One running program.

    ``arguments[0]`` is the program's name as typed. ``is_init`` marks a container's first process: signals that it
    has no handler for leave it alone, SIGKILL excepted (pid_namespaces(7)). ``sees_all_processes``: it is in the
    machine's own PID namespace. ``privileged``: it may change the network, ``has_raw_sockets``: it may send any packet
    (CAP_NET_ADMIN and CAP_NET_RAW of capabilities(7)). ``started`` is in nanoseconds since the epoch. ``exit`` becomes
    the exit code, 128+N after signal N. ``title`` is what is shown as its command line, where that isn't
    ``arguments``; ``builtin_of`` is the shell that does this program's work itself.
    """

    machine: Machine
    namespace: Namespace
    files: FileSystem
    program: Program
    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    directory: str = "/"
    stdin: Pipe = field(default_factory=Pipe)
    stdout: Pipe = field(default_factory=Pipe)
    stderr: Pipe = field(default_factory=Pipe)
    pid: int = 0
    pids: PidNamespace = field(default_factory=PidNamespace)
    host_pid: int = 0
    started: int = 0
    parent: Process | None = None
    is_init: bool = False
    terminal: Terminal | None = None
    hostname: str = ""
    user: Credentials = ROOT
    has_raw_sockets: bool = True
    privileged: bool = False
    sees_all_processes: bool = False
    freezer: Freezer = field(default_factory=Freezer)
    signal_handlers: dict[int, Callable[[], None]] = field(default_factory=dict)
    exit: Future[int] = field(default_factory=Future)
    limits: Mapping[str, Limit] = field(default_factory=lambda: USUAL)
    killed_by: int = 0
    title: list[str] | None = None
    builtin_of: str = ""
    task: Task[int] | None = None
    children: list[Process] = field(default_factory=list)

    def start(self) -> None:
        self.started = self.machine.clock.now
        self.task = self.do(self.program(self))
        self.task.when_done(self._ended)

    def inherit(self, parent: Process) -> None:
        """Have from ``parent`` what a child has besides streams, files and namespace, and end with it."""
        self.parent, self.directory, self.hostname = parent, parent.directory, parent.hostname
        self.freezer, self.limits = parent.freezer, parent.limits
        self.user, self.privileged, self.terminal = parent.user, parent.privileged, parent.terminal
        self.has_raw_sockets = parent.has_raw_sockets
        self.sees_all_processes = parent.sees_all_processes
        if self.sees_all_processes:
            self.pid = self.host_pid
        parent.children.append(self)
        self.exit.when_done(lambda: parent.children.remove(self))

    @property
    def reads_terminal(self) -> bool:
        """Whether standard input is a terminal, as isatty(3) tells."""
        return self.terminal is not None and self.stdin is self.terminal.input

    @property
    def prints_on_terminal(self) -> bool:
        return self.terminal is not None and self.stdout is self.terminal.output

    @property
    def command_line(self) -> list[str]:
        """As others see it."""
        return self.arguments if self.title is None else self.title

    def do(self, coroutine: Coroutine[Future[Any], None, Result]) -> Task[Result]:
        """Another thread of this process."""
        return Task(self.machine.clock, coroutine, self.freezer)

    def _ended(self) -> None:
        assert self.task is not None
        try:
            self.exit.set(self.task.result())
        except Cancelled:
            self.exit.set(128 + Signal.SIGKILL)
        except BrokenPipeError:
            self.exit.set(128 + Signal.SIGPIPE)
        except Exception as error:  # noqa: BLE001  # one program's fault must not take the engine with it
            self._fault(error)

    def _fault(self, error: Exception) -> None:
        known = isinstance(error, TooMuch | OSError)
        text = str(error) if isinstance(error, TooMuch) else getattr(error, "strerror", None)
        self.exit.set(1 if known else 128 + Signal.SIGSEGV)
        with contextlib.suppress(OSError):
            self.complain(f"{self.arguments[0]}: {text if known else f'a fault of the simulation: {error!r}'}")

    def signal(self, number: int) -> None:
        """Deliver a signal: its handler, or the default, which ends the process (but not an init without a handler)."""
        if self.exit.done:
            return
        if self.freezer.frozen and number != Signal.SIGKILL:
            self.freezer.when_thawed(lambda: self.signal(number))
            return
        handler = self.signal_handlers.get(number)
        if number != Signal.SIGKILL and handler is not None:
            handler()
        elif number == Signal.SIGKILL or (not self.is_init and number not in _IGNORED):
            self.kill(number)

    def signal_group(self, number: int) -> None:
        """Deliver a signal to it and to all that it has started, as to a process group (kill(2))."""
        for child in list(self.children):
            child.signal_group(number)
        self.signal(number)

    def kill(self, number: int = Signal.SIGKILL) -> None:
        """End the process and its children, whatever it would rather do."""
        for child in list(self.children):
            child.kill(number)
        self.killed_by = self.killed_by or number
        self.leave(128 + number)

    def leave(self, code: int) -> None:
        """End at once, as _exit(2) in a signal's handler does."""
        self.exit.set(code)
        if self.task is not None:
            self.task.cancel()

    async def drain(self) -> None:
        """Wait until standard output has room; printing takes its time, so that what prints for ever hinders nobody.

        Raises BrokenPipeError when nobody reads any more.
        """
        await self.sleep(DRAIN_SECONDS)
        await self.stdout.drain()

    async def sleep(self, seconds: float) -> None:
        await sleep(self.machine.clock, seconds)

    def write(self, text: str) -> None:
        """Print to standard output, without a newline of its own."""
        self.stdout.write(text.encode(errors="surrogateescape"))

    def complain(self, text: str) -> None:
        """Print a line to standard error."""
        self.stderr.write(f"{text}\n".encode(errors="surrogateescape"))


_IGNORED = {Signal.SIGCHLD, Signal.SIGWINCH, Signal.SIGURG, Signal.SIGCONT, Signal.SIGTSTP}

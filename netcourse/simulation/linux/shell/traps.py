"""What a script wants done when a signal comes, or when it ends (POSIX, section 2.14, trap)."""

from __future__ import annotations

from dataclasses import dataclass, field

from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.signals import NAMES, Signal
from netcourse.simulation.linux.tasks import Future

AT_END = "EXIT"
LEAVING = f"exit {128 + Signal.SIGINT}"


def signal_name(text: str) -> str:
    """"INT" for INT, SIGINT or 2; empty for what is no signal."""
    if text in ("0", AT_END):
        return AT_END
    if text.isdigit():
        return NAMES.get(int(text), "")
    name = text.upper().removeprefix("SIG")
    return name if name in NAMES.values() else ""


@dataclass
class Traps:
    """``actions`` by the names of signals. ``came`` is fulfilled when one of them comes, for whoever waits."""

    actions: dict[str, str] = field(default_factory=dict)
    came: Future[None] = field(default_factory=Future)
    _pending: list[str] = field(default_factory=list)

    @property
    def has_any(self) -> bool:
        """Whether something is to be done when a signal comes, or at the end."""
        return any(self.actions.values())

    def set(self, process: Process, name: str, action: str) -> None:
        self.actions[name] = action
        if name != AT_END:
            process.signal_handlers[_number(name)] = lambda: self._arrive(name)

    def reset(self, process: Process, name: str) -> None:
        self.actions.pop(name, None)
        if name != AT_END:
            process.signal_handlers.pop(_number(name), None)

    def catch_interrupt(self, process: Process) -> None:
        """A shell that isn't fed by standard input catches SIGINT, which so ends it even as a container's first process
        (setsignal in ash.c)."""
        process.signal_handlers.setdefault(Signal.SIGINT, self._interrupted)

    def _interrupted(self) -> None:
        self._come("INT")

    def forget(self, process: Process) -> None:
        """Another program is to take the shell's place: only what is ignored stays so (execve(2))."""
        if process.signal_handlers.get(Signal.SIGINT) == self._interrupted:
            del process.signal_handlers[Signal.SIGINT]
        for name in [name for name, action in self.actions.items() if action]:
            self.reset(process, name)

    def _arrive(self, name: str) -> None:
        if self.actions.get(name):
            self._come(name)

    def _come(self, name: str) -> None:
        self._pending.append(name)
        came, self.came = self.came, Future()
        came.set(None)

    def take(self) -> list[str]:
        """What is to be done now, for the signals that have come since."""
        pending, self._pending = self._pending, []
        return [self.actions.get(name, LEAVING) for name in pending]

    def at_end(self) -> str:
        return self.actions.pop(AT_END, "")


def _number(name: str) -> int:
    return next(number for number, known in NAMES.items() if known == name)

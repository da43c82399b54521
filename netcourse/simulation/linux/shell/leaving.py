"""How a script leaves what it is in: the shell, a function, a loop."""

from __future__ import annotations


class Exit(Exception):
    """The shell is to end with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Failed(Exit):
    """A builtin can't do what it is asked: a script ends, somebody at a terminal goes on (POSIX, section 2.8.1)."""


class Return(Exit):
    """The function is to end with this code."""


class Leave(Exception):
    """So many loops are to end, or the last of them is to go on with its next round."""

    def __init__(self, levels: int, *, goes_on: bool) -> None:
        super().__init__(levels)
        self.levels, self.goes_on = levels, goes_on


class Interrupted(Exception):
    """Somebody at the terminal has pressed Ctrl-C: what is being done is given up."""

"""Command lines as busybox reads them: options anywhere, its own words for wrong ones, the usage text after them."""

from __future__ import annotations

import functools
import getopt
import json
from collections.abc import Callable, Coroutine
from importlib import resources
from typing import Any

from netcourse.simulation.linux.pipes import TooMuch
from netcourse.simulation.linux.process import Process, Program
from netcourse.simulation.linux.tasks import Future

BANNER = "BusyBox v1.38.0 (Debian 1:1.38.0-3+b1) multi-call binary."
WITHOUT_HELP = {"[", "echo", "printf", "test"}


class Complaint(Exception):
    """What goes to standard error, and the exit code."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


@functools.cache
def _usages() -> dict[str, str]:
    text = resources.files(__package__).joinpath("usage.json").read_text()
    usages: dict[str, str] = json.loads(text)
    return usages


def usage(name: str, problem: str = "", code: int = 1) -> Complaint:
    """The whole usage text of ``name``, after a line that says what was wrong."""
    lines = [f"{name}: {problem}"] if problem else []
    return Complaint("\n".join([*lines, BANNER, "", _usages().get(name, f"Usage: {name}")]), code)


def options(process: Process, letters: str) -> tuple[dict[str, str], list[str]]:
    """Options by letter and the other arguments; ``letters`` as for getopt(3). Raises Complaint."""
    name = process.arguments[0].rpartition("/")[2]
    try:
        found, rest = getopt.gnu_getopt(process.arguments[1:], letters)
    except getopt.GetoptError as error:
        missing = "requires" in error.msg
        raise usage(name, f"option requires an argument -- '{error.opt}'" if missing
                    else f"invalid option -- '{error.opt}'") from None
    return {letter[1:]: value for letter, value in found}, rest


def number(process: Process, text: str, low: int, high: int) -> int:
    """Raises Complaint in busybox's words."""
    name = process.arguments[0]
    if not text.isdigit():
        raise Complaint(f"{name}: invalid number '{text}'")
    if not low <= int(text) <= high:
        raise Complaint(f"{name}: number {text} is not in {low}..{high} range")
    return int(text)


def complaining(program: Callable[[Process], Coroutine[Future[Any], None, int]]) -> Program:
    """A program whose Complaints are printed."""

    @functools.wraps(program)
    async def run(process: Process) -> int:
        name = process.arguments[0].rpartition("/")[2]
        if process.arguments[1:2] == ["--help"] and name in _usages() and name not in WITHOUT_HELP:
            process.write(f"{usage(name)}\n")
            return 0
        try:
            return await program(process)
        except Complaint as complaint:
            process.complain(str(complaint))
            return complaint.code
        except BrokenPipeError:
            raise
        except TooMuch as error:
            process.complain(f"{process.arguments[0]}: {error}")
            return 1
        except OSError as error:
            process.complain(f"{process.arguments[0]}: write error: {error.strerror}")
            return 1

    return run

"""Command lines as busybox reads them: options anywhere, its own words for wrong ones, the usage text after them."""

from __future__ import annotations

import errno
import functools
import getopt
import json
from collections.abc import Callable, Collection, Coroutine
from importlib import resources
from typing import Any

from netcourse.simulation.linux.pipes import TooMuch
from netcourse.simulation.linux.process import Process, Program
from netcourse.simulation.linux.tasks import Future

BANNER = "BusyBox v1.38.0 (Debian 1:1.38.0-3+b1) multi-call binary."
_NO_ROOM = dict.fromkeys(("cat", "echo", "tail", "tr"), "write error") | dict.fromkeys(
    ("base64", "cut", "env", "expr", "head", "id", "realpath", "route", "sort", "tty", "uname", "uniq", "wc"),
    "standard output") | {"yes": ""}
_NO_ROOM_CODES = {"basename": 1, "expr": 2, "printf": 1, "readlink": 1, "seq": 255, "sort": 2, "tty": 2, "whoami": 255}
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


def name_of(process: Process) -> str:
    """A program's own name, without the folders before it."""
    return process.arguments[0].rpartition("/")[2]


def options(process: Process, letters: str, *long_names: str, in_order: bool = False,
            code: int = 1) -> tuple[dict[str, str], list[str]]:
    """Options by letter (or long name) and the other arguments. Raises Complaint. See ``option_list``."""
    found, rest = option_list(process, letters, *long_names, in_order=in_order, code=code)
    return dict(found), rest


def option_list(process: Process, letters: str, *long_names: str, in_order: bool = False,
                code: int = 1) -> tuple[list[tuple[str, str]], list[str]]:
    """Options as they come, for those that may be given more than once.

    ``letters`` and ``long_names`` are as for getopt(3), but a long name that ends in ``=X`` stands for the letter X.
    ``in_order``: options end with the first word that is none. ``code``: what a wrong one exits with. Raises Complaint.
    """
    same = {f"--{name.rpartition('=')[0]}": name[-1] for name in long_names if not name.endswith("=") and "=" in name}
    spelled = [name if name.endswith("=") else _spelled(name, letters) for name in long_names]
    words = process.arguments[1:]
    try:
        found, rest = (getopt.getopt if in_order else getopt.gnu_getopt)(words, letters, spelled)
    except getopt.GetoptError as error:
        raise usage(name_of(process), _problem(error, is_long_known=bool(long_names)), code) from None
    return [(same.get(name, name.lstrip("-")), value) for name, value in found], rest


def _spelled(name: str, letters: str) -> str:
    """A long name as Python's getopt wants it: with ``=`` where its letter takes a value."""
    plain, _, letter = name.partition("=")
    return f"{plain}=" if letter and f"{letter}:" in letters else plain


def _problem(error: getopt.GetoptError, *, is_long_known: bool) -> str:
    if len(error.opt) > 1 and not is_long_known:
        return "invalid option -- '-'"
    if len(error.opt) > 1:
        return f"option '--{error.opt}' requires an argument" if "requires" in error.msg else \
            f"option '--{error.opt}' doesn't allow an argument" if "must not" in error.msg else \
            f"unrecognized option '--{error.opt}'"
    missing = "requires" in error.msg
    return f"option requires an argument -- '{error.opt}'" if missing else f"invalid option -- '{error.opt}'"


def refuse(process: Process, given: Collection[str], unsimulated: Collection[str]) -> None:
    """Raises Complaint for the first option given that busybox knows and the simulation doesn't."""
    for option in given:
        if option in unsimulated:
            dashes = "-" if len(option) == 1 else "--"
            raise Complaint(f"{name_of(process)}: {dashes}{option} is not simulated by netcourse")


def number(process: Process, text: str, low: int, high: int, *, base: int = 10,
           suffixes: dict[str, int] | None = None) -> int:
    """A whole number, as libbb/xatonum.c reads it. Raises Complaint in busybox's words."""
    name, factor, digits = name_of(process), 1, text
    if suffixes and text[-1:] in suffixes:
        factor, digits = suffixes[text[-1]], text[:-1]
    try:
        if not (digits[:1].isalnum() or (low < 0 and digits[:1] == "-")) or "_" in digits:
            raise ValueError
        value = int(digits, base) * factor
    except ValueError:
        raise Complaint(f"{name}: invalid number '{text}'") from None
    if not low <= value <= high:
        raise Complaint(f"{name}: number {digits} is not in {low}..{high} range")
    return value


UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(process: Process, text: str) -> float:
    """Seconds from "1.5", "2m", "1h" or "3d" (libbb/duration.c). Raises Complaint."""
    factor = UNITS.get(text[-1:], 0)
    digits = text[:-1] if factor else text
    try:
        if not (digits[:1].isdigit() or digits[:1] == ".") or "_" in digits:
            raise ValueError
        return float(digits) * (factor or 1)
    except ValueError:
        raise Complaint(f"{name_of(process)}: invalid number '{text}'") from None


def _cannot_write(process: Process, name: str, error: OSError) -> int:
    """Where there is no room for it, each has words of its own, or none."""
    told = _NO_ROOM.get(name) if error.errno == errno.ENOSPC else "write error"
    if told is not None:
        process.complain(f"{process.builtin_of or process.arguments[0]}: {told}: {error.strerror}")
    return _NO_ROOM_CODES.get(name, 0 if told is None else 1)


def complaining(program: Callable[[Process], Coroutine[Future[Any], None, int]]) -> Program:
    """A program whose Complaints are printed."""

    @functools.wraps(program)
    async def run(process: Process) -> int:
        name = name_of(process)
        if process.arguments[1:2] == ["--help"] and name in _usages() and name not in WITHOUT_HELP:
            process.write(f"{usage(name)}\n")
            return 0
        try:
            return await program(process)
        except Complaint as complaint:
            text = str(complaint)
            if process.builtin_of and text.startswith(f"{name}: "):
                text = process.builtin_of + text.removeprefix(name)
            process.complain(text)
            return complaint.code
        except BrokenPipeError:
            raise
        except TooMuch as error:
            process.complain(f"{process.arguments[0]}: {error}")
            return 1
        except OSError as error:
            return _cannot_write(process, name, error)

    return run

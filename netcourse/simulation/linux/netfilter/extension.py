"""What a match (``-m``) or a target (``-j``) of iptables is made of: its options, and what comes of them.

An extension says which options it takes; ``build`` turns those that were typed into a Match or a Target.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, NoReturn, TypeVar

from netcourse.simulation.linux.netfilter.connection import Tuple
from netcourse.simulation.linux.netfilter.passage import Passage


class IptablesError(Exception):
    """What iptables prints on standard error, and its exit code.

    2 is a wrong command line, 1 what the rules don't allow, 3 a missing table, 4 what the kernel refuses. A message
    that begins with "iptables" and a ``bare`` one come without the program's name and version in front.
    """

    def __init__(self, message: str, code: int = 2, *, bare: bool = False) -> None:
        super().__init__(message)
        self.code, self.bare = code, bare


@dataclass(frozen=True, slots=True)
class Option:
    """``name`` is how iptables calls it in its messages, where it has several spellings."""

    name: str
    arguments: int = 1
    invertible: bool = False
    repeated: str = ""


@dataclass(slots=True)
class Given:
    """What was typed for one extension, by the options' names; ``protocol`` is that of ``-p``, 0 for all."""

    extension: str
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    inverted: set[str] = field(default_factory=set)
    protocol: int = 0

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        return self.values[name][0]

    def bang(self, name: str) -> str:
        """``"! "`` where the option was inverted."""
        return "! " if name in self.inverted else ""

    def require(self, name: str) -> None:
        """Raises IptablesError where it is missing."""
        if name not in self.values:
            self.complain(f'option "{name}" must be specified\n')

    def exclude(self, one: str, other: str) -> None:
        """Raises IptablesError where both were given."""
        if one in self.values and other in self.values:
            self.complain(f'option "{one}" cannot be used together with "{other}".\n')

    def complain(self, problem: str) -> NoReturn:
        raise IptablesError(f"{self.extension}: {problem}")

    def number(self, name: str, highest: int, *, lowest: int = 0, shown: str | None = None) -> int:
        """Raises IptablesError with the range, or with what is ``shown`` instead."""
        number = integer(self.text(name))
        if number is None or not lowest <= number <= highest:
            range_shown = f" ({lowest}-{highest})" if shown is None else shown
            self.complain(f'bad value for option "{name}", or out of range{range_shown}.\n')
        return number

    def masked_number(self, name: str) -> tuple[int, int]:
        """``VALUE[/MASK]``, 32 bits each."""
        first, slash, second = self.text(name).partition("/")
        value, mask = integer(first), integer(second) if slash and "/" not in second else 0xFFFFFFFF
        if slash and "/" in second:
            self.complain(f'trailing garbage after value for option "{name}".\n')
        if value is None or mask is None or value > 0xFFFFFFFF or mask > 0xFFFFFFFF:
            self.complain(f'bad integer value for option "{name}", or out of range.\n')
        return value, mask


def integer(text: str) -> int | None:
    """A number as strtoul(3) reads it: decimal, hexadecimal with 0x, octal with 0; None for anything else."""
    try:
        return int(text, 8) if len(text) > 1 and text[0] == "0" and text.isdigit() else int(text, 0)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Match:
    """One condition. ``saved`` are its words in ``iptables -S``; ``listed`` those in -L -n, ``named`` those in -L where
    they differ. Where the kernel takes it only in some ``hooks``, it says which; ``tracks`` is for one that asks about
    connections, which are tracked from then on."""

    module: str
    saved: str
    listed: str
    test: Callable[[Passage], bool]
    named: str | None = None
    hooks: tuple[str, ...] = ()
    tracks: bool = False


CONTINUE = "CONTINUE"


@dataclass(frozen=True, slots=True)
class Target:
    """``verdict`` ends the packet's way (ACCEPT, DROP, RETURN), or lets the next rule decide (CONTINUE).

    ``act`` is what is done besides; ``translate`` gives the tuple that answers shall come with. Where the kernel takes
    it only in some tables or hooks, it says which. ``shown_as`` is the name that a listing shows where it differs.
    ``tracks`` is as for matches.
    """

    name: str
    verdict: str
    saved: str = ""
    listed: str = ""
    named: str | None = None
    act: Callable[[Passage], None] | None = None
    translate: Callable[[Tuple, Passage], Tuple] | None = None
    tables: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    shown_as: str = ""
    tracks: bool = False


Built = TypeVar("Built")


@dataclass(frozen=True, slots=True)
class Extension(Generic[Built]):
    """``options`` by the way they are typed, without abbreviations."""

    name: str
    options: Mapping[str, Option]
    build: Callable[[Given], Built]


def options(*choices: Option, aliases: Mapping[str, str] | None = None) -> dict[str, Option]:
    """A table of options by name, and by their other spellings."""
    table = {option.name: option for option in choices}
    return table | {spelling: table[name] for spelling, name in (aliases or {}).items()}


def quoted(text: str) -> str:
    """As xtables_save_string writes it: in quotation marks where a shell would need them."""
    if text and all(c.isascii() and (c.isalnum() or c in "_-") for c in text):
        return text
    escaped = "".join(f"\\{c}" if c in "\"\\'" else c for c in text)
    return f'"{escaped}"'


def together(tests: list[Callable[[Passage], bool]]) -> Callable[[Passage], bool]:
    """The test that all of ``tests`` hold."""
    return lambda passage: all(test(passage) for test in tests)

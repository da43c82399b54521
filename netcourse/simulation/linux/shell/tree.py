"""A script once it is parsed: lists, pipelines, loops and conditions (POSIX, Shell Command Language, section 2)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Redirection:
    """Stream ``number`` comes from or goes to ``target``; ``operator`` is <, >, >>, &>, <&, >& or <<."""

    operator: str
    number: int
    target: str
    is_literal: bool = False


@dataclass(frozen=True)
class Command:
    assignments: tuple[str, ...]
    words: tuple[str, ...]
    redirections: tuple[Redirection, ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Pipeline:
    stages: tuple[Node, ...]
    inverted: bool = False


@dataclass(frozen=True)
class Sequence:
    """Pipelines with what stands between them: ``&&``, ``||``, ``;`` or ``&`` after each."""

    parts: tuple[tuple[Node, str], ...]


@dataclass(frozen=True)
class For:
    name: str
    words: tuple[str, ...]
    body: Sequence
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Loop:
    """``until`` turns the condition round."""

    condition: Sequence
    body: Sequence
    until: bool


@dataclass(frozen=True)
class If:
    branches: tuple[tuple[Sequence, Sequence], ...]
    otherwise: Sequence | None


@dataclass(frozen=True)
class Group:
    """A subshell ``( )`` or a group ``{ }``, with its redirections."""

    body: Sequence
    subshell: bool
    redirections: tuple[Redirection, ...] = field(default=())
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Case:
    """Patterns and what is done for the first that fits."""

    word: str
    branches: tuple[tuple[tuple[str, ...], Sequence], ...]
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Function:
    name: str
    body: Node


@dataclass(frozen=True)
class Script:
    """Text of which each line is done before the next one is read; the first one has the number ``line``."""

    text: str
    line: int = 0


Node = Command | Pipeline | Sequence | For | Loop | If | Group | Case | Function | Script

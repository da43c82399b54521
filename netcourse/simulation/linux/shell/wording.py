"""The text of a command, as ash shows it in its list of jobs (commandtext in shell/ash.c)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

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
    Redirection,
    Sequence,
)

SINGLE_QUOTED = re.compile(r"'([^']*)'")


def text_of(node: Node) -> str:
    return _TEXTS[type(node)](node)


def _sequence(node: Sequence) -> str:
    return "".join(text_of(part) + (f" {sign} " if sign in ("&&", "||") else "; ")
                   for part, sign in node.parts).removesuffix("; ")


def _command(node: Command) -> str:
    words = [SINGLE_QUOTED.sub(r'"\1"', word) for word in node.words]
    return " ".join([*words, *(_redirection(redirection) for redirection in node.redirections)])


def _redirection(node: Redirection) -> str:
    return f"{node.number}{node.operator}{node.target}"


def _if(node: If) -> str:
    parts = [f"{text_of(condition)}; then {text_of(body)}; " for condition, body in node.branches]
    otherwise = f"else {text_of(node.otherwise)}; " if node.otherwise is not None else ""
    return f"if {'elif '.join(parts)}{otherwise}fi"


def _group(node: Group) -> str:
    inside = f"({text_of(node.body)})" if node.subshell else text_of(node.body)
    return " ".join([inside, *(_redirection(redirection) for redirection in node.redirections)])


def _case(node: Case) -> str:
    branches = "; ".join(f"{'|'.join(choices)}) {text_of(body)};" for choices, body in node.branches)
    return f"case {node.word} in {branches}; esac"


_TEXTS: dict[type, Callable[[Any], str]] = {
    Sequence: _sequence, Command: _command, If: _if, Group: _group, Case: _case,
    Pipeline: lambda node: ("! " if node.inverted else "") + " | ".join(map(text_of, node.stages)),
    For: lambda node: f"for {node.name} in {' '.join(node.words)}; do {text_of(node.body)}; done",
    Loop: lambda node: f"{'until' if node.until else 'while'} {text_of(node.condition)}; do {text_of(node.body)}; done",
    Function: lambda node: f"{node.name}() {{ ... }}",
}

"""Whoever types the docker commands that a lesson shows gets the answers that stand there, on each engine."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest

from tests.conftest import EngineAddress
from tests.parity.transcripts import Answer, run_command, without_what_varies

LESSON = Path(__file__).parents[2] / "notebooks" / "07-custom-networks.ipynb"
REFUSED = "Error response from daemon: "
TYPED = re.compile(r"^(?=\$ docker |host# )", re.MULTILINE)


def commands_in(lesson: Path) -> list[tuple[str, str]]:
    """(command, what is printed below it) for each ``$ docker ...`` in the stored outputs; a refusal is an error."""
    outputs = [output for cell in nbformat.read(lesson, as_version=4).cells for output in cell.get("outputs", [])]
    printed = "".join(output.get("text") or output.get("evalue", "") + "\n" for output in outputs
                      if output.output_type in ("stream", "error"))
    pairs = (part[2:].partition("\n") for part in TYPED.split(printed) if part.startswith("$ docker "))
    return [(command, below) for command, _, below in pairs]


@dataclass
class Hand:
    """Types commands, and remembers what it has made, to take just that away again."""

    address: str
    made: list[str] = field(default_factory=list)

    def type(self, command: str) -> Answer:
        answer = run_command(command, self.address)
        words = shlex.split(command)
        if answer.code == 0 and words[1] == "run":
            self.made.insert(0, f"docker rm -f {words[words.index('--name') + 1]}")
        elif answer.code == 0 and words[1:3] == ["network", "create"]:
            self.made.append(f"docker network rm {words[-1]}")
        return answer


@pytest.fixture
def hand(engine: EngineAddress, docker_command: str) -> Iterator[Hand]:
    hand = Hand(engine.address)
    yield hand
    for command in hand.made:
        run_command(command, engine.address)


def shown(command: str, output: str) -> str:
    """What a lesson shows of an exec; two containers behind one alias are told in changing order."""
    text = without_what_varies(output)
    return "\n".join(sorted(text.splitlines())) if "nslookup" in command else text


def told(command: str, below: str) -> str:
    """What the lesson says came of a command: an exec's output, a refusal, or nothing."""
    if command.startswith("docker exec"):
        return shown(command, below)
    return "refused as told" if below.startswith("invalid ") else ""


def seen(command: str, below: str, answer: Answer) -> str:
    """What came of it when it was typed."""
    if command.startswith("docker exec"):
        return shown(command, answer.output + answer.error)
    refusal = answer.error.strip().removeprefix(REFUSED)
    return "refused as told" if answer.code and below.startswith(refusal) else refusal


def test_the_commands_of_the_lesson_can_be_typed_by_hand(hand: Hand) -> None:
    steps = commands_in(LESSON)

    answers = [(command, seen(command, below, hand.type(command))) for command, below in steps]

    assert answers == [(command, told(command, below)) for command, below in steps]

"""Judging exercises: one module for each lesson says what it looks for, and what to say when it isn't there."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netcourse.checks.custom_networks import EXERCISES
from netcourse.errors import LabError

if TYPE_CHECKING:
    from netcourse.labs import DockerLab


@dataclass(frozen=True)
class Result:
    """``missing`` is empty when the exercise is done."""

    exercise: str
    missing: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        return not self.missing

    def __repr__(self) -> str:
        if self.is_done:
            return f"✓ {self.exercise}: done"
        return "\n".join([f"✗ {self.exercise}: not yet", *(f"  - {hint}" for hint in self.missing)])

    def _repr_html_(self) -> str:
        sign, colour = ("✓", "#3f7d20") if self.is_done else ("✗", "#b4541a")
        told = "done" if self.is_done else "not yet"
        hints = "".join(f"<li>{html.escape(hint)}</li>" for hint in self.missing)
        return (f"<div style='border-left: 4px solid {colour}; padding-left: 10px'>{sign} "
                f"<strong>{html.escape(self.exercise)}</strong>: {told}{f'<ul>{hints}</ul>' if hints else ''}</div>")


def check(exercise: str, lab: DockerLab) -> Result:
    """Raises LabError for an exercise that doesn't exist."""
    if exercise not in EXERCISES:
        raise LabError(f"There is no exercise {exercise!r}: the exercises are {', '.join(sorted(EXERCISES))}.")
    machine = lab.topology(everything=True).machine
    return Result(exercise, tuple(EXERCISES[exercise](machine, lab.answers)))

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
        return f"<pre>{html.escape(repr(self))}</pre>"


def check(exercise: str, lab: DockerLab) -> Result:
    """Raises LabError for an exercise that doesn't exist."""
    if exercise not in EXERCISES:
        raise LabError(f"There is no exercise {exercise!r}: the exercises are {', '.join(sorted(EXERCISES))}.")
    return Result(exercise, tuple(EXERCISES[exercise](lab)))

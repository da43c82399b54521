"""Every lesson prints on each engine what is stored in it, pictures included (nbval, strict)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SANITISER = Path(__file__).with_name("sanitise.cfg")


def validate(lesson: Path, mode: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env",
               "--nbval-cell-timeout=60", "--nbval-sanitize-with", str(SANITISER), str(lesson)]
    environment = os.environ | {"NETCOURSE_MODE": mode}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
@pytest.mark.parametrize("mode", ["simulated", "real"])
def test_a_lesson_prints_what_is_stored(lesson: Path, mode: str, request: pytest.FixtureRequest) -> None:
    if mode == "real":
        request.getfixturevalue("real_address")

    result = validate(lesson, mode)

    assert result.returncode == 0, result.stdout


def test_a_wrong_address_in_an_output_is_noticed(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.ipynb"
    wrong.write_text(LESSONS[0].read_text().replace("10.60.0.3): 56 data bytes", "10.60.0.4): 56 data bytes"))

    assert validate(wrong, "simulated").returncode == 1

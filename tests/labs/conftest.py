"""A lab on each engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from netcourse import DockerLab


@pytest.fixture(params=["simulated", "real"])
def lab(request: pytest.FixtureRequest) -> Iterator[DockerLab]:
    """The test runs once on each engine; what the lab made is gone after it."""
    if request.param == "real":
        request.getfixturevalue("real_address")
    with DockerLab(request.param) as lab:
        yield lab

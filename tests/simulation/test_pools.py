"""What becomes of the subnets of a network that can't be created. It isn't tried on a real engine, which loses them."""

from __future__ import annotations

import pytest

from netcourse.simulation.docker.engine import Engine
from netcourse.simulation.docker.errors import EngineError


@pytest.fixture
def engine() -> Engine:
    return Engine(seed=1)


def _create(engine: Engine, name: str, *subnets: str) -> None:
    engine.networks.create({"Name": name, "IPAM": {"Config": [{"Subnet": subnet} for subnet in subnets]}})


def test_subnets_that_are_too_many_are_free_again(engine: Engine) -> None:
    with pytest.raises(EngineError, match="doesn't support multiple subnets"):
        _create(engine, "two", "10.1.0.0/24", "10.2.0.0/24")

    _create(engine, "one", "10.1.0.0/24")
    _create(engine, "other", "10.2.0.0/24")


def test_a_subnet_before_one_that_overlaps_is_lost(engine: Engine) -> None:
    """As dockerd 28.5 does it."""
    _create(engine, "one", "10.1.0.0/24")

    with pytest.raises(EngineError, match="Pool overlaps"):
        _create(engine, "two", "10.2.0.0/24", "10.1.0.0/24")

    with pytest.raises(EngineError, match="Pool overlaps"):
        _create(engine, "other", "10.2.0.0/24")

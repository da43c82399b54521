"""A lab on each engine."""

from __future__ import annotations

from collections.abc import Iterator

import docker
import pytest

from netcourse import DockerLab


@pytest.fixture(params=["simulated", "real"])
def lab(request: pytest.FixtureRequest) -> Iterator[DockerLab]:
    """The test runs once on each engine; what the lab made is gone after it."""
    if request.param == "real":
        request.getfixturevalue("real_address")
    with DockerLab(request.param) as lab:
        yield lab


@pytest.fixture
def learner(lab: DockerLab) -> Iterator[docker.DockerClient]:
    """The learner's own client of the lab's engine, as from a terminal; what it made is gone after the test."""
    client = docker.DockerClient(base_url=lab.address)
    yield client
    for container in client.containers.list(all=True, filters={"name": "nc-"}):
        container.remove(force=True)
    for network in client.networks.list(names=["nc-"]):
        network.remove()
    client.close()

"""Virtual time runs ahead of the client's; both mean the same by "a minute ago"."""

from __future__ import annotations

import time
from datetime import datetime

import docker
import pytest
from docker.models.containers import Container


@pytest.fixture
def sleeper(simulated_address: str) -> Container:
    """A container in which an hour has passed."""
    client = docker.DockerClient(base_url=simulated_address)
    container = client.containers.run("busybox", "sleep 100000", name="nc-sleeper", detach=True)
    container.exec_run("sleep 3600")
    return container


def test_events_of_the_last_minute_are_told(sleeper: Container) -> None:
    client = sleeper.client
    client.networks.create("nc-late")
    events = client.events(since=int(time.time()) - 60, decode=True)

    told = [next(events)["Action"] for _ in range(2)]

    events.close()
    assert told == ["exec_die", "create"]


def test_a_time_that_the_simulation_told_means_what_it_told(sleeper: Container) -> None:
    written = sleeper.client.containers.run("busybox", "sh -c 'echo first; sleep 3600; echo second'", name="nc-writer",
                                            detach=True)
    written.wait()
    second = written.logs(timestamps=True).decode().splitlines()[1].split()[0]

    assert written.logs(since=datetime.fromisoformat(f"{second[:26]}+00:00").timestamp()) == b"second\n"


def test_the_log_of_the_last_minute_is_told(sleeper: Container) -> None:
    writer = sleeper.client.containers.run(
        "busybox", "sh -c 'echo early; sleep 3600; echo late'", name="nc-writer", detach=True)
    writer.wait()

    assert writer.logs(since=int(time.time()) - 60) == b"late\n"

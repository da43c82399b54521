"""What a learner is told when something is taken, or when the engine isn't there or goes away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from docker.errors import DockerException

from netcourse import DockerLab
from netcourse.errors import NoEngine, Refused
from netcourse.real.docker.finding import reason_of
from netcourse.simulation.docker.server import SimulatedEngine


@pytest.fixture
def engine_of_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedEngine]:
    """An engine that a lab reaches by DOCKER_HOST, as it reaches a real one."""
    with SimulatedEngine(tmp_path / "docker.sock") as engine:
        monkeypatch.setenv("DOCKER_HOST", engine.address)
        yield engine


@pytest.mark.parametrize("ask", [
    lambda lab: lab.create_network("nc-back"), lambda lab: lab.run("busybox", name="nc-web"),
    lambda lab: lab.exec("nc-api", "true"), lambda lab: lab.draw(), lambda lab: lab.host("true"),
    lambda lab: lab.reachability(), lambda lab: lab.check("three tiers"), lambda lab: lab.inspect_network("bridge"),
], ids=["create_network", "run", "exec", "draw", "host", "reachability", "check", "inspect"])
def test_an_engine_that_goes_away_is_told_in_one_sentence(
        ask: Callable[[DockerLab], object], engine_of_another_process: SimulatedEngine,
        capsys: pytest.CaptureFixture[str]) -> None:
    lab = DockerLab("real")
    lab.run("busybox", name="nc-api")
    engine_of_another_process.close()

    with pytest.raises(NoEngine, match=r"The Docker Engine doesn't answer any more \(.*\): look whether Docker still "
                                       "runs, then make a new lab"):
        ask(lab)
    capsys.readouterr()
    lab.close()

    assert "run `netcourse clean` when Docker is back" in capsys.readouterr().out


@pytest.mark.parametrize(("address", "reason"), [
    ("unix:///nowhere/docker.sock", "no socket there"), ("tcp://127.0.0.1:1", "connection refused"),
    ("nonsense://x", "."), ("ssh://nobody@127.0.0.1:1", "."),
])
def test_an_address_where_nobody_answers_is_named(address: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)

    with pytest.raises(NoEngine, match=rf"No Docker Engine answers: {address} \(DOCKER_HOST\): {reason}.*Start Docker"):
        DockerLab("real")


def test_a_socket_without_permission_says_what_to_do() -> None:
    error = DockerException("('Connection aborted.', PermissionError(13, 'Permission denied'))")

    assert reason_of(error) == "permission denied: is your user in the group docker?"


def test_a_port_that_is_taken_says_by_whom(lab: DockerLab) -> None:
    lab.run("busybox", name="nc-web", ports={80: 18099})

    with pytest.raises(Refused, match=r"port is already allocated\. The container nc-web has it: choose another port"):
        lab.run("busybox", name="nc-api", ports={80: 18099})


def test_a_container_name_that_is_taken_says_by_whom(lab: DockerLab) -> None:
    lab.run("busybox", name="nc-web")

    with pytest.raises(Refused, match="That one runs busybox and is running: choose another name"):
        lab.run("busybox", name="nc-web")


def test_a_name_that_is_not_there_says_where_to_look(lab: DockerLab) -> None:
    with pytest.raises(Refused, match=r"No such container: nc-nobody\. Look at the name: lab\.draw\(\) shows"):
        lab.connect("nc-nowhere", "nc-nobody")


def test_a_stopped_container_says_how_to_start_it(lab: DockerLab) -> None:
    lab.run("busybox", name="nc-web")
    lab.stop("nc-web")

    with pytest.raises(Refused, match=r"is not running\. Start it: lab\.start\('nc-web'\)"):
        lab.exec("nc-web", "true")

"""What a learner is told when something is taken, or when the engine isn't there or goes away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import docker
import pytest
from docker.errors import APIError, DockerException
from IPython.core.interactiveshell import InteractiveShell

from netcourse import DockerLab
from netcourse.errors import NoEngine, Refused
from netcourse.real.docker.broom import LAB, made_by_labs, remove
from netcourse.real.docker.finding import reason_of
from netcourse.real.docker.probe import PROBE_LABEL
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

    with pytest.raises(NoEngine, match=r"The Docker Engine doesn't answer any more \(.*\): start Docker again, and "
                                       "then, with lab.start, the containers that have ended"):
        ask(lab)
    capsys.readouterr()
    lab.close()

    assert "run `netcourse clean` when that is mended" in capsys.readouterr().out


@pytest.mark.parametrize(("address", "reason"), [
    ("unix:///nowhere/docker.sock", "no socket there"), ("tcp://127.0.0.1:1", "connection refused"),
    ("nonsense://x", "that isn't an address of an engine"), ("nonsense", "that isn't an address of an engine"),
    ("tcp://127.0.0.1:99999", "that isn't an address of an engine"), ("ssh://nobody@127.0.0.1:1", "."),
])
def test_an_address_where_nobody_answers_is_named(address: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)

    with pytest.raises(NoEngine, match=rf"No Docker Engine answers: {address} \(DOCKER_HOST\): {reason}.*Start Docker"):
        DockerLab("real")


def test_what_is_no_engine_is_told_from_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_port}")

        with pytest.raises(NoEngine, match="what answers there isn't a Docker Engine"):
            DockerLab("real")

        server.shutdown()


def test_an_engine_of_another_version_than_the_lessons_is_named(engine_of_another_process: SimulatedEngine,
                                                                monkeypatch: pytest.MonkeyPatch,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(docker.DockerClient, "version", lambda client: {"Version": "24.0.7"})

    DockerLab("real").close()

    assert capsys.readouterr().out == ("Docker Engine 24.0.7, real: DOCKER_HOST\nThe lessons were made with Docker "
                                       "Engine 28: what this one prints may differ here and there.\n")


def test_a_context_that_is_gone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text('{"currentContext": "gone"}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.delenv("DOCKER_HOST", raising=False)

    with pytest.raises(NoEngine, match="the docker context gone can't be read: `docker context ls` shows which there"):
        DockerLab("real")


def test_a_broken_setting_of_the_docker_command_is_named(tmp_path: Path, engine_of_another_process: SimulatedEngine,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text("[1]")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))

    with pytest.raises(NoEngine, match=r"the docker command's config\.json isn't right: mend it, or move it away"):
        DockerLab("real")


def test_a_socket_without_permission_says_what_to_do() -> None:
    error = DockerException("('Connection aborted.', PermissionError(13, 'Permission denied'))")

    assert reason_of(error) == "permission denied: your user may have to be in the group docker"


def test_a_port_that_is_taken_says_by_whom(lab: DockerLab) -> None:
    lab.run("busybox", name="nc-web", ports={80: 18099})

    with pytest.raises(Refused, match=r"port is already allocated\. The container nc-web has it: choose another port"):
        lab.run("busybox", name="nc-api", ports={80: 18099})


def test_a_container_name_that_is_taken_says_by_whom(lab: DockerLab) -> None:
    lab.run("busybox", name="nc-web")

    with pytest.raises(Refused, match=r"That one runs busybox and is running\. This lab has made it already"):
        lab.run("busybox", name="nc-web")


def test_a_name_that_is_not_there_says_where_to_look(lab: DockerLab) -> None:
    with pytest.raises(Refused, match=r"No such container: nc-nobody\. Look at the name: lab\.draw\(\) shows"):
        lab.connect("nc-nowhere", "nc-nobody")


def test_a_stopped_container_says_how_to_start_it(lab: DockerLab) -> None:
    lab.run("busybox", name="nc-web")
    lab.stop("nc-web")

    with pytest.raises(Refused, match=r"is not running\. Start it: lab\.start\('nc-web'\)"):
        lab.exec("nc-web", "true")


def test_a_notebook_shows_a_sentence_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    shell = InteractiveShell()

    shell.run_cell("from netcourse import DockerLab; DockerLab('magic')")

    told = "NoEngine: The mode 'magic' isn't one of auto, real, simulated: choose one of these.\n"
    assert capsys.readouterr().out == told


def test_what_an_earlier_lab_of_the_notebook_has_made_is_told_from_the_learners_own(
        engine_of_another_process: SimulatedEngine) -> None:
    with DockerLab("real") as earlier, DockerLab("real") as lab:
        earlier.create_network("nc-front")
        with pytest.raises(Refused, match="An earlier lab of this notebook has made it: restart the kernel"):
            lab.create_network("nc-front")


def test_a_lab_that_nobody_holds_any_more_is_put_away(engine_of_another_process: SimulatedEngine) -> None:
    lab = DockerLab("real")
    lab.create_network("nc-front")

    lab = DockerLab("real")

    lab.create_network("nc-front")
    lab.close()


def test_the_probe_comes_back_when_it_has_gone(lab: DockerLab, capsys: pytest.CaptureFixture[str]) -> None:
    lab.host("true")
    for container in lab.docker.containers.list(filters={"label": PROBE_LABEL}):
        container.remove(force=True)

    assert lab.host("echo here") == 0
    assert capsys.readouterr().out.endswith("here\n")


def test_what_others_use_stays_and_all_else_is_removed(lab: DockerLab, learner: docker.DockerClient) -> None:
    lab.create_network("nc-front")
    lab.create_network("nc-back")
    learner.containers.run("busybox", "sleep 1000", name="nc-mine", network="nc-front", detach=True)

    with pytest.raises(APIError, match="nc-front has active endpoints"):
        remove(made_by_labs(learner, lambda labels: labels[LAB] == lab.id))

    assert {network.name for network in learner.networks.list(names=["nc-"])} == {"nc-front"}

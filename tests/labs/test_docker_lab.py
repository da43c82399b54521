"""DockerLab on each engine: what it makes, what it refuses, what it leaves behind (nothing)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from netcourse import DockerLab
from netcourse.errors import ImageMissing, LabClosed, LabError, NoEngine, Refused
from netcourse.real.docker.broom import LAB, made_by_labs


def test_it_echoes_the_docker_command(lab: DockerLab, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    lab.create_network("nc-front", subnet="10.66.0.0/24", internal=True)

    assert capsys.readouterr().out == "$ docker network create --subnet 10.66.0.0/24 --internal nc-front\n"


def test_containers_on_one_network_find_each_other(lab: DockerLab) -> None:
    lab.create_network("nc-front", subnet="10.66.0.0/24")
    lab.run("busybox", name="nc-web", network="nc-front")
    lab.run("busybox", name="nc-api", network="nc-front", aliases=["backend"])

    assert [lab.ping("nc-web", name) for name in ("nc-api", "backend", "nobody")] == [True, True, False]


def test_a_published_port_stands_in_the_picture(lab: DockerLab) -> None:
    lab.create_network("nc-front", subnet="10.66.0.0/24")
    lab.run("busybox", "httpd -f", name="nc-web", network="nc-front", ports={80: 18080})

    assert lab.draw().text.splitlines() == [
        "Docker host  (to the outside)",
        "  published  :18080 → nc-web:80",
        "  network nc-front  10.66.0.0/24  [bridge 10.66.0.1]  out through NAT",
        "    └─ nc-web (busybox)  eth0 10.66.0.2/24  ▲ default route",
    ]


def test_the_picture_follows_what_is_changed(lab: DockerLab) -> None:
    lab.create_network("nc-front", subnet="10.66.0.0/24")
    lab.create_network("nc-back", subnet="10.67.0.0/24")
    lab.run("busybox", name="nc-api", network="nc-front")
    before = lab.draw().text

    lab.connect("nc-back", "nc-api", gw_priority=1)

    assert "nc-api (busybox)  eth0 10.66.0.2/24  ▲ default route" in before
    assert "nc-api (busybox)  eth1 10.67.0.2/24  ▲ default route" in lab.draw().text


def test_a_bridge_that_is_switched_off_shows(lab: DockerLab) -> None:
    lab.create_network("nc-dark", subnet="10.61.3.0/24", options={"com.docker.network.bridge.name": "nc-dark0"})

    lab.host("ip link set nc-dark0 down")

    assert "[nc-dark0 10.61.3.1 down]" in str(lab.draw())


def test_a_name_that_is_taken_is_refused_with_advice(lab: DockerLab) -> None:
    lab.create_network("nc-front", subnet="10.66.0.0/24")

    with pytest.raises(Refused, match=r"nc-front already exists\. This lab has made it already: go on with it"):
        lab.create_network("nc-front")


def test_addresses_that_are_taken_are_refused_with_advice(lab: DockerLab) -> None:
    lab.create_network("nc-front", subnet="10.66.0.0/24")

    with pytest.raises(Refused, match=r"Pool overlaps .* The network nc-front \(10\.66\.0\.0/24\) has these"):
        lab.create_network("nc-back", subnet="10.66.0.0/16")


def test_a_container_that_cannot_start_is_not_left_behind(lab: DockerLab) -> None:
    with pytest.raises(Refused, match="executable file not found"):
        lab.run("busybox", "nosuch", name="nc-web")

    assert lab.docker.containers.list(all=True, filters={"name": "nc-web"}) == []


def test_an_image_that_nobody_has_is_named(lab: DockerLab) -> None:
    with pytest.raises(ImageMissing, match="The image netcourse/nosuch isn't here and can't be pulled"):
        lab.run("netcourse/nosuch", name="nc-web")


@pytest.mark.parametrize("touch", [
    lambda lab: lab.remove("nc-mine"), lambda lab: lab.stop("nc-mine"), lambda lab: lab.connect("bridge", "nc-mine"),
    lambda lab: lab.disconnect("bridge", "nc-mine"), lambda lab: lab.remove_network("nc-own"),
], ids=["remove", "stop", "connect", "disconnect", "remove_network"])
def test_what_the_learner_has_made_is_left_alone(touch: Callable[[DockerLab], object], lab: DockerLab,
                                                 learner: docker.DockerClient) -> None:
    learner.containers.create("busybox", name="nc-mine")
    learner.networks.create("nc-own")

    with pytest.raises(Refused, match="wasn't made by this lab, so it is left alone"):
        touch(lab)


def test_what_is_made_by_docker_py_goes_with_the_lab(lab: DockerLab, learner: docker.DockerClient) -> None:
    lab.docker.networks.create("nc-front")
    lab.docker.volumes.create("nc-data")
    lab.docker.containers.create("busybox", name="nc-web", labels={"mine": "yes"})

    labels = learner.containers.get("nc-web").labels

    assert (labels["mine"], labels[LAB]) == ("yes", lab.id)
    assert {thing.name for thing in made_by_labs(learner, lambda labels: labels[LAB] == lab.id)} == {
        "nc-web", "nc-front", "nc-data"}


def test_a_closed_lab_says_so(lab: DockerLab) -> None:
    lab.close()
    lab.close()

    with pytest.raises(LabClosed, match="make a new one"):
        lab.create_network("nc-front")


def test_closing_removes_what_was_made_and_nothing_else(real_address: str) -> None:
    client = docker.DockerClient(base_url=real_address)
    other = client.networks.create("nc-other")
    try:
        with DockerLab("real") as lab:
            lab.create_network("nc-front", subnet="10.66.0.0/24")
            lab.run("busybox", name="nc-web", network="nc-front")
            lab.host("true")

        assert client.containers.list(all=True, filters={"label": f"netcourse.lab={lab.id}"}) == []
        assert {network.name for network in client.networks.list(names=["nc-"])} == {"nc-other"}
    finally:
        other.remove()
        client.close()


def test_an_exercise_tells_what_is_missing(lab: DockerLab) -> None:
    result = lab.check("a fixed address")

    assert repr(result) == "✗ a fixed address: not yet\n  - there is no container called printer"
    with pytest.raises(LabError, match="There is no exercise 'magic'"):
        lab.check("magic")


def test_without_an_engine_a_real_one_is_asked_for_in_vain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")

    with pytest.raises(NoEngine, match=r"No Docker Engine answers: .* Start Docker, or use mode='simulated'"):
        DockerLab("real")


def test_without_an_engine_the_simulation_steps_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")

    with DockerLab("auto") as lab:
        assert lab.is_simulated
        assert "no Docker Engine answers" in str(lab)

"""What the verbs of a lab say to arguments that they can't take; no engine is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from netcourse import DockerLab
from netcourse.errors import WrongArgument

Ask = Callable[[DockerLab], object]


@pytest.fixture(scope="module")
def simulated_lab() -> Iterator[DockerLab]:
    with DockerLab("simulated") as lab:
        lab.create_network("nc-front", subnet="10.66.0.0/24")
        lab.run("busybox", name="nc-web", network="nc-front")
        yield lab


@pytest.mark.parametrize(("ask", "told"), [
    (lambda lab: lab.create_network(None), "The name of a network is a text such as 'front', not None."),
    (lambda lab: lab.create_network("nc-back", subnet=5), "A subnet is a text such as '10.60.0.0/24', not 5."),
    (lambda lab: lab.create_network("nc-back", gateway="10.67.0.1"),
     "A gateway or an ip_range needs the subnet that it lies in: give a subnet too."),
    (lambda lab: lab.create_network("nc-back", options="mtu=1400"),
     "Options are names with values, such as {'com.docker.network.driver.mtu': 1400}, not 'mtu=1400'."),
    (lambda lab: lab.run("busybox", name=""), "The name of a container is a text such as 'web', not ''."),
    (lambda lab: lab.run("", name="nc-api"), "An image is a text such as 'busybox', not ''."),
    (lambda lab: lab.run("busybox", name="nc-api", network=""),
     "The name of a network is a text such as 'front', not ''."),
    (lambda lab: lab.run("busybox", name="nc-api", aliases=[1]),
     "Aliases are a list of names such as ['db', 'database'], not [1]."),
    (lambda lab: lab.run("busybox", name="nc-api", ports={80: 70000}),
     "Ports are pairs of the container's and the host's, from 1 to 65535, such as {80: 8080}, not {80: 70000}."),
    (lambda lab: lab.connect("nc-front", "nc-web", gw_priority="1"), "gw_priority is a whole number, not '1'."),
    (lambda lab: lab.exec("nc-web", ""), "A command is a text such as 'ip address', or a list of its words, not ''."),
    (lambda lab: lab.exec("nc-web", "echo 'a"), "A quotation mark in \"echo 'a\" isn't closed: close it."),
    (lambda lab: lab.ping("nc-web", ""), "What is pinged is a text such as '10.60.0.2', not ''."),
    (lambda lab: lab.ping("nc-web", "nc-web", count=0), "How often one pings is a whole number from 1 up, not 0."),
    (lambda lab: lab.host(None), "A command for the host is a text such as 'ip address', not None."),
    (lambda lab: lab.stop(""), "The name of a container is a text such as 'web', not ''."),
    (lambda lab: lab.inspect_network(None), "The name of a network is a text such as 'front', not None."),
], ids=["network None", "subnet 5", "no subnet", "options", "no name", "no image", "no network", "aliases", "ports",
        "priority", "no command", "quotation", "no target", "no pings", "host None", "stop", "inspect"])
def test_a_wrong_argument_is_told_with_what_is_right(ask: Ask, told: str, simulated_lab: DockerLab,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()

    with pytest.raises(WrongArgument) as complaint:
        ask(simulated_lab)

    assert (str(complaint.value), capsys.readouterr().out) == (told, "")


def test_a_single_alias_needs_no_list(simulated_lab: DockerLab) -> None:
    simulated_lab.run("busybox", name="nc-db", network="nc-front", aliases="database")

    assert simulated_lab.answers("nc-web", "database")


def test_a_command_may_be_a_list_of_words(simulated_lab: DockerLab, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()

    simulated_lab.exec("nc-web", ["echo", "two  blanks"])

    assert capsys.readouterr().out == "$ docker exec nc-web echo 'two  blanks'\ntwo  blanks\n"

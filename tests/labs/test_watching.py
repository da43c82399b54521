"""lab.watch() and lab.reachability() on each engine, and what killed kernels leave."""

from __future__ import annotations

import subprocess
import sys

import docker
import pytest

from netcourse import DockerLab
from netcourse.difference import difference
from netcourse.real.docker.broom import OWNER, owner, was_left_behind
from netcourse.topology import Machine, Namespace, Topology
from tests.parity.transcripts import without_what_varies


def test_connecting_adds_an_interface_a_port_a_route_and_names(lab: DockerLab) -> None:
    lab.create_network("nc-front", subnet="10.66.0.0/24")
    lab.create_network("nc-back", subnet="10.67.0.0/24")
    lab.run("busybox", name="nc-api", network="nc-front")

    with lab.watch() as watched:
        lab.connect("nc-back", "nc-api", aliases=["database"])

    told = without_what_varies(str(watched.difference))
    assert "\n".join(line for line in told.splitlines() if "127.0.0.11" not in line) == "\n".join([
        "Docker",
        "  + endpoint nc-api on nc-back  10.67.0.2/24  names nc-api, database",
        "host",
        "  ~ interface br-<id>  10.67.0.1/24  no carrier  →  10.67.0.1/24",
        "  + interface veth<id>  port of br-<id>",
        "  + rule -t raw -A PREROUTING -d 10.67.0.2/32 ! -i br-<id> -j DROP",
        "nc-api",
        "  + interface eth1  10.67.0.2/24",
        "  + route default via 10.67.0.1 dev eth1",
        "  + route 10.67.0.0/24 dev eth1 src 10.67.0.2",
        "  + /etc/hosts 10.67.0.2  <short>",
        "  - route default via 10.66.0.1 dev eth0",
    ])


def test_a_policy_is_watched_as_a_rule_is(lab: DockerLab) -> None:
    lab.docker.containers.run("nicolaka/netshoot", "sleep 1000", name="nc-web", network="none", privileged=True,
                              detach=True)

    with lab.watch() as watched:
        lab.exec("nc-web", "iptables -P INPUT DROP")

    assert str(watched.difference).splitlines() == ["nc-web", "  + rule -t filter -P INPUT DROP"]


def test_the_forwarding_of_packets_is_watched() -> None:
    before, after = (Topology((Machine("computer", (Namespace("host", forwarding=on),)),)) for on in (True, False))

    assert str(difference(before, after)).splitlines() == ["host", "  ~ forwarding of packets  on  →  off"]


def test_a_bridge_made_narrower_by_hand_does_not_make_new_wires_narrower(lab: DockerLab) -> None:
    lab.create_network("nc-front", subnet="10.66.0.0/24", options={"com.docker.network.bridge.name": "nc-front0"})
    lab.host("ip link set nc-front0 mtu 1300")

    lab.run("busybox", name="nc-web", network="nc-front")

    interface = lab.topology().machine.namespaces[-1].interface("eth0")
    assert interface is not None
    assert interface.mtu == 1500


def test_looking_changes_nothing(lab: DockerLab, capsys: pytest.CaptureFixture[str]) -> None:
    with lab.watch():
        lab.inspect_network("bridge")

    assert capsys.readouterr().out.endswith("Nothing changed.\n")


def test_the_table_says_what_decided(lab: DockerLab) -> None:
    lab.create_network("nc-front", subnet="10.66.0.0/24")
    lab.create_network("nc-back", subnet="10.67.0.0/24", internal=True)
    lab.run("busybox", name="nc-web", network="nc-front")
    lab.run("busybox", name="nc-db", network="nc-back")

    assert [tuple(without_what_varies(text) for text in row) for row in lab.reachability().rows()] == [
        ("nc-web → nc-db", "✗ the name doesn't resolve",
         "✗ 10.67.0.2 stopped by -t filter -A DOCKER-ISOLATION-STAGE-1 ! -s 10.67.0.0/24 -o br-<id> -j DROP"),
        ("nc-db → nc-web", "✗ the name doesn't resolve", "✗ 10.66.0.2 no route"),
        ("host → nc-web", "✗ the name doesn't resolve", "✓ 10.66.0.2"),
        ("host → nc-db", "✗ the name doesn't resolve", "✓ 10.67.0.2"),
    ]


def test_a_rule_of_ones_own_is_named(lab: DockerLab) -> None:
    lab.create_network("nc-front", subnet="10.66.0.0/24")
    lab.create_network("nc-back", subnet="10.67.0.0/24")
    lab.run("busybox", name="nc-web", network="nc-front")
    lab.run("busybox", name="nc-api", network="nc-front")
    lab.host("iptables -t raw -I PREROUTING -s 10.66.0.2 -p icmp -m icmp --icmp-type 0 -j DROP")
    try:
        answered = lab.reachability()
    finally:
        lab.host("iptables -t raw -D PREROUTING -s 10.66.0.2 -p icmp -m icmp --icmp-type 0 -j DROP")

    assert ("host → nc-web", "✗ the name doesn't resolve",
            "✗ 10.66.0.2 stopped by -t raw -A PREROUTING -s 10.66.0.2/32 -p icmp -m icmp --icmp-type 0 -j DROP"
            ) in answered.rows()


def test_a_bridge_that_is_down_and_a_container_without_address_are_named(lab: DockerLab) -> None:
    lab.create_network("nc-front", subnet="10.66.0.0/24", options={"com.docker.network.bridge.name": "nc-front0"})
    lab.run("busybox", name="nc-web", network="nc-front")
    lab.run("busybox", name="nc-lonely", network="none")
    lab.host("ip link set nc-front0 down")

    assert lab.reachability().rows() == [
        ("nc-web → nc-lonely", "✗ the name doesn't resolve", "– no address of its own"),
        ("nc-lonely → nc-web", "✗ the name doesn't resolve", "✗ 10.66.0.2 no route"),
        ("host → nc-web", "✗ the name doesn't resolve", "✗ 10.66.0.2 the bridge of nc-front is down"),
        ("host → nc-lonely", "✗ the name doesn't resolve", "– no address of its own"),
    ]


def test_a_link_that_is_down_is_named(lab: DockerLab) -> None:
    lab.create_network("nc-front", subnet="10.66.0.0/24")
    lab.docker.containers.run("busybox", "sh -c 'ip link set eth0 down; sleep 1000'", name="nc-web",
                              network="nc-front", privileged=True, detach=True)

    assert lab.reachability().rows() == [
        ("host → nc-web", "✗ the name doesn't resolve", "✗ 10.66.0.2 eth0 of nc-web is down")]


def test_who_is_paused_asks_nobody(lab: DockerLab) -> None:
    lab.create_network("nc-front", subnet="10.66.0.0/24")
    lab.run("busybox", name="nc-web", network="nc-front")
    lab.run("busybox", name="nc-api", network="nc-front")
    lab.docker.containers.get("nc-api").pause()

    assert [row[0] for row in lab.reachability().rows()] == ["nc-web → nc-api", "host → nc-web", "host → nc-api"]


def test_what_a_killed_kernel_left_is_removed_by_the_next_lab(real_address: str) -> None:
    script = ("import os; from netcourse import DockerLab; lab = DockerLab('real'); "
              "lab.create_network('nc-left'); lab.run('busybox', name='nc-orphan', network='nc-left'); os._exit(9)")
    subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    client = docker.DockerClient(base_url=real_address)
    left = [found.name for found in client.containers.list(filters={"name": "nc-orphan"})]

    with DockerLab("real"):
        after = [found.name for found in client.containers.list(all=True, filters={"name": "nc-orphan"})]
        networks = client.networks.list(names=["nc-left"])

    client.close()
    assert (left, after, networks) == (["nc-orphan"], [], [])


def test_what_an_open_lab_uses_is_left_alone(real_address: str) -> None:
    with DockerLab("real") as lab:
        lab.create_network("nc-front", subnet="10.66.0.0/24")
        with DockerLab("real"):
            pass
        assert lab.inspect_network("nc-front")["Name"] == "nc-front"


@pytest.mark.parametrize("label", ["", "another 4026531836 1 0.00", "nonsense"])
def test_what_another_computer_made_is_not_ours_to_remove(label: str) -> None:
    assert not was_left_behind({OWNER: label})
    assert not was_left_behind({OWNER: owner()})

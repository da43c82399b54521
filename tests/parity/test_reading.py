"""A Topology is the same whoever reads it: from memory, or through the API and a probe; simulated, or real."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import docker
from docker.errors import NotFound

from netcourse.real.docker.probe import PROBE_LABEL, Probe
from netcourse.real.docker.reading import read_topology as read_through_the_api
from netcourse.simulation.docker.server import SimulatedEngine
from netcourse.simulation.reading import read_topology as read_from_memory
from netcourse.topology import Namespace, Topology

LABEL = "nc-reading"
SUBNETS = {"nc-app": "10.77.0.0/24", "nc-back": "10.78.0.0/24"}
CHANCE = [(r"\b[0-9a-f]{64}\b", "<id>"), (r"\b[0-9a-f]{12}\b", "<short>"), (r"\bveth[0-9a-f]{7}\b", "veth<id>"),
          (r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", "<mac>"), (r"index=\d+", "index=<n>"),
          (r"127\.0\.0\.11:\d+", "127.0.0.11:<port>"), (r"--sport \d+", "--sport <port>"),
          (r"nameservers=\(.*?\)", "nameservers=<those of the machine>")]


def _remove_scene(client: docker.DockerClient) -> None:
    for name in ("nc-web", "nc-db"):
        try:
            client.containers.get(name).remove(force=True)
        except NotFound:
            continue
    for name in SUBNETS:
        try:
            client.networks.get(name).remove()
        except NotFound:
            continue


@contextmanager
def scene(address: str) -> Iterator[docker.DockerClient]:
    """A container on one network with a published port, and one on two networks; one of these is internal."""
    client = docker.DockerClient(base_url=address)
    _remove_scene(client)
    try:
        for name, subnet in SUBNETS.items():
            pool = docker.types.IPAMPool(subnet=subnet)
            client.networks.create(name, labels={LABEL: "1"}, internal=name == "nc-back",
                                   ipam=docker.types.IPAMConfig(pool_configs=[pool]),
                                   options={"com.docker.network.bridge.name": f"{name}0"})
        client.containers.run("busybox", "sleep 1000", name="nc-web", network="nc-app", ports={"80": 48099},
                              labels={LABEL: "1"}, detach=True)
        client.containers.run("busybox", "sleep 1000", name="nc-db", network="nc-app", labels={LABEL: "1"}, detach=True)
        client.networks.get("nc-back").connect("nc-db")
        yield client
    finally:
        _remove_scene(client)
        client.close()


@contextmanager
def probe(client: docker.DockerClient) -> Iterator[Probe]:
    probes = {"label": PROBE_LABEL}
    others = client.containers.list(filters=probes)
    try:
        yield Probe(client)
    finally:
        for container in client.containers.list(filters=probes):
            if container not in others:
                container.remove(force=True)


def without_chance(topology: Topology) -> str:
    """What belongs to the scene, as text in which nothing is left that differs from run to run."""
    machine = topology.machine
    host, *others = machine.namespaces
    kept = replace(machine, name="", namespaces=(_scene_of_host(host), *others),
                   networks=tuple(network for network in machine.networks if network.name in SUBNETS))
    text = repr(kept)
    for pattern, stand_in in CHANCE:
        text = re.sub(pattern, stand_in, text)
    return text.replace("), ", "),\n")


def _scene_of_host(host: Namespace) -> Namespace:
    bridges = {f"{name}0" for name in SUBNETS}
    return replace(
        host, names=(), interfaces=tuple(i for i in host.interfaces if {i.name, i.bridge} & bridges),
        routes=tuple(route for route in host.routes if route.interface in bridges),
        rules=tuple(rule for rule in host.rules if any(bridge in rule.text for bridge in bridges)))


def test_both_readers_see_the_same_in_a_simulated_engine(tmp_path: Path) -> None:
    with SimulatedEngine(tmp_path / "docker.sock") as engine, scene(engine.address) as client, probe(client) as looking:
        through_the_api = read_through_the_api(client, looking)

        from_memory = read_from_memory(engine.engine, hidden_label=PROBE_LABEL)

    assert through_the_api == from_memory


def test_a_simulated_engine_reads_like_a_real_one(tmp_path: Path, real_address: str) -> None:
    with SimulatedEngine(tmp_path / "docker.sock") as engine, scene(engine.address) as client, probe(client) as looking:
        simulated = read_through_the_api(client, looking, label=LABEL, lab="1")
    with scene(real_address) as client, probe(client) as looking:
        real = read_through_the_api(client, looking, label=LABEL, lab="1")

    assert without_chance(simulated) == without_chance(real)

"""What to do when the engine says no: its own words, who has what was asked for, and the way on.

It asks the engine that refused, and changes nothing there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import docker


def advice(client: docker.DockerClient, refusal: str, asked: list[str]) -> str:
    """``refusal`` is the engine's text, ``asked`` the words of the docker command that it refused."""
    told = refusal.strip().rstrip(".")
    for pattern, explain in _ADVICE:
        if found := re.search(pattern, refusal):
            return f"{told}. {explain(client, found, asked)}"
    return told


def _subnet_taken(client: docker.DockerClient, found: re.Match[str], asked: list[str]) -> str:
    wanted = _network_of(asked[asked.index("--subnet") + 1]) if "--subnet" in asked else None
    holders = [f"{network['Name']} ({pool['Subnet']})" for network in client.api.networks()
               for pool in network["IPAM"]["Config"] or [] if _overlap(wanted, _network_of(pool.get("Subnet", "")))]
    whose = f"The network {' and '.join(holders)} has these addresses" if holders else "Another network has them"
    return f"{whose}: choose another subnet."


def _network_of(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        return None


def _overlap(one: IPv4Network | None, other: IPv4Network | None) -> bool:
    return one is not None and other is not None and one.overlaps(other)


def _container_name_taken(client: docker.DockerClient, found: re.Match[str], asked: list[str]) -> str:
    container: dict[str, Any] = client.api.inspect_container(found["id"])
    return (f"That one runs {container['Config']['Image']} and is {container['State']['Status']}: choose another name, "
            "or remove it yourself.")


def _network_name_taken(client: docker.DockerClient, found: re.Match[str], asked: list[str]) -> str:
    return f"Choose another name, or use the one that is there: lab.inspect_network({found['name']!r}) shows it."


def _port_taken(client: docker.DockerClient, found: re.Match[str], asked: list[str]) -> str:
    holders = [name[1:] for container in client.api.containers() for name in container["Names"]
               if any(str(port.get("PublicPort")) == found["port"] for port in container["Ports"])]
    whose = f"The container {holders[0]} has it" if holders else "A program on the Docker host has it"
    return f"{whose}: choose another port of the host."


_ADVICE: tuple[tuple[str, Callable[[docker.DockerClient, re.Match[str], list[str]], str]], ...] = (
    (r"Pool overlaps", _subnet_taken),
    (r'is already in use by container "(?P<id>[0-9a-f]+)"', _container_name_taken),
    (r"network with name (?P<name>\S+) already exists", _network_name_taken),
    (r":(?P<port>\d+) failed: port is already allocated", _port_taken),
    (r"0\.0\.0\.0:(?P<port>\d+).*address already in use", _port_taken),
    (r"all predefined address pools have been fully subnetted",
     lambda client, found, asked: "Remove networks that nobody uses (docker network prune), or choose a subnet."),
    (r"No such container|network \S+ not found",
     lambda client, found, asked: "Look at the name: lab.draw() shows what is there."),
    (r"is not running", lambda client, found, asked: f"Start it: lab.start({asked[1]!r})." if len(asked) > 1 else ""),
)

"""What to do when the engine says no: its own words, who has what was asked for, and the way on.

It asks the engine that refused, and changes nothing there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from netcourse.real.docker.broom import LAB, OWNER, owner

if TYPE_CHECKING:
    import docker


@dataclass(frozen=True)
class Refusal:
    """What the engine said to a docker command; ``asked`` are the command's words, ``lab`` is the asking lab's id."""

    client: docker.DockerClient
    lab: str
    asked: tuple[str, ...]
    said: str

    def option(self, flag: str) -> str | None:
        """What was asked for by ``flag``."""
        return self.asked[self.asked.index(flag) + 1] if flag in self.asked else None


Found = re.Match[str]
Explain = Callable[[Refusal, Found], str]
"""What to do about a refusal, in which ``Found`` was found."""


def advice(refusal: Refusal) -> str:
    """The engine's own words, and what to do where that is known."""
    told = refusal.said.strip().rstrip(".")
    for pattern, explain in _ADVICE:
        if found := re.search(pattern, refusal.said):
            return f"{told}. {explain(refusal, found)}"
    return told


# Something that is taken

def _subnet_taken(refusal: Refusal, found: Found) -> str:
    wanted = _network_of(refusal.option("--subnet") or "")
    networks: list[dict[str, Any]] = refusal.client.api.networks()
    holders = [(network, pool) for network in networks for pool in network["IPAM"]["Config"] or []
               if _overlap(wanted, _network_of(pool.get("Subnet", "")))]
    if not holders:
        return "Another network has them: choose another subnet."
    whose = " and ".join(f"{network['Name']} ({pool['Subnet']})" for network, pool in holders)
    if (holders[0][0]["Labels"] or {}).get(LAB) == refusal.lab:
        return f"The network {whose} has these addresses: choose another subnet."
    return f"The network {whose} has these addresses. {_way_on(refusal, holders[0][0]['Labels'], 'subnet')}"


def _network_of(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        return None


def _overlap(one: IPv4Network | None, other: IPv4Network | None) -> bool:
    return one is not None and other is not None and one.overlaps(other)


def _container_name_taken(refusal: Refusal, found: Found) -> str:
    container: dict[str, Any] = refusal.client.api.inspect_container(found["id"])
    return (f"That one runs {container['Config']['Image']} and is {container['State']['Status']}. "
            f"{_way_on(refusal, container['Config']['Labels'], 'name')}")


def _network_name_taken(refusal: Refusal, found: Found) -> str:
    network: dict[str, Any] = refusal.client.api.inspect_network(found["name"])
    return _way_on(refusal, network["Labels"], "name")


def _way_on(refusal: Refusal, labels: Mapping[str, str] | None, what: str) -> str:
    """What to do, by whose it is: this lab's, an earlier one's of this notebook, another lab's, the learner's own."""
    lab, process = (labels or {}).get(LAB), (labels or {}).get(OWNER)
    if lab == refusal.lab:
        return f"This lab has made it already: go on with it, or choose another {what}."
    if process == owner():
        return "An earlier lab of this notebook has made it: restart the kernel, and run the cells from the top."
    if lab is not None:
        return f"The lab of another notebook has made it: close that one, or choose another {what}."
    return f"It isn't of the course, so it is left alone: choose another {what}, or remove it yourself."


def _port_taken(refusal: Refusal, found: Found) -> str:
    holders = [name[1:] for container in refusal.client.api.containers() for name in container["Names"]
               if any(str(port.get("PublicPort")) == found["port"] for port in container["Ports"])]
    whose = f"The container {holders[0]} has it" if holders else "A program on the Docker host has it"
    return f"{whose}: choose another port of the host."


def _address_taken(refusal: Refusal, found: Found) -> str:
    wanted = refusal.option("--ip")
    holders = [name[1:] for container in refusal.client.api.containers() for name in container["Names"]
               for settings in container["NetworkSettings"]["Networks"].values()
               if wanted and settings["IPAddress"] == wanted]
    whose = f"The container {holders[0]} has it" if holders else "The gateway has it, or another container"
    return f"{whose}: choose another address."


def _still_in_use(refusal: Refusal, found: Found) -> str:
    names = re.findall(r'name:"([^"]+)"', found[0])
    return f"Remove {' and '.join(names)} first, or take {'it' if len(names) == 1 else 'them'} off the network."


# Something that isn't there, or isn't so

def _not_there(refusal: Refusal, found: Found) -> str:
    if found[0].endswith(" host"):
        return "The host isn't a container: lab.host('ip address') runs a command there."
    return "Look at the name: lab.draw() shows what is there."


def _not_running(refusal: Refusal, found: Found) -> str:
    return f"Start it: lab.start({refusal.asked[1]!r})." if len(refusal.asked) > 1 else "Start it first."


def _always(what: str) -> Explain:
    return lambda refusal, found: what


_ADVICE: tuple[tuple[str, Explain], ...] = (
    (r"Pool overlaps", _subnet_taken),
    (r'is already in use by container "(?P<id>[0-9a-f]+)"', _container_name_taken),
    (r"network with name (?P<name>\S+) already exists", _network_name_taken),
    (r":(?P<port>\d+) failed: port is already allocated", _port_taken),
    (r"0\.0\.0\.0:(?P<port>\d+).*address already in use", _port_taken),
    (r"Address already in use", _address_taken),
    (r"has active endpoints .*", _still_in_use),
    (r"No such container: \S+|network \S+ not found", _not_there),
    (r"is not running", _not_running),
    (r"all predefined address pools have been fully subnetted",
     _always("Remove networks that nobody uses (docker network prune), or choose a subnet.")),
    (r"invalid CIDR block notation", _always("A subnet or a range is written as 10.60.0.0/24.")),
    (r"parent subnet \S+ doesn't contain this address|no configured subnet or ip-range contain the IP address",
     _always("Choose an address within the network's subnet.")),
    (r"Invalid container name", _always("Choose a name of at least two of these characters.")),
    (r"(network-scoped alias|user specified IP address) is supported",
     _always("Make a network of your own for that, with a subnet, and give its name as network.")),
    (r"endpoint with name \S+ already exists in network", _always("There is nothing left to do.")),
    (r"is not connected to (the )?network", _always("lab.draw() shows what it is connected to.")),
    (r"pre-defined network|predefined \S+ network", _always("Docker needs that one itself: choose another name.")),
    (r'plugin "\S+" not found', _always("Look at the driver's name: bridge is the usual one.")),
    (r"executable file not found", _always("Look at the command: the image has no program of that name.")),
)

"""The exercises of lesson 07. Each looks at the state and accepts any way of getting there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from netcourse.topology import Machine

if TYPE_CHECKING:
    from netcourse.labs import DockerLab

Judge = Callable[["DockerLab"], list[str]]


def _running(machine: Machine, *names: str) -> list[str]:
    there = {container.name for container in machine.containers if container.namespace is not None}
    return [f"no container called {name} is running" for name in names if name not in there]


def _networks_of(machine: Machine, container: str) -> set[str]:
    return {endpoint.network for endpoint in machine.endpoints_of(container)}


def two_islands(lab: DockerLab) -> list[str]:
    """red and blue on networks of their own, so that neither reaches the other."""
    machine = lab.topology().machine
    missing = _running(machine, "red", "blue")
    if missing:
        return missing
    if _networks_of(machine, "red") & _networks_of(machine, "blue"):
        return ["red and blue still share a network"]
    address = next((e.address for e in machine.endpoints_of("blue") if e.address), None)
    return ["red still reaches blue"] if address and lab.answers("red", address.partition("/")[0]) else []


def fixed_address(lab: DockerLab) -> list[str]:
    """printer at 10.50.0.9 on a network whose other addresses are handed out."""
    machine = lab.topology().machine
    missing = _running(machine, "printer")
    if missing:
        return missing
    addresses = [endpoint.address for endpoint in machine.endpoints_of("printer")]
    return [] if "10.50.0.9/24" in addresses else ["printer has another address than 10.50.0.9 in 10.50.0.0/24"]


def three_tiers(lab: DockerLab) -> list[str]:
    """web reaches api, api reaches db, web doesn't reach db, and db has no way out."""
    machine = lab.topology().machine
    missing = _running(machine, "web", "api", "db")
    if missing:
        return missing
    missing = [f"{one} doesn't reach {other} by name" for one, other in (("web", "api"), ("api", "db"))
               if not lab.answers(one, other)]
    shared = _networks_of(machine, "web") & _networks_of(machine, "db")
    missing += ["web and db share a network"] if shared else []
    home = machine.namespace("db")
    if home is not None and any(route.destination == "default" for route in home.routes):
        missing.append("db still has a way out")
    return missing


EXERCISES: dict[str, Judge] = {"two islands": two_islands, "a fixed address": fixed_address, "three tiers": three_tiers}

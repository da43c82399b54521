"""The exercises of lesson 07. Each looks at the state and accepts any way of getting there."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

from netcourse.topology import Machine

Answers = Callable[[str, str], bool]
"""Whether the second, a name or an address, answers a ping from the first, a container."""
Judge = Callable[[Machine, Answers], list[str]]
"""What is missing; nothing, when the exercise is done."""

DEFAULT_BRIDGE = "bridge"


def two_islands(machine: Machine, answers: Answers) -> list[str]:
    """red and blue both run, and neither reaches the other by any of its addresses."""
    missing = _not_running(machine, "red", "blue")
    if missing:
        return missing
    if _home(machine, "red") == _home(machine, "blue"):
        return ["red and blue live in the same network namespace, so they reach each other as localhost"]
    return [f"{one} still reaches {other} at {address}{_where_they_meet(machine, one, other)}"
            for one, other in permutations(("red", "blue")) for address in _addresses(machine, other)
            if answers(one, address)]


def fixed_address(machine: Machine, answers: Answers) -> list[str]:
    """printer has 10.50.0.9 on a network 10.50.0.0/24."""
    missing = _not_running(machine, "printer")
    if missing:
        return missing
    found = [endpoint.address for endpoint in machine.endpoints_of("printer") if endpoint.address]
    if "10.50.0.9/24" in found:
        return []
    if any(address.startswith("10.50.0.9/") for address in found):
        return ["printer has the right address, but its network is of another size than 10.50.0.0/24"]
    return [f"printer has {' and '.join(found) or 'no address'}, and not yet 10.50.0.9/24"]


def one_name_for_two(machine: Machine, answers: Answers) -> list[str]:
    """clerk is on a network where two running containers answer to the name desk."""
    missing = _not_running(machine, "clerk")
    if missing:
        return missing
    behind = {network: [e.container for e in machine.members_of(network) if "desk" in e.dns_names and e.address]
              for network in _networks_of(machine, "clerk")}
    found = max(behind.values(), key=len, default=[])
    if len(found) > 1:
        return []
    if found:
        return [f"only {found[0]} answers to the name desk on clerk's network: a second one is missing"]
    return ["on clerk's network nobody answers to the name desk"]


def silent_library(machine: Machine, answers: Answers) -> list[str]:
    """reader reaches library by name."""
    return _not_running(machine, "library", "reader") or _unreached(machine, answers, "reader", "library")


def three_tiers(machine: Machine, answers: Answers) -> list[str]:
    """web reaches api, api reaches db, web doesn't reach db, and db has no way out."""
    missing = _not_running(machine, "web", "api", "db")
    if missing:
        return missing
    missing = [*_unreached(machine, answers, "web", "api"), *_unreached(machine, answers, "api", "db")]
    missing += [f"web reaches db at {address}{_where_they_meet(machine, 'web', 'db')}"
                for address in _addresses(machine, "db") if answers("web", address)]
    home = machine.namespace(_home(machine, "db"))
    if home is not None and any(route.destination == "default" for route in home.routes):
        missing.append("db still has a way out: a default route")
    return missing


EXERCISES: dict[str, Judge] = {
    "two islands": two_islands, "a fixed address": fixed_address, "one name for two": one_name_for_two,
    "the silent library": silent_library, "three tiers": three_tiers,
}


# What the exercises ask of a machine

def _not_running(machine: Machine, *names: str) -> list[str]:
    missing = []
    for name in names:
        container = machine.container(name)
        if container is None:
            missing.append(f"there is no container called {name}")
        elif container.namespace is None:
            missing.append(f"{name} is there, but it isn't running: it is {container.state}")
    return missing


def _home(machine: Machine, container: str) -> str:
    found = machine.container(container)
    return (found.namespace or "") if found is not None else ""


def _networks_of(machine: Machine, container: str) -> list[str]:
    return [endpoint.network for endpoint in machine.endpoints_of(container)]


def _shared(machine: Machine, one: str, other: str) -> list[str]:
    return [network for network in _networks_of(machine, one) if network in _networks_of(machine, other)]


def _addresses(machine: Machine, container: str) -> list[str]:
    """Without prefixes. A container in the host's namespace has the host's."""
    if _home(machine, container) == "host":
        host = machine.namespace("host")
        interfaces = host.interfaces if host is not None else ()
        return [a.partition("/")[0] for i in interfaces if i.kind == "bridge" and i.up for a in i.addresses][:1]
    return [e.address.partition("/")[0] for e in machine.endpoints_of(container) if e.address]


def _where_they_meet(machine: Machine, one: str, other: str) -> str:
    shared = _shared(machine, one, other)
    return f": both are on the network {' and '.join(shared)}" if shared else ""


def _unreached(machine: Machine, answers: Answers, one: str, other: str) -> list[str]:
    """Why ``one`` doesn't reach ``other`` by name, without saying what to do; empty when it does."""
    if answers(one, other):
        return []
    shared = _shared(machine, one, other)
    if not shared:
        return [f"{one} doesn't reach {other} by name: they have no network in common"]
    if shared == [DEFAULT_BRIDGE]:
        return [f"{one} doesn't reach {other} by name: they have only the default bridge in common"]
    return [f"{one} doesn't reach {other} by name, although both are on {' and '.join(shared)}"]

"""What changed between two readings of the same machines: interfaces, bridge ports, routes, names, rules.

It compares two topologies and knows nothing of where they were read.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from netcourse.topology import Interface, Machine, Namespace, Topology

Key = tuple[str, str]


@dataclass(frozen=True)
class Change:
    """One thing that is there only before (``after`` is None), only after (``before`` is None), or is different.

    ``place`` is "Docker", "host" or a container; ``subject`` names the thing: "interface eth0", "rule -t nat -A ...".
    """

    place: str
    subject: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"+ {self.subject}  {self.after}".rstrip()
        if self.after is None:
            return f"- {self.subject}  {self.before}".rstrip()
        return f"~ {self.subject}  {self.before}  →  {self.after}"


@dataclass(frozen=True)
class Difference:
    """The changes, in the order of the machine: Docker's own view, the host, the containers."""

    changes: tuple[Change, ...]

    def __str__(self) -> str:
        if not self.changes:
            return "Nothing changed."
        places = dict.fromkeys(change.place for change in self.changes)
        return "\n".join(line for place in places for line in
                         [place, *(f"  {change}" for change in self.changes if change.place == place)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def difference(before: Topology, after: Topology) -> Difference:
    """What has to be added, removed and changed to get from ``before`` to ``after``."""
    old, new = dict(_facts(before)), dict(_facts(after))
    keys = [*new, *(key for key in old if key not in new)]
    places = list(dict.fromkeys(place for place, _ in keys))
    keys.sort(key=lambda key: places.index(key[0]))
    return Difference(tuple(Change(*key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)))


def _facts(topology: Topology) -> Iterator[tuple[Key, str]]:
    for machine in topology.machines:
        yield from (((_placed(topology, machine, place), subject), value)
                    for (place, subject), value in _of_machine(machine))


def _placed(topology: Topology, machine: Machine, place: str) -> str:
    return place if len(topology.machines) == 1 else f"{machine.name}: {place}"


def _of_machine(machine: Machine) -> Iterator[tuple[Key, str]]:
    for network in machine.networks:
        facts = (network.driver, network.subnet, "internal" if network.internal else None)
        yield ("Docker", f"network {network.name}"), "  ".join(fact for fact in facts if fact)
    for container in machine.containers:
        yield ("Docker", f"container {container.name}"), container.state
    for endpoint in machine.endpoints:
        names = ", ".join(name for name in endpoint.dns_names if not _is_short_id(machine, endpoint.container, name))
        yield (("Docker", f"endpoint {endpoint.container} on {endpoint.network}"),
               "  ".join(part for part in (endpoint.address, f"names {names}" if names else "") if part))
    for namespace in machine.namespaces:
        yield from (((namespace.name, subject), value) for subject, value in _of_namespace(namespace))


def _is_short_id(machine: Machine, container: str, name: str) -> bool:
    """Whether ``name`` is only the short id of ``container``."""
    found = machine.container(container)
    return found is not None and found.id.startswith(name)


def _of_namespace(namespace: Namespace) -> Iterator[tuple[str, str]]:
    if namespace.name == "host":
        yield "forwarding of packets", "on" if namespace.forwarding else "off"
    for interface in namespace.interfaces:
        yield f"interface {interface.name}", _in_words(interface)
    for route in namespace.routes:
        yield f"route {route}", ""
    for address, names in namespace.names:
        yield f"/etc/hosts {address}", names
    for nameserver in namespace.nameservers:
        yield f"nameserver {nameserver}", ""
    times = Counter(str(rule) for rule in namespace.rules)
    yield from ((f"rule {rule}", f"({count} times)" if count > 1 else "") for rule, count in times.items())


def _in_words(interface: Interface) -> str:
    parts = [*interface.addresses, f"port of {interface.bridge}" if interface.bridge else "",
             f"mtu {interface.mtu}" if interface.mtu not in (1500, 65536) else "",
             "" if interface.up else "down", "" if interface.carrier or not interface.up else "no carrier"]
    return "  ".join(part for part in parts if part)

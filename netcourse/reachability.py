"""Who reaches whom, tried one by one, and what decided it: the rule, the missing route, the name that doesn't resolve.

It is told how to ping and how to read the rules' counters, and knows nothing of engines.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from netcourse.topology import Machine

HOST = "host"
NO_ADDRESS = "– no address of its own"
UNEXPLAINED = "no answer, though no rule of the host dropped it"
Ping = Callable[[str, str], tuple[int, str]]
"""From whom, to what (a name or an address): the exit code and all that ping printed."""
ReadCounters = Callable[[], str]
"""What ``iptables-save -c`` prints on the Docker host."""


@dataclass(frozen=True)
class Cell:
    """One attempt. ``by`` is "name" or the address that was tried; ``reason`` is empty where it was reached."""

    source: str
    target: str
    by: str
    reached: bool
    reason: str = ""

    def __str__(self) -> str:
        shown = "" if self.by == "name" else f" {self.by}"
        return f"✓{shown}" if self.reached else f"✗{shown} {self.reason}"


@dataclass(frozen=True)
class Reachability:
    """A row for each pair, with a cell for the name and one for each address."""

    cells: tuple[Cell, ...]

    def rows(self) -> list[tuple[str, str, str]]:
        """(who → whom, by name, by address) as texts."""
        return [(f"{source} → {target}", "; ".join(self._told(source, target, named=True)),
                 "; ".join(self._told(source, target, named=False))) for source, target in self._pairs()]

    def _pairs(self) -> list[tuple[str, str]]:
        return list(dict.fromkeys((cell.source, cell.target) for cell in self.cells))

    def _told(self, source: str, target: str, *, named: bool) -> list[str]:
        """A container in the host's or another's namespace, or in none, has no address to try."""
        return [str(cell) for cell in self.cells if (cell.source, cell.target) == (source, target)
                and (cell.by == "name") == named] or [NO_ADDRESS]

    def __str__(self) -> str:
        if not self.cells:
            return "There are no running containers to reach."
        table = [("", "by name", "by address"), *self.rows()]
        first, second = (max(len(row[column]) for row in table) + 2 for column in (0, 1))
        return "\n".join(f"{who:<{first}}{name:<{second}}{address}".rstrip() for who, name, address in table)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if not self.cells:
            return f"<p>{self}</p>"
        rows = "".join(f"<tr>{_in_html([f'{source} → {target}'])}{_in_html(self._told(source, target, named=True))}"
                       f"{_in_html(self._told(source, target, named=False))}</tr>" for source, target in self._pairs())
        head = "".join(f"<th style='text-align:left'>{title}</th>" for title in ("", "by name", "by address"))
        return f"<table><tr>{head}</tr>{rows}</table>"


def _in_html(lines: list[str]) -> str:
    return f"<td style='text-align:left'>{'<br>'.join(html.escape(line) for line in lines)}</td>"


def measure(machine: Machine, ping: Ping, counters: ReadCounters) -> Reachability:
    """Ping every running container from every other and from the host; takes a second for each lost ping."""
    running = [container.name for container in machine.containers if container.namespace is not None]
    able = [container.name for container in machine.containers if container.state == "running"]
    cells = []
    for source in [*able, HOST]:
        for target in (name for name in running if name != source):
            addresses = [e.address.partition("/")[0] for e in machine.endpoints_of(target) if e.address]
            for by in ["name", *addresses]:
                reason = _try(source, target if by == "name" else by, ping, counters)
                if reason == UNEXPLAINED:
                    reason = _broken_links(machine, source, target) or reason
                cells.append(Cell(source, target, by, not reason, reason))
    return Reachability(tuple(cells))


def _try(source: str, target: str, ping: Ping, counters: ReadCounters) -> str:
    """Why ``target`` doesn't answer; empty when it does."""
    before = _counted(counters())
    code, output = ping(source, target)
    if code == 0:
        return ""
    told = next((reason for pattern, reason in _TOLD_BY_PING if re.search(pattern, output, re.IGNORECASE)), "")
    if told or code in _NO_PROGRAM:
        return told or "has no ping to try it with"
    blame = [rule for rule, packets in _counted(counters()).items() if packets > before.get(rule, 0)]
    return f"stopped by {' and '.join(blame)}" if blame else UNEXPLAINED


def _broken_links(machine: Machine, *containers: str) -> str:
    """Interfaces of the containers that nothing gets through, and bridges of theirs that are down."""
    host = machine.namespace(HOST)
    endpoints = [endpoint for container in containers for endpoint in machine.endpoints_of(container)]
    faults = [f"{e.interface} of {e.container} is {_WORDS[fault]}" for e in endpoints
              if (fault := machine.link_fault(e))]
    networks = [machine.network(name) for name in dict.fromkeys(endpoint.network for endpoint in endpoints)]
    bridges = [(network.name, host.interface(network.bridge or "")) for network in networks
               if network is not None and host is not None]
    faults += [f"the bridge of {name} is down" for name, bridge in bridges if bridge is not None and not bridge.up]
    return "; ".join(faults)


_WORDS = {"down": "down", "no carrier": "without carrier", "unplugged": "unplugged from its bridge"}
_NO_PROGRAM = (126, 127)
_TOLD_BY_PING = (
    (r"bad address|not known|not resolve|name resolution", "the name doesn't resolve"),
    (r"network (is )?unreachable", "no route"),
    (r"destination host unreachable|no route to host", "nobody has that address"),
)
_COUNTED = re.compile(r"\[(\d+):\d+\] (-A .* -j (?:DROP|REJECT).*)")
_POLICY = re.compile(r":(\S+) DROP \[(\d+):\d+\]")


def _counted(saved: str) -> Counter[str]:
    """How many packets each rule and policy that refuses has met."""
    table, packets = "", Counter[str]()
    for line in saved.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif rule := _COUNTED.match(line):
            packets[f"-t {table} {rule[2]}"] += int(rule[1])
        elif policy := _POLICY.match(line):
            packets[f"-t {table} -P {policy[1]} DROP"] += int(policy[2])
    return packets

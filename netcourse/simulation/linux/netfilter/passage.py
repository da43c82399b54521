"""A packet at a hook, with all that a rule may ask about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netcourse.packets import Ethernet, IPv4
from netcourse.simulation.linux.netfilter.connection import Connection

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace


@dataclass(frozen=True, slots=True)
class Link:
    """The frame that a packet came in, and the ports of a bridge that it came in and goes out by."""

    frame: Ethernet
    port_in: str | None = None
    port_out: str | None = None


def fits(pattern: str, name: str | None) -> bool:
    """Whether an interface has that name; one that ends in "+" stands for all that begin so."""
    return name is not None and (name.startswith(pattern[:-1]) if pattern.endswith("+") else name == pattern)


@dataclass(slots=True)
class Passage:
    """Where a packet came in and goes out, by the interfaces' names. Targets that change ``packet`` replace it."""

    packet: IPv4
    hook: str
    incoming: str | None
    outgoing: str | None
    connection: Connection | None
    namespace: Namespace
    link: Link | None = None

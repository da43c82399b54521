"""A packet at a hook, with all that a rule may ask about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netcourse.packets import IPv4
from netcourse.simulation.linux.netfilter.conntrack import Connection

if TYPE_CHECKING:
    from netcourse.simulation.linux.namespace import Namespace


@dataclass(slots=True)
class Passage:
    """Where a packet came in and goes out, by the interfaces' names. Targets that change ``packet`` replace it."""

    packet: IPv4
    hook: str
    incoming: str | None
    outgoing: str | None
    connection: Connection | None
    namespace: Namespace

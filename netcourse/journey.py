"""What happened to a packet on its way: one hop for each device, rule and route that touched it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from netcourse.packets import Ethernet, IPv4

KEPT_HOPS = 10_000


@dataclass(frozen=True, slots=True)
class Hop:
    """One thing that happened to one packet.

    ``time`` is in nanoseconds. ``place`` is an interface, a chain ("nat POSTROUTING"), "routing" or "socket";
    ``action`` is a word such as sent, received, flooded, forwarded, translated, delivered or dropped; ``detail`` is the
    rule or route that decided, or the reason.
    """

    time: int
    namespace: str
    place: str
    action: str
    packet: Ethernet | IPv4
    detail: str = ""


class Recorder:
    """The latest hops of a simulation, oldest first; old ones fall out at KEPT_HOPS."""

    def __init__(self) -> None:
        self._hops: deque[Hop] = deque(maxlen=KEPT_HOPS)
        self._count = 0

    def record(self, hop: Hop) -> None:
        self._hops.append(hop)
        self._count += 1

    def mark(self) -> int:
        """A place in time, for ``since``."""
        return self._count

    def since(self, mark: int) -> Iterator[Hop]:
        """The hops recorded after ``mark``, as far as they are still kept."""
        new = min(self._count - mark, len(self._hops))
        return iter(list(self._hops)[len(self._hops) - new:])

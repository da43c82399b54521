"""The smallest MTU on the way to a destination, as far as routers have told it (RFC 1191)."""

from __future__ import annotations

from ipaddress import IPv4Address

from netcourse.simulation.linux.clock import SECOND, Clock

KEPT_FOR = 600 * SECOND
LEAST = 552


class PathMTUs:
    """What a router says of one destination is believed for ten minutes (net.ipv4.route.mtu_expires)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[IPv4Address, tuple[int, int]] = {}

    def learn(self, destination: IPv4Address, mtu: int) -> None:
        """Believed where it makes packets smaller, and never below LEAST bytes."""
        known = self.known(destination)
        if known is None or mtu < known[0]:
            self._known[destination] = (max(mtu, LEAST), self._clock.now + KEPT_FOR)

    def known(self, destination: IPv4Address) -> tuple[int, int] | None:
        """The MTU, and for how many seconds it is still believed."""
        mtu, until = self._known.get(destination, (0, 0))
        return (mtu, (until - self._clock.now) // SECOND) if until > self._clock.now else None

    def forget(self) -> None:
        """``ip route flush cache``."""
        self._known.clear()
